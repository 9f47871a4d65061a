//! Several trace sinks as one.

use sim_core::{Activity, ActorId, Label, Span, Tick, TraceSink};

/// Passes every record to all of its sinks, in order.
pub struct Tee<'a>(Vec<&'a mut dyn TraceSink>);

impl<'a> Tee<'a> {
    /// A tee of these borrowed sinks.
    pub fn new(sinks: Vec<&'a mut dyn TraceSink>) -> Self {
        Self(sinks)
    }

    /// The sinks as one, to lend to a run; `None` if there are none.
    pub fn sink(&mut self) -> Option<&mut dyn TraceSink> {
        match self.0.len() {
            0 => None,
            1 => Some(&mut *self.0[0]),
            _ => Some(self),
        }
    }
}

impl TraceSink for Tee<'_> {
    fn wants_activities(&self) -> bool {
        self.0.iter().any(|sink| sink.wants_activities())
    }

    fn activity(&mut self, activity: Activity) {
        self.0.iter_mut().for_each(|sink| sink.activity(activity));
    }

    fn at(&mut self, now: Tick) {
        self.0.iter_mut().for_each(|sink| sink.at(now));
    }

    fn span(&mut self, span: Span) {
        self.0.iter_mut().for_each(|sink| sink.span(span));
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.0.iter_mut().for_each(|sink| sink.instant(actor, at, label));
    }

    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        self.0
            .iter_mut()
            .for_each(|sink| sink.counter(actor, at, counter, value));
    }
}
