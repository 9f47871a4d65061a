//! Transfers on the path: the order that each follows from, and the transfer it had waited for.

use components::message::Traffic;
use components::trace_event::{TransferOrder, TransferRecord};

use super::graph::{Exit, Graph, NodeId};
use super::step::Work;
use super::times::TransferTimes;

/// An order to the DMA, for data and mask; each becomes a node of its own when it begins to move.
#[derive(Clone, Copy, Debug)]
struct Order {
    cause: Exit,
    at: u64,
    operation: Option<u32>,
}

/// A transfer that the DMA moves.
#[derive(Clone, Copy, Debug)]
struct Moving {
    transfer: u32,
    work: Work,
    node: NodeId,
    times: TransferTimes,
}

/// Transfers that have been ordered, and those that the DMA is moving.
#[derive(Debug, Default)]
pub(super) struct Transfers {
    /// By half the transfer's number.
    orders: Vec<Option<Order>>,
    /// By the transfer's number.
    moving: Vec<Option<Moving>>,
    /// The transfer that the DMA last turned away from, and when.
    turned_from: Option<(Moving, u64)>,
}

impl Transfers {
    /// The control block orders the transfers of data and mask, because of `cause`.
    pub(super) fn ordered(&mut self, graph: &mut Graph, cause: Exit, at: u64, ordered: TransferOrder) {
        graph.hold(cause.node);
        let order = Order {
            cause,
            at,
            operation: ordered.operation,
        };
        if let Some(before) = replace_at(&mut self.orders, ordered.transfer as usize / 2, order) {
            graph.release(before.cause.node);
        }
    }

    /// The DMA begins a transfer. If it had queued while another one was being requested, it had waited for that one.
    pub(super) fn began(&mut self, graph: &mut Graph, at: u64, record: TransferRecord) {
        let order = self.orders.get(record.transfer as usize / 2).copied().flatten();
        let Some(order) = order else { return };
        let work = Work::Transfer {
            traffic: record.traffic,
            outward: record.outward,
            operation: order.operation,
        };
        let before = self.turned_from.filter(|&(_, requested)| requested > order.at);
        let (cause, start) = match before {
            Some((before, _)) => {
                let split = before.times.split(at);
                let node = before.node;
                (Exit { node, split }, at)
            }
            None => (order.cause, order.at),
        };
        let moving = Moving {
            transfer: record.transfer,
            work,
            node: graph.add(work, start, Some(cause)),
            times: TransferTimes {
                start,
                began: at,
                answered: None,
            },
        };
        if let Some(before) = replace_at(&mut self.moving, record.transfer as usize, moving) {
            graph.release(before.node);
        }
    }

    /// The DMA turns away from a transfer. If it had served more urgent ones in between, the transfer had waited for the last
    /// of them.
    pub(super) fn requested(&mut self, graph: &mut Graph, transfer: u32, at: u64) {
        let moving = self.moving.get(transfer as usize).copied().flatten();
        let Some(mut moving) = moving else { return };
        let preempted = self
            .turned_from
            .filter(|&(other, turned)| other.transfer != transfer && turned > moving.times.began);
        if let Some((other, turned)) = preempted {
            let cause = Exit {
                node: other.node,
                split: other.times.split(turned),
            };
            let resumed = graph.add(moving.work, turned, Some(cause));
            graph.release(moving.node);
            moving.node = resumed;
            (moving.times.start, moving.times.began) = (turned, turned);
            self.moving[transfer as usize] = Some(moving);
        }
        graph.hold(moving.node);
        if let Some((before, _)) = self.turned_from.replace((moving, at)) {
            graph.release(before.node);
        }
    }

    /// The last answer to a transfer has arrived.
    pub(super) fn answered(&mut self, transfer: u32, at: u64) {
        let moving = self.moving.get_mut(transfer as usize);
        if let Some(moving) = moving.and_then(Option::as_mut) {
            moving.times.answered = Some(at);
        }
    }

    /// The control block learns that a transfer has ended. The caller must release the node that is left.
    pub(super) fn done(&mut self, graph: &mut Graph, transfer: usize, at: u64) -> Option<Exit> {
        if let Some(moved) = self.moving.get_mut(transfer).and_then(Option::take) {
            return Some(Exit {
                node: moved.node,
                split: moved.times.split(at),
            });
        }
        // There was nothing to move.
        let order = self.orders.get(transfer / 2).copied().flatten()?;
        let work = Work::Transfer {
            traffic: Traffic::Masks,
            outward: false,
            operation: order.operation,
        };
        Some(Exit {
            node: graph.add(work, order.at, Some(order.cause)),
            split: [at - order.at, 0, 0, 0],
        })
    }
}

/// Puts `value` at `place` and returns the previous value.
fn replace_at<T: Clone>(places: &mut Vec<Option<T>>, place: usize, value: T) -> Option<T> {
    if place >= places.len() {
        places.resize(place + 1, None);
    }
    places[place].replace(value)
}
