//! How operations are cut: into tiles, and tiles into runs, the unit in which the control block hands out work.
//!
//! Nothing here knows an actor: the control block walks the same runs that others count.

pub(crate) mod cursor;
mod lane_group;
mod lane_supply;
mod run;
mod run_classes;
mod run_description;
mod tile_walk;
mod tiling;

pub use crate::work::{Indexing, RunKind};
pub(crate) use lane_group::RunGroup;
pub use lane_group::{Grouping, LaneGroup};
pub use lane_supply::LaneSupply;
pub use run::{OperandSources, Run};
pub use run_classes::{RunClass, RunClasses};
pub use tile_walk::{TileWalk, tile_multiplications};
pub use tiling::{Densities, Tiling};
