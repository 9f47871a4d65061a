//! The fields of a scenario file, section by section.
//!
//! Each section is a pair of structs made from one declaration: the section itself, concrete, with every value
//! checked (`Accelerator`), and its file form, where everything is optional and nothing is checked yet
//! (`AcceleratorFile`). Files are laid over each other in their file form; [`Scenario`] is what comes out.

mod accelerator;
mod background;
mod block_sizes;
mod checks;
mod compare;
mod contention;
pub mod costs;
mod curves;
pub mod limits;
mod loop_order;
mod mapping;
mod number;
mod optimizer;
mod reference;
mod role_sizes;
pub(crate) mod rule;
mod scenario;
mod scheduling;
pub(crate) mod section;
mod sparsity;
pub mod transformer;
mod workload;

pub use components::control_block::SchedulingPolicy;
pub use components::loop_orders::{Goal, LoopOrderRule};
pub use components::tile::LoopOrder;

pub use accelerator::{
    Accelerator, AcceleratorFile, BufferBandwidth, BufferBandwidthFile, BufferPorts, BufferPortsFile,
    Buffers, BuffersFile, Dma, DmaFile, OperandBroadcast, OperandBroadcastFile, Stages, StagesFile, Tile,
    TileFile, Word, WordFile,
};
pub use background::{
    AddressesFile, Arrivals, ArrivalsFile, Background, BackgroundFile, Traffic, TrafficFile,
};
pub(crate) use block_sizes::SIZES;
pub use block_sizes::{BlockSizes, BlockSizesFile};
pub(crate) use checks::{Checks, Finding};
pub use compare::{Candidate, CandidateFile, Changes, ChangesFile, Compare, CompareFile};
pub use contention::{Arbitration, Contention, ContentionFile, Tenant, TenantFile};
pub use costs::CostTable;
pub use curves::{CurveFile, CurvesFile, MAX_CURVE_POINTS};
pub use mapping::{BlockOrder, Mapping, MappingFile, OrderFile};
pub use number::Number;
pub use optimizer::{Optimizer, OptimizerFile};
pub use reference::Reference;
pub use role_sizes::{BlocksByRole, RoleSizes};
pub use scenario::{Scenario, ScenarioFile};
pub use scheduling::{Scheduling, SchedulingFile};
pub use section::{OrNone, Overlay, Stated};
pub use sparsity::{
    DensitySource, DensitySourceFile, Distribution, DistributionFile, Sparsity, SparsityFile,
};
pub use workload::{ActivationFunction, Embedding, Phase, Weights, Workload, WorkloadFile};
