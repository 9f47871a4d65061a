//! Several trace sinks as one.

use sim_core::{Activity, ActorId, Label, Span, Tick, TraceSink};

/// Hands every record to all of its sinks, in their order.
struct Tee(Vec<Box<dyn TraceSink>>);

/// The sinks as one; none if there is none.
#[must_use]
pub fn together(mut sinks: Vec<Box<dyn TraceSink>>) -> Option<Box<dyn TraceSink>> {
    match sinks.len() {
        0 | 1 => sinks.pop(),
        _ => Some(Box::new(Tee(sinks))),
    }
}

impl TraceSink for Tee {
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
