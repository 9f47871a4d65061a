//! A small, deterministic discrete-event kernel.
//!
//! A machine is a set of [`Actor`]s that exchange small messages in simulated time. Time is counted in exact
//! [`Tick`]s, the common divisor of all [`Clock`]s of the machine.
//!
//! # Ordering
//! Messages are delivered in order of (tick, order of sending). A message sent with no delay arrives in the
//! same tick, after everything sent before it.
//!
//! # Determinism
//! The same actors and the same messages give the same run, to the byte, on either [`Engine`] and any machine.
//! Randomness comes from [`random::stream`], one stream an actor.

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
pub use error::{ClockError, SimError};
pub use simulation::Simulation;
pub use time::{Cycles, Tick, Ticks};
pub use trace::{Label, Span, TraceSink};
