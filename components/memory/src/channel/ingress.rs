//! Requests that have arrived while the transaction queues were full.

use std::collections::VecDeque;

use super::transaction::Transaction;
use crate::Access;
use crate::arbitration::Precedence;

/// One queue a requestor, bounded by the requestor's credits. They are served by rank, under strict priority, and
/// among equals in turn or by their shares.
#[derive(Clone, Debug)]
pub(super) struct Ingress {
    queues: Vec<VecDeque<Transaction>>,
    waiting: usize,
    last: usize,
    shares: Option<Shares>,
}

/// Start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996) with requests of equal size: each flow has a clock of
/// its own that advances by the inverse of its weight with each request; the flow that is furthest behind goes next.
/// A flow that had nothing to ask for gains no credit by that.
#[derive(Clone, Debug)]
struct Shares {
    precedence: Precedence,
    /// Virtual time at which the next request of each flow starts at the earliest.
    next_start: Vec<u64>,
    now: u64,
    /// When each requestor was last served: members of a flow take turns.
    served: Vec<u64>,
    requests: u64,
}

/// Virtual time of a request of weight 1.
const UNIT: u64 = 1 << 32;

impl Shares {
    fn start(&self, requestor: usize) -> u64 {
        let flow = self.precedence.flow(requestor);
        flow.map_or(self.now, |flow| self.next_start[flow].max(self.now))
    }

    /// What decides between requestors: the smallest goes next.
    fn order(&self, requestor: usize) -> (u64, u64) {
        let served = self.served.get(requestor).copied().unwrap_or(0);
        (self.start(requestor), served)
    }

    fn charge(&mut self, requestor: usize) {
        self.requests += 1;
        if let Some(served) = self.served.get_mut(requestor) {
            *served = self.requests;
        }
        if let Some(flow) = self.precedence.flow(requestor) {
            self.now = self.start(requestor);
            self.next_start[flow] = self.now + UNIT / u64::from(self.precedence.weights()[flow].max(1));
        }
    }
}

impl Ingress {
    pub(super) fn new(precedence: &Precedence) -> Self {
        Self {
            queues: Vec::new(),
            waiting: 0,
            last: 0,
            shares: precedence.has_shares().then(|| Shares {
                next_start: vec![0; precedence.weights().len()],
                served: vec![0; precedence.requestors()],
                precedence: precedence.clone(),
                now: 0,
                requests: 0,
            }),
        }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(super) fn push(&mut self, transaction: Transaction) {
        let requestor = usize::from(transaction.requestor.0);
        if self.queues.len() <= requestor {
            self.queues.resize_with(requestor + 1, VecDeque::new);
        }
        self.queues[requestor].push_back(transaction);
        self.waiting += 1;
    }

    /// Books a request that found room at once.
    #[inline]
    pub(super) fn passed_by(&mut self, requestor: usize) {
        if let Some(shares) = &mut self.shares {
            shares.charge(requestor);
        }
    }

    /// Whether an earlier request of the same requestor still waits here.
    #[inline]
    pub(super) fn holds(&self, requestor: usize) -> bool {
        self.waiting != 0 && self.queues.get(requestor).is_some_and(|queue| !queue.is_empty())
    }

    /// The next request for which there `is_room`.
    pub(super) fn pop(&mut self, is_room: impl Fn(Access) -> bool) -> Option<Transaction> {
        if self.waiting == 0 {
            return None;
        }
        let requestors = self.queues.len();
        let order = |requestor| self.shares.as_ref().map(|shares| shares.order(requestor));
        let next = (1..=requestors)
            .map(|step| (self.last + step) % requestors)
            .filter_map(|requestor| Some((requestor, self.queues[requestor].front()?)))
            .filter(|(_, first)| is_room(first.access))
            .min_by_key(|&(requestor, first)| (first.class, order(requestor)))
            .map(|(requestor, _)| requestor)?;
        self.last = next;
        self.waiting -= 1;
        self.passed_by(next);
        self.queues[next].pop_front()
    }
}
