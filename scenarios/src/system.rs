//! From a scenario to a machine, and from a machine that has run to what was measured.
//!
//! A [`Plan`] is a scenario whose every part has been resolved and checked; [`Plan::build`] makes the actors;
//! [`System::run`] runs them to the end; [`Measurements`] is what they report afterwards.

mod area;
mod background_plan;
mod build;
mod clocks;
mod directory;
mod energy;
mod energy_prices;
mod fit;
mod invariants;
mod layout;
mod machine_build;
mod machine_costs;
mod machine_measure;
mod machine_parts;
mod machine_plan;
mod main_memory;
mod measure;
mod modules;
mod operation_names;
mod peak_power;
mod plan;
mod requestors;
mod stated_sizes;
mod tracks;
mod verdict;
mod watchdog;

pub use area::{area, area_of};
pub use background_plan::BackgroundPlan;
pub use build::{Progress, System};
pub use directory::TrackKind;
pub use energy::{Energy, Spent, energy};
pub use energy_prices::{MemoryPrices, energy_prices};
pub use invariants::violations;
pub use layout::MemoryRegion;
pub use machine_measure::{BufferUse, LaneTotals, MachineMeasurements};
pub use machine_plan::MachinePlan;
pub use main_memory::MainMemory;
pub use measure::Measurements;
pub use modules::MachineSizes;
pub use operation_names::{OperationName, OperationNames};
pub use peak_power::{leakage_power, peak_power};
pub use plan::Plan;
use plan::Problem;
pub use tracks::Track;
pub use verdict::{DensityWarning, Pruned, ValueCheck, Wrong};

use sim_core::SimError;
use thiserror::Error;

/// Why a run did not finish.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The engine stopped.
    #[error(transparent)]
    Simulation(#[from] SimError),
    /// The caller that watched the run broke it off.
    #[error("the run was interrupted")]
    Interrupted,
    /// A trace of background traffic cannot be read any more.
    #[error("{0}")]
    Background(String),
    /// A requestor of main memory, or a machine, made no progress.
    #[error("{0}")]
    NoProgress(String),
    /// No message was left, but the transformer was not finished.
    #[error("the machine came to a standstill: {0}")]
    Standstill(String),
}
