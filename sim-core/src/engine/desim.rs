//! The crate `desim` as the executor: each actor is one of its processes.
//!
//! desim keeps time as `f64` and resumes events of equal time in arbitrary order. Ticks up to 2^53 are exact
//! in an `f64`. To restore the order of sending, the queue knows how many messages each tick has: it
//! steps desim exactly that often, which fills a mailbox, and delivers from there in order of sequence numbers.
//! What is sent in the meantime for the same tick makes the next batch, and was sent later than all of this one.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::{Coroutine, CoroutineState};
use std::pin::Pin;
use std::rc::Rc;

use desim::{Effect, Process, SimContext, SimState};

use super::QueueStatistics;
use super::staged::SlowQueue;
use crate::{ActorId, Message, Tick};

/// A desim process made of a closure that maps each resumption to what the process yields.
///
/// desim's own way, a coroutine literal, needs unstable syntax in the crate that writes it; this does not.
pub fn desim_process<T, F>(on_resume: F) -> Box<Process<T>>
where
    T: 'static,
    F: FnMut(SimContext<T>) -> T + Unpin + 'static,
{
    Box::new(Resumption(on_resume))
}

struct Resumption<F>(F);

impl<T, F: FnMut(SimContext<T>) -> T + Unpin> Coroutine<SimContext<T>> for Resumption<F> {
    type Yield = T;
    type Return = ();

    fn resume(self: Pin<&mut Self>, context: SimContext<T>) -> CoroutineState<T, ()> {
        CoroutineState::Yielded((self.get_mut().0)(context))
    }
}

/// One message in flight, as the state of a desim event.
#[derive(Clone, Copy)]
struct Delivery<M> {
    sequence: u64,
    to: ActorId,
    message: M,
}

impl<M> SimState for Delivery<M> {
    /// A process only hands its message over; desim has nothing to do for it then.
    fn get_effect(&self) -> Effect {
        Effect::Wait
    }

    fn set_effect(&mut self, _: Effect) {}

    fn should_log(&self) -> bool {
        false
    }
}

pub(crate) struct DesimQueue<M: Message> {
    executor: desim::Simulation<Delivery<M>>,
    processes: usize,
    /// Where processes put what they were resumed with.
    mailbox: Rc<RefCell<Vec<Delivery<M>>>>,
    /// Messages of the current tick that are out of desim, the next one last.
    batch: Vec<Delivery<M>>,
    /// How many messages desim holds for each tick.
    pending: BTreeMap<Tick, usize>,
    now: Tick,
    sequence: u64,
    in_flight: u64,
    peak: u64,
}

impl<M: Message> DesimQueue<M> {
    /// Beyond it, not every tick has an `f64` of its own.
    pub(crate) const LAST_TICK: Tick = Tick((1 << f64::MANTISSA_DIGITS) - 1);

    pub(crate) fn new() -> Self {
        Self {
            executor: desim::Simulation::new(),
            processes: 0,
            mailbox: Rc::default(),
            batch: Vec::new(),
            pending: BTreeMap::new(),
            now: Tick::ZERO,
            sequence: 0,
            in_flight: 0,
            peak: 0,
        }
    }
}

impl<M: Message> SlowQueue<M> for DesimQueue<M> {
    /// Makes room for a tick's batch; desim's own heap cannot be reserved.
    fn reserve(&mut self, messages: usize) {
        self.batch.reserve(messages);
        self.mailbox.borrow_mut().reserve(messages);
    }

    fn statistics(&self) -> QueueStatistics {
        QueueStatistics {
            peak_in_flight: self.peak,
            beyond_window: 0,
            growths: 0,
        }
    }

    fn push(&mut self, at: Tick, to: ActorId, message: M) {
        self.create_processes_up_to(to);
        self.sequence += 1;
        let delivery = Delivery {
            sequence: self.sequence,
            to,
            message,
        };
        self.executor.schedule_event(at.0 as f64, to.index(), delivery);
        *self.pending.entry(at).or_default() += 1;
        self.in_flight += 1;
        self.peak = self.peak.max(self.in_flight);
    }

    fn advance(&mut self, limit: Tick) -> Option<Tick> {
        let (&at, _) = self.pending.first_key_value()?;
        if at > limit {
            return None;
        }
        self.now = at;
        Some(at)
    }

    fn pop(&mut self) -> Option<(ActorId, M)> {
        if self.batch.is_empty() {
            self.collect_batch();
        }
        let delivery = self.batch.pop()?;
        self.in_flight -= 1;
        Some((delivery.to, delivery.message))
    }
}

impl<M: Message> DesimQueue<M> {
    /// Lets desim resume every process that has a message at the current tick.
    fn collect_batch(&mut self) {
        let due = self.pending.remove(&self.now).unwrap_or(0);
        for _ in 0..due {
            self.executor.step();
        }
        let mut arrived = self.mailbox.borrow_mut();
        debug_assert_eq!(arrived.len(), due, "each step delivers one message");
        arrived.sort_unstable_by_key(|delivery| std::cmp::Reverse(delivery.sequence));
        self.batch.append(&mut arrived);
    }

    /// Actors get their processes with their first message, so that one can be sent before the actor is added.
    fn create_processes_up_to(&mut self, to: ActorId) {
        while self.processes <= to.index() {
            let mailbox = Rc::clone(&self.mailbox);
            self.executor.create_process(desim_process(move |context| {
                let delivery = *context.state();
                mailbox.borrow_mut().push(delivery);
                delivery
            }));
            self.processes += 1;
        }
    }
}
