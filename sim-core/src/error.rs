//! What can go wrong: clocks without a common tick, and models that misbehave.

use std::fmt;

use thiserror::Error;

use crate::{ActorId, Frequency, Tick};

/// Why a set of clocks has no usable common tick.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClockError {
    /// A clock of 0 kHz never ticks.
    #[error("a clock of 0 kHz never ticks; give a frequency of at least 1 kHz")]
    ZeroFrequency,
    /// A simulation needs at least one clock.
    #[error("a simulation needs at least one clock")]
    NoClock,
    /// The least common multiple of two frequencies is too large.
    #[error(
        "clocks of {first} and {second} have no usable common tick: a cycle of {first} would be {period} ticks, \
         over the limit of {limit}; choose frequencies with a larger common divisor (such as multiples of 25 MHz)"
    )]
    NoCommonTick {
        /// The clock whose period is too long in ticks.
        first: Frequency,
        /// The clock that made it so.
        second: Frequency,
        /// Ticks per cycle that the first clock would have.
        period: u128,
        /// The most ticks that a cycle may have.
        limit: u64,
    },
    /// The tick frequency does not fit 64 bits of kilohertz.
    #[error(
        "the common tick frequency does not fit 64 bits; choose frequencies with a larger common divisor"
    )]
    Overflow,
    /// The time base was not made for this clock.
    #[error("a period of a {clock} clock is not a whole number of ticks at {tick}")]
    NotADivisor {
        /// The clock asked for.
        clock: Frequency,
        /// The tick frequency.
        tick: Frequency,
    },
}

/// An actor in an error: displayed by its name, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedActor {
    /// Its address.
    pub id: ActorId,
    /// Its name, if the simulation [knows names](crate::Simulation::with_names).
    pub name: Option<String>,
}

impl From<ActorId> for NamedActor {
    fn from(id: ActorId) -> Self {
        Self { id, name: None }
    }
}

impl fmt::Display for NamedActor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "actor {name}"),
            None => self.id.fmt(f),
        }
    }
}

/// Why a run could not go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SimError {
    /// Actors keep sending each other messages without time moving on.
    #[error("livelock at {tick}: over {limit} messages without time moving on; the last went to {actor}")]
    Livelock {
        /// When it happened.
        tick: Tick,
        /// The receiver of the last message.
        actor: NamedActor,
        /// Messages allowed per tick.
        limit: u64,
    },
    /// Simulated time would exceed what the engine can represent.
    #[error("{actor} sent a message beyond the last tick that the engine `{engine}` can represent")]
    TimeOverflow {
        /// The sender of the message.
        actor: NamedActor,
        /// The engine's name.
        engine: &'static str,
    },
    /// A message was posted from outside for a time that the engine cannot represent.
    #[error(
        "a message was posted to {to} for {at}, beyond the last tick that the engine `{engine}` can represent"
    )]
    PostedTooLate {
        /// When it should have arrived.
        at: Tick,
        /// The receiver.
        to: NamedActor,
        /// The engine's name.
        engine: &'static str,
    },
    /// A message arrived for an address that does not belong to any actor.
    #[error("a message arrived for {actor} at {tick}, but the machine has no such actor")]
    NoSuchActor {
        /// When.
        tick: Tick,
        /// The address.
        actor: ActorId,
    },
    /// An actor stopped the run.
    #[error("{actor} stopped the run at {tick}: {reason}")]
    Stopped {
        /// When.
        tick: Tick,
        /// The actor that stopped it.
        actor: NamedActor,
        /// The actor's reason.
        reason: String,
    },
    /// The engine was not compiled in.
    #[error(
        "the engine `desim` is not part of this build; build with `--features desim` (it is GPL-3.0) or use `wheel`"
    )]
    EngineMissing,
}

impl SimError {
    /// The actor that the error is about, to be named; `None` if there is no such actor.
    pub(crate) fn actor_mut(&mut self) -> Option<&mut NamedActor> {
        match self {
            Self::Livelock { actor, .. } | Self::TimeOverflow { actor, .. } | Self::Stopped { actor, .. } => {
                Some(actor)
            }
            Self::PostedTooLate { to, .. } => Some(to),
            Self::NoSuchActor { .. } | Self::EngineMissing => None,
        }
    }
}
