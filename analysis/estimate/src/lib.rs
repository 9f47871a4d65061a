//! Area, cycles and energy of a transformer on an accelerator, without simulating every tile.
//!
//! [`published`] is the closed form of the published figures. [`coarse`] is a second, coarser simulation of the event-driven
//! model: it has the same program and costs, but rows of tiles instead of tiles, and a pace instead of memory requests.

pub mod coarse;
mod error;
mod figures;
pub mod published;

pub use error::EstimateError;
pub use figures::{Energy, Estimate, Power};
pub use published::{Convention, Organisation, PublishedAccelerator, Workload, estimate};
