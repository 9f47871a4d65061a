//! The control block's trace records: which operation a transfer is for, which operations its end unblocks, why lanes are
//! idle, and what waited for what. Without a trace nothing here runs.

use sim_core::{Context, Label, Span, Tick};

use super::transfers::Purpose;
use super::{ControlBlock, StallCause};
use crate::message::{Message, TransferId};
use crate::runs::Run;
use crate::trace_labels as labels;
use crate::work::UnitClass;

/// What has begun and is to be recorded at its end.
#[derive(Clone, Debug, Default)]
pub(super) struct TraceState {
    /// Whether unblocked operations are noted in `woken`.
    watches: bool,
    woken: Vec<u32>,
    /// Since when lanes are idle, why, and the oldest operation with work to issue.
    stall: Option<(Tick, StallCause, u32)>,
}

impl TraceState {
    /// Notes that an operation is unblocked that had waited for `cause`.
    #[inline]
    pub(super) fn note_woken(&mut self, operation: u32, cause: Option<StallCause>) {
        let waited = matches!(cause, Some(StallCause::Memory | StallCause::BufferSpace));
        if self.watches && waited {
            self.woken.push(operation);
        }
    }
}

impl ControlBlock {
    /// Records an event that everything issued or ordered until the next message was waiting for.
    pub(super) fn trace_link(&self, link: Label, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| sink.instant(actor, now, link));
    }

    /// Records that `run` goes to unit number `unit` of PE number `pe`.
    pub(super) fn trace_issue(&self, run: &Run, pe: u16, unit: u16, context: &mut Context<'_, Message>) {
        let now = context.now();
        context.trace(|sink| {
            let unit = self.actor_of(pe, run.kind, unit);
            sink.instant(unit, now, run.label(labels::RUN_ISSUED));
        });
    }

    /// Records what the transfers numbered from `first` on are ordered for. Spills and reloads belong to
    /// the operation that made the tensor.
    pub(super) fn trace_order(
        &self,
        kind: u16,
        purpose: Purpose,
        first: u32,
        context: &mut Context<'_, Message>,
    ) {
        if !context.is_traced() {
            return;
        }
        let operation = match purpose {
            Purpose::Weight(tensor) => self.weights.first_user(tensor),
            Purpose::Slice { tensor, .. } => {
                let tensor = self.tensors.tensor(tensor, context);
                tensor.and_then(|tensor| tensor.users.first().copied())
            }
            Purpose::Fill { place, .. } | Purpose::Store { place, .. } | Purpose::WriteBack { place } => {
                let entry = self.window.entry(place, context);
                entry.map(|entry| entry.operation.id.0)
            }
        };
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| {
            let label = Label {
                kind,
                work: operation.unwrap_or(u32::MAX),
                part: u64::from(first),
            };
            sink.instant(actor, now, label);
        });
    }

    /// Notes operations that are unblocked from now on, if there is a trace.
    pub(super) fn watch_wakes(&mut self, context: &Context<'_, Message>) {
        self.trace.watches = context.is_traced();
    }

    /// Records the operations that the end of `transfer` has unblocked.
    pub(super) fn trace_wakes(&mut self, transfer: TransferId, context: &mut Context<'_, Message>) {
        self.trace.watches = false;
        let (actor, now) = (context.me(), context.now());
        for operation in self.trace.woken.drain(..) {
            let label = Label {
                kind: labels::OPERATION_WOKEN,
                work: operation,
                part: u64::from(transfer.0),
            };
            context.trace(|sink| sink.instant(actor, now, label));
        }
    }

    /// Records that the last operation is finished.
    pub(super) fn trace_finish(&self, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        let label = Label {
            kind: labels::FINISHED,
            ..Label::default()
        };
        context.trace(|sink| sink.instant(actor, now, label));
    }

    /// Records the reason for idle lanes if it ends now, and notes the one that begins.
    pub(super) fn trace_stall(&mut self, context: &mut Context<'_, Message>) {
        if !context.is_traced() {
            return;
        }
        let now = context.now();
        let idles = self.units.count(UnitClass::Lane) > 0 && self.finished_at.is_none();
        let reason = idles.then(|| (self.current_cause(), self.leader));
        let before = self.trace.stall;
        if before.map(|(_, cause, leader)| (cause, leader)) == reason {
            return;
        }
        self.trace.stall = reason.map(|(cause, leader)| (now, cause, leader));
        let actor = context.me();
        let label = |first: u16, cause: StallCause, leader| Label {
            kind: first + cause as u16,
            work: leader,
            part: 0,
        };
        context.trace(|sink| {
            // One that begins and ends at once still has to end what its mark began.
            if let Some((start, cause, leader)) =
                before.filter(|(start, ..)| *start < now || reason.is_none())
            {
                sink.span(Span {
                    actor,
                    start,
                    end: now,
                    label: label(labels::STALL, cause, leader),
                });
            }
            if let Some((cause, leader)) = reason {
                sink.instant(actor, now, label(labels::STALL_BEGAN, cause, leader));
            }
        });
    }
}
