#![doc = include_str!("../README.md")]
#![cfg_attr(feature = "desim", feature(coroutine_trait))]

mod actor;
mod clock;
mod context;
mod digest;
mod engine;
mod error;
pub mod random;
mod simulation;
pub mod statistics;
mod time;
mod trace;

pub use actor::{Actor, ActorId, Message};
pub use clock::{Clock, Frequency, Timebase};
pub use context::Context;
pub use digest::{Digest, mix};
#[cfg(feature = "desim")]
pub use engine::desim_process;
pub use engine::{Engine, QueueStatistics};
pub use error::{ClockError, NamedActor, SimError};
pub use simulation::{Simulation, Traced};
pub use time::{Cycles, Tick, Ticks};
pub use trace::{Activity, Label, Span, TraceSink};
