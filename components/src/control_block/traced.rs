//! The control block's trace records: which operation a transfer is for, which operations its end unblocks, why lanes are
//! idle, and what waited for what. Without a trace nothing here runs.

use sim_core::{Context, Span, Tick};

use super::places::StepNumber;
use super::{ControlBlock, StallCause};
use crate::message::{Message, TransferId};
use crate::runs::Run;
use crate::trace_event::{Event, Stall, TransferOrder};
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
    pub(super) fn trace_link(&self, link: Event, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| sink.instant(actor, now, link.label()));
    }

    /// Records that `run` goes to unit number `unit` of PE number `pe`.
    pub(super) fn trace_issue(&self, run: &Run, pe: u16, unit: u16, context: &mut Context<'_, Message>) {
        let now = context.now();
        context.trace(|sink| {
            let unit = self.actor_of(pe, run.kind, unit);
            sink.instant(unit, now, Event::RunIssued(run.place()).label());
        });
    }

    /// Records what the transfers numbered from `first` on are ordered for: the operation of the step that needs them.
    pub(super) fn trace_order(
        &self,
        event: impl Fn(TransferOrder) -> Event,
        step: StepNumber,
        first: u32,
        context: &mut Context<'_, Message>,
    ) {
        if !context.is_traced() {
            return;
        }
        let operation = self
            .window
            .unfinished(step)
            .map(|entry| entry.step.operation.id.0);
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| {
            let order = TransferOrder {
                operation,
                transfer: first,
            };
            sink.instant(actor, now, event(order).label());
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
            let woken = Event::OperationWoken {
                operation,
                transfer: transfer.0,
            };
            context.trace(|sink| sink.instant(actor, now, woken.label()));
        }
    }

    /// Records that the last operation is finished.
    pub(super) fn trace_finish(&self, context: &mut Context<'_, Message>) {
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| sink.instant(actor, now, Event::Finished.label()));
    }

    /// Records the reason for idle lanes if it ends now, and notes the one that begins.
    pub(super) fn trace_stall(&mut self, context: &mut Context<'_, Message>) {
        if !context.is_traced() {
            return;
        }
        let now = context.now();
        let idles = self.units.count(UnitClass::Lane) > 0 && self.finished_at.is_none();
        let leader = self.window.unfinished(self.leader);
        let leader = leader.map_or(u32::MAX, |entry| entry.step.operation.id.0);
        let reason = idles.then(|| (self.current_cause(), leader));
        let before = self.trace.stall;
        if before.map(|(_, cause, leader)| (cause, leader)) == reason {
            return;
        }
        self.trace.stall = reason.map(|(cause, leader)| (now, cause, leader));
        let actor = context.me();
        let stall = |cause, leader| Stall {
            cause,
            operation: (leader != u32::MAX).then_some(leader),
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
                    label: Event::Stall(stall(cause, leader)).label(),
                });
            }
            if let Some((cause, leader)) = reason {
                let began = Event::StallBegan(stall(cause, leader));
                sink.instant(actor, now, began.label());
            }
        });
    }
}
