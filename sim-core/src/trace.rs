//! The interface between a running model and what records it.

use crate::{ActorId, Tick};

/// What a span or an instant is about, in the terms of the model: the owner of the sink knows the meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// What kind of thing happened.
    pub kind: u16,
    /// The unit of work that it belongs to.
    pub work: u32,
    /// The part of that unit, packed as the model chooses.
    pub part: u64,
}

/// A record of something that took time on one actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it happened.
    pub actor: ActorId,
    /// When it began.
    pub start: Tick,
    /// When it ended; never before `start`.
    pub end: Tick,
    /// What it was.
    pub label: Label,
}

/// Work that viewers do not display but accounting needs, such as the energy of a bus transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The actor that did it.
    pub actor: ActorId,
    /// When it began; never before it is recorded.
    pub start: Tick,
    /// When it ended; never before `start`.
    pub end: Tick,
    /// What it was.
    pub kind: u16,
    /// How much of it.
    pub amount: u64,
}

/// Receives the records of a run, in the order in which the actors make them.
///
/// A sink is lent to a run, by [`Simulation::traced`](crate::Simulation::traced). Actors reach it through
/// [`Context::trace`](crate::Context::trace), whose closure is not even built when there is no sink: a run without one pays a
/// predictable branch.
pub trait TraceSink {
    /// Called once per tick and part of a run, before that tick's first record. Spans may begin before it and end after it.
    fn at(&mut self, now: Tick) {
        let _ = now;
    }

    /// Something lasted from `start` to `end`.
    fn span(&mut self, span: Span);

    /// Something happened at once.
    fn instant(&mut self, actor: ActorId, at: Tick, label: Label);

    /// A quantity of an actor has a new value from `at` on.
    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64);

    /// Whether this sink wants [`activity`](Self::activity) calls. Asked once, before each part of a run.
    fn wants_activities(&self) -> bool {
        false
    }

    /// A part did something.
    fn activity(&mut self, activity: Activity) {
        let _ = activity;
    }
}
