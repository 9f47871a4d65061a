//! Spans that have begun and not yet ended. Actors record a span at its end; when the run is over, those that have none
//! are recorded from the marks of their beginnings.

use components::trace_event::Event;
use sim_core::{ActorId, Span, Tick};

/// What each actor has begun: a bank at most one row, the control block one stall, the DMA one transfer per place.
#[derive(Default)]
pub(super) struct Unfinished(Vec<Vec<(Tick, Event)>>);

impl Unfinished {
    /// Nothing begun by any of so many actors.
    pub(super) fn new(actors: usize) -> Self {
        Self(vec![Vec::new(); actors])
    }

    /// Notes that `span` has begun.
    pub(super) fn begin(&mut self, actor: ActorId, at: Tick, span: Event) {
        if let Some(begun) = self.0.get_mut(actor.index()) {
            begun.retain(|&(_, other)| !ends(span, other));
            begun.push((at, span));
        }
    }

    /// Notes that `span`, which has a mark, has ended.
    pub(super) fn end(&mut self, actor: ActorId, span: Event) {
        if let Some(begun) = self.0.get_mut(actor.index()) {
            begun.retain(|&(_, other)| !ends(span, other));
        }
    }

    /// What has not ended, as spans up to `end`: actor by actor, in the order in which they began.
    pub(super) fn take(&mut self, end: Tick) -> Vec<Span> {
        let actors = std::mem::take(&mut self.0).into_iter().zip(0..);
        let spans = actors.flat_map(|(begun, actor)| {
            begun.into_iter().map(move |(start, event)| Span {
                actor: ActorId(actor),
                start,
                end: end.max(start),
                label: event.label(),
            })
        });
        spans.collect()
    }
}

/// Whether `begun` cannot go on beside `span` of the same actor: only transfers go on side by side.
fn ends(span: Event, begun: Event) -> bool {
    match (span, begun) {
        (Event::Transfer(span), Event::Transfer(begun)) => span.transfer == begun.transfer,
        _ => true,
    }
}
