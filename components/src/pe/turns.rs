//! What of a PE waits for its turn at buffers of limited bandwidth.

use std::collections::VecDeque;

use sim_core::{ActorId, Context, Tick, Ticks};

use super::{BufferAccesses, ProcessingElement};
use crate::message::{BufferRequest, Message, OperandFetch};
use crate::runs::Run;

/// What goes on when its accesses to buffers have been made.
#[derive(Clone, Copy, Debug)]
pub(super) enum Delivery {
    /// Operands of a tile go to their lane.
    Operands(OperandFetch),
    /// A row of tiles goes to a softmax or layer-norm module.
    Row {
        /// The module.
        module: ActorId,
        /// The row.
        run: Run,
    },
    /// A result is in its buffer.
    Result(Run),
}

/// A delivery that waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    what: Delivery,
    /// When the buses have moved it.
    there: Tick,
    /// When the buffers that have answered are done with it.
    end: Tick,
    /// Buffers that have not answered.
    unanswered: u8,
    /// Whether it comes with the delivery before it.
    joins: bool,
}

/// The deliveries that wait, in the order in which they were asked for.
///
/// A buffer answers in the cycle after a request, with the tick in which it will be done; so answers come in this order, but for
/// those of one cycle.
#[derive(Clone, Debug, Default)]
pub(super) struct Turns {
    /// The buffers whose bandwidth is limited, by number.
    buffers: [Option<ActorId>; 3],
    waiting: VecDeque<Waiting>,
    /// The ticket of the oldest one that waits.
    oldest: u32,
    /// When the buffers were done with the latest that went on.
    last_end: Tick,
}

impl Turns {
    /// Nothing waits for these buffers.
    pub(super) fn at(buffers: [Option<ActorId>; 3]) -> Self {
        Self {
            buffers,
            ..Self::default()
        }
    }

    /// Whether the bandwidth of any buffer is limited.
    #[inline]
    pub(super) fn exist(&self) -> bool {
        self.buffers != [None; 3]
    }

    /// Asks for `accesses`, after which `what` goes on, and not before the buses have moved it; `joins`: nor before what was
    /// asked for last.
    fn ask(
        &mut self,
        what: Delivery,
        there: Tick,
        accesses: &BufferAccesses,
        joins: bool,
        context: &mut Context<'_, Message>,
    ) {
        let ticket = self.oldest.wrapping_add(self.waiting.len() as u32);
        let mut unanswered = 0;
        for (buffer, accesses) in self.buffers.into_iter().zip(accesses.by_buffer()) {
            let Some(buffer) = buffer.filter(|_| accesses > 0) else {
                continue;
            };
            unanswered += 1;
            let request = BufferRequest {
                pe: context.me(),
                ticket,
                accesses: u32::try_from(accesses).unwrap_or(u32::MAX),
            };
            context.send(buffer, Ticks::ZERO, Message::BufferRequest(request));
        }
        self.waiting.push_back(Waiting {
            what,
            there,
            end: Tick::ZERO,
            unanswered,
            joins,
        });
    }

    /// A buffer is done with a request at `end`.
    fn answered(&mut self, ticket: u32, end: Tick) -> bool {
        let place = ticket.wrapping_sub(self.oldest) as usize;
        let Some(waiting) = self.waiting.get_mut(place).filter(|one| one.unanswered > 0) else {
            return false;
        };
        waiting.end = waiting.end.max(end);
        waiting.unanswered -= 1;
        true
    }

    /// The oldest delivery, if all buffers have answered: what it is, when the buses and when the buffers are done with it.
    fn next(&mut self) -> Option<(Delivery, Tick, Tick)> {
        let next = *self.waiting.front().filter(|next| next.unanswered == 0)?;
        self.waiting.pop_front();
        self.oldest = self.oldest.wrapping_add(1);
        self.last_end = match next.joins {
            true => self.last_end.max(next.end),
            false => next.end,
        };
        Some((next.what, next.there, self.last_end))
    }
}

impl ProcessingElement {
    /// Has `what` go on when its `accesses` have been made, and the buses have moved it by `there`; see [`Turns::ask`].
    pub(super) fn await_turn(
        &mut self,
        what: Delivery,
        there: Tick,
        accesses: &BufferAccesses,
        joins: bool,
        context: &mut Context<'_, Message>,
    ) {
        self.turns.ask(what, there, accesses, joins, context);
        // It may ask nothing of a buffer with a limit.
        self.go_on(context);
    }

    /// A buffer tells when it is done with a request.
    pub(crate) fn on_buffer_served(&mut self, ticket: u32, end: Tick, context: &mut Context<'_, Message>) {
        if !self.turns.answered(ticket, end) {
            return context.stop("a buffer served a request that the PE never made");
        }
        self.go_on(context);
    }

    /// Delivers what waits for nothing any more, in order.
    fn go_on(&mut self, context: &mut Context<'_, Message>) {
        while let Some((what, there, end)) = self.turns.next() {
            let done = there.max(end).max(context.now());
            match what {
                Delivery::Operands(fetch) => self.hand_over_late(fetch, there, done, context),
                Delivery::Row { module, run } => {
                    context.send_at(module, done + self.clock.period(), Message::StartRun(run));
                }
                Delivery::Result(run) => self.retire(run, done, context),
            }
        }
    }

    /// Passes operands on to a lane that the buses alone would have brought there earlier.
    fn hand_over_late(
        &mut self,
        mut fetch: OperandFetch,
        there: Tick,
        done: Tick,
        context: &mut Context<'_, Message>,
    ) {
        let lane = &mut self.lanes[usize::from(fetch.lane)];
        lane.unhindered = lane.unhindered.max(there);
        lane.arrival = lane.arrival.max(done);
        let waited = lane.arrival.since(lane.unhindered.min(lane.arrival));
        fetch.work.waited = u32::try_from(waited.0).unwrap_or(u32::MAX);
        context.send_at(lane.dynaprop, lane.arrival, Message::OperandsFetched(fetch.work));
    }
}
