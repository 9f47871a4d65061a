//! Area, cycles and energy of a transformer on an accelerator, without simulating every tile.
//!
//! [`published`] is the closed form of the published figures; [`coarse`] a second, coarser simulation of the event-driven model: the same
//! program and the same costs, but rows of tiles in place of tiles and a pace in place of memory requests.

pub mod coarse;
mod error;
mod figures;
pub mod published;

pub use error::EstimateError;
pub use figures::{Energy, Estimate, Power};
pub use published::{Convention, Organisation, PublishedAccelerator, Workload, estimate};
