//! The two executors of a simulation, and a plain one to hold them against.

mod heap;
mod wheel;

use std::fmt;
use std::str::FromStr;

use crate::{ActorId, Message, SimError, Tick};

pub(crate) use heap::HeapQueue;
pub(crate) use wheel::WheelQueue;

/// Which executor orders and delivers the messages. All give the same order: by tick, then by sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// A bucketed timing wheel with an occupancy bitmap and an overflow heap: the fast one.
    #[default]
    Wheel,
    /// The crate `desim` as the executor. Needs the cargo feature `desim`.
    Desim,
    /// A `BinaryHeap` ordered by (tick, sequence number): the plainest thing that is right.
    Heap,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wheel => "wheel",
            Self::Desim => "desim",
            Self::Heap => "heap",
        })
    }
}

impl FromStr for Engine {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "wheel" => Ok(Self::Wheel),
            "desim" => Ok(Self::Desim),
            "heap" => Ok(Self::Heap),
            _ => Err(format!("no engine `{name}`; there are wheel, desim and heap")),
        }
    }
}

/// The pending messages of a simulation, in the care of one engine.
pub(crate) enum EventQueue<M> {
    Wheel(WheelQueue<M>),
    Heap(HeapQueue<M>),
}

impl<M: Message> EventQueue<M> {
    pub(crate) fn new(engine: Engine) -> Result<Self, SimError> {
        match engine {
            Engine::Wheel => Ok(Self::Wheel(WheelQueue::new())),
            Engine::Heap => Ok(Self::Heap(HeapQueue::new())),
            Engine::Desim => Err(SimError::EngineMissing),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Wheel(_) => "wheel",
            Self::Heap(_) => "heap",
        }
    }

    /// The last tick for which a message can be queued.
    #[inline]
    pub(crate) fn last_tick(&self) -> u64 {
        u64::MAX - 1
    }

    #[inline]
    pub(crate) fn push(&mut self, at: Tick, to: ActorId, message: M) {
        match self {
            Self::Wheel(queue) => queue.push(at, to, message),
            Self::Heap(queue) => queue.push(at, to, message),
        }
    }

    /// Takes the next message if it is due at or before `limit`.
    #[inline]
    pub(crate) fn pop(&mut self, limit: Tick) -> Option<(Tick, ActorId, M)> {
        match self {
            Self::Wheel(queue) => queue.pop(limit),
            Self::Heap(queue) => queue.pop(limit),
        }
    }
}
