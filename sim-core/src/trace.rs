//! The interface between a running model and whoever records it.

use crate::{ActorId, Tick};

/// What a span or an instant is about, in the terms of the model: the sink's owner knows the meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// What kind of thing happened.
    pub kind: u16,
    /// To which unit of work.
    pub work: u32,
    /// Which part of it, packed as the model likes.
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

/// Something that a part did of which nothing is shown, but which an account of it needs, such as one of energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Who did it.
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
/// Actors reach it through [`Context::trace`](crate::Context::trace), whose closure is not even built when
/// there is no sink: a run without one pays a predictable branch.
pub trait TraceSink {
    /// The instant at which the records that follow are made, told when it is another one than before. Spans may begin before it,
    /// and end after it.
    fn at(&mut self, now: Tick) {
        let _ = now;
    }

    /// Something took from `start` to `end`.
    fn span(&mut self, span: Span);

    /// Something happened at once.
    fn instant(&mut self, actor: ActorId, at: Tick, label: Label);

    /// A quantity of an actor has a new value from `at` on.
    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64);

    /// Whether it keeps an account of activities. It is asked once, before the run; without, none are handed to it.
    fn wants_activities(&self) -> bool {
        false
    }

    /// A part did something.
    fn activity(&mut self, activity: Activity) {
        let _ = activity;
    }
}
