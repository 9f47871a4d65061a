//! The interchangeable event queues. They differ in speed, never in delivery order.

#[cfg(feature = "desim")]
mod desim;
mod heap;
mod staged;
mod wheel;

use std::fmt;
use std::str::FromStr;

use crate::{ActorId, Message, SimError, Tick, Ticks};

#[cfg(feature = "desim")]
use desim::DesimQueue;
#[cfg(feature = "desim")]
pub use desim::desim_process;
use heap::HeapQueue;
use staged::Staged;
use wheel::WheelQueue;

/// Which executor orders and delivers the messages. All but [`Engine::Shuffled`] give the same order: by tick, then by sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// A bucketed timing wheel with an occupancy bitmap and an overflow heap: the fast one.
    #[default]
    Wheel,
    /// The crate `desim` as the executor. Needs the cargo feature `desim`.
    Desim,
    /// A `BinaryHeap` ordered by (tick, sequence number): the simplest correct queue.
    Heap,
    /// As [`Engine::Heap`], but the messages of one tick arrive in a random order drawn from this seed, not in the order of
    /// sending. A message still arrives after the one that caused it.
    ///
    /// A test of models: whatever a machine's totals owe to the order of ties is an accident of how it was built.
    Shuffled(u64),
}

impl Engine {
    /// How far ahead [`Engine::Wheel`] keeps messages in the wheel itself. A message sent with this delay or
    /// a longer one waits in a heap, which costs more; [`QueueStatistics::beyond_window`] counts them.
    pub const WHEEL_WINDOW: Ticks = Ticks(wheel::SPAN as u64);

    /// The engines of this build that give the same order.
    #[must_use]
    pub const fn available() -> &'static [Self] {
        if cfg!(feature = "desim") {
            &[Self::Wheel, Self::Desim, Self::Heap]
        } else {
            &[Self::Wheel, Self::Heap]
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Wheel => "wheel",
            Self::Desim => "desim",
            Self::Heap => "heap",
            Self::Shuffled(_) => "shuffled",
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

/// What a queue had to hold: tells how to size it, and whether the wheel's window suits the delays of a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueStatistics {
    /// Most messages in flight at once.
    pub peak_in_flight: u64,
    /// Messages sent too far ahead for the wheel's window; zero for the other engines, which have none.
    ///
    /// A wheel that sees most messages here is a slow heap: the tick is too fine for the model's delays.
    pub beyond_window: u64,
    /// How often the memory for messages had to grow; zero for `desim`, which does not report it.
    pub growths: u64,
}

/// The pending messages of a simulation, held by one engine.
///
/// This code is inlined into every handler, hence an `enum` and care about what goes through memory. A run alternates between two
/// steps: [`advance`](Self::advance) to the next tick that has messages, then [`pop`](Self::pop) until that tick is empty. Messages pushed for the current tick join its end.
#[allow(
    clippy::large_enum_variant,
    reason = "a simulation has one queue; boxing it would cost every event a hop"
)]
pub(crate) enum EventQueue<M: Message> {
    Wheel(WheelQueue<M>),
    Heap(Staged<M, HeapQueue<M>>),
    #[cfg(feature = "desim")]
    Desim(Staged<M, DesimQueue<M>>),
}

/// Calls one method on whichever queue there is.
macro_rules! on_queue {
    ($queues:expr, $queue:ident => $call:expr) => {
        match $queues {
            EventQueue::Wheel($queue) => $call,
            EventQueue::Heap($queue) => $call,
            #[cfg(feature = "desim")]
            EventQueue::Desim($queue) => $call,
        }
    };
}

impl<M: Message> EventQueue<M> {
    pub(crate) fn new(engine: Engine) -> Result<Self, SimError> {
        match engine {
            Engine::Wheel => Ok(Self::Wheel(WheelQueue::new())),
            Engine::Heap => Ok(Self::Heap(Staged::new(HeapQueue::new(None)))),
            Engine::Shuffled(seed) => Ok(Self::Heap(Staged::new(HeapQueue::new(Some(seed))))),
            #[cfg(feature = "desim")]
            Engine::Desim => Ok(Self::Desim(Staged::new(DesimQueue::new()))),
            #[cfg(not(feature = "desim"))]
            Engine::Desim => Err(SimError::EngineMissing),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Wheel(_) => "wheel",
            Self::Heap(_) => "heap",
            #[cfg(feature = "desim")]
            Self::Desim(_) => "desim",
        }
    }

    /// The last tick for which a message can be queued.
    #[inline]
    pub(crate) fn last_tick(&self) -> Tick {
        match self {
            #[cfg(feature = "desim")]
            Self::Desim(_) => DesimQueue::<M>::LAST_TICK,
            _ => Tick::LAST,
        }
    }

    pub(crate) fn reserve(&mut self, messages: usize) {
        on_queue!(self, queue => queue.reserve(messages));
    }

    pub(crate) fn statistics(&self) -> QueueStatistics {
        on_queue!(self, queue => queue.statistics())
    }

    /// Queues a message for the current tick or a later one.
    ///
    /// Inlined down to the message's place in memory: a message that a call takes by reference is written twice.
    #[inline]
    pub(crate) fn push(&mut self, at: Tick, to: ActorId, message: M) {
        on_queue!(self, queue => queue.push(at, to, message));
    }

    /// Moves to the earliest tick that has messages and returns it, if it is at or before `limit`.
    /// Otherwise nothing changes, so that earlier messages can still be pushed.
    #[inline]
    pub(crate) fn advance(&mut self, limit: Tick) -> Option<Tick> {
        on_queue!(self, queue => queue.advance(limit))
    }

    /// Takes the next message of the current tick and returns its receiver; [`popped`](Self::popped) is the message.
    ///
    /// In two steps, because a message in an `Option` goes through memory twice.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<ActorId> {
        on_queue!(self, queue => queue.pop())
    }

    /// The message popped last. Only to be called before the next push.
    #[inline]
    pub(crate) fn popped(&self) -> M {
        on_queue!(self, queue => queue.popped())
    }
}
