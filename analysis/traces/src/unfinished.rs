//! Spans that have begun and not yet ended. Actors record a span at its end; when the run is over, those that have none
//! are recorded from the marks of their beginnings.

use components::trace_labels::{self as labels, marked_span};
use sim_core::{ActorId, Label, Span, Tick};

/// What each actor has begun: a bank at most one row, the control block one stall, the DMA one transfer a place.
#[derive(Default)]
pub(super) struct Unfinished(Vec<Vec<(Tick, Label)>>);

impl Unfinished {
    /// Nothing begun by any of so many actors.
    pub(super) fn new(actors: usize) -> Self {
        Self(vec![Vec::new(); actors])
    }

    /// Notes the beginning that `mark` tells of.
    pub(super) fn begin(&mut self, actor: ActorId, at: Tick, mark: Label) {
        let (Some(kind), Some(begun)) = (marked_span(mark.kind), self.0.get_mut(actor.index())) else {
            return;
        };
        if kind != labels::TRANSFER {
            begun.clear();
        }
        begun.push((at, Label { kind, ..mark }));
    }

    /// Notes that a span has ended, if it is of a kind that marks begin.
    pub(super) fn end(&mut self, actor: ActorId, span: Label) {
        let Some(begun) = self.0.get_mut(actor.index()) else {
            return;
        };
        if span.kind == labels::TRANSFER {
            begun.retain(|(_, label)| label.work != span.work);
        } else {
            begun.clear();
        }
    }

    /// What has not ended, as spans up to `end`: actor by actor, in the order in which they began.
    pub(super) fn take(&mut self, end: Tick) -> Vec<Span> {
        let actors = std::mem::take(&mut self.0).into_iter().zip(0..);
        let spans = actors.flat_map(|(begun, actor)| {
            begun.into_iter().map(move |(start, label)| Span {
                actor: ActorId(actor),
                start,
                end: end.max(start),
                label,
            })
        });
        spans.collect()
    }
}
