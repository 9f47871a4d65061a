//! The sink that follows who waits for whom while a run goes on.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use components::message::Traffic;
use components::trace_labels::{self as labels, TransferPart};
use scenarios::system::{Plan, TrackKind};
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

use super::graph::{Exit, Graph, NodeId};
use super::step::{CriticalPath, Part, Work};
use super::times::{RunTimes, TransferTimes};

/// A sink that finds the critical path of the scenario's own accelerator, shared with whoever reads it afterwards.
#[derive(Clone, Debug)]
pub struct CriticalPathSink(Rc<RefCell<Links>>);

impl CriticalPathSink {
    /// A sink for a run of `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self(Rc::new(RefCell::new(Links::new(plan))))
    }

    /// The path, once the last operation has finished.
    #[must_use]
    pub fn path(&self) -> Option<Rc<CriticalPath>> {
        self.0.borrow().path.clone()
    }
}

impl TraceSink for CriticalPathSink {
    fn span(&mut self, span: Span) {
        self.0.borrow_mut().span(&span);
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.0.borrow_mut().instant(actor, at.0, label);
    }

    fn counter(&mut self, _actor: ActorId, _at: Tick, _counter: u16, _value: u64) {}
}

/// What an actor's records mean for the path.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Nothing,
    ControlBlock,
    Dma,
    /// A lane or module, whose work is this part.
    Unit(Part),
}

/// A run on its way, until it is written back.
#[derive(Clone, Copy, Debug)]
struct InHand {
    node: NodeId,
    times: RunTimes,
}

/// An actor: of lanes and modules all that a tile needs lies together, since there are more of them than a cache holds.
#[derive(Clone, Copy, Debug)]
struct Place {
    meaning: Meaning,
    /// The end of the last tile that it has begun.
    busy_until: u64,
    /// The run that it has, until it can take the next one, and the packed first tile of that.
    run: Option<(InHand, FirstTile)>,
}

/// An operation, and the packed tile of it with which a run begins.
type FirstTile = (u32, u64);

/// An order to the DMA: of data and mask, which become nodes of their own when they begin to move.
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

#[derive(Debug)]
struct Links {
    places: Vec<Place>,
    graph: Graph,
    /// What the control block has just learned.
    current: Option<Exit>,
    /// Runs whose units can take the next one, and whose results are on their way.
    finishing: BTreeMap<FirstTile, InHand>,
    /// By the transfer's number, halved.
    orders: Vec<Option<Order>>,
    /// By the transfer's number.
    moving: Vec<Option<Moving>>,
    /// The transfer that the DMA has turned away from last, and when.
    requested: Option<(Moving, u64)>,
    path: Option<Rc<CriticalPath>>,
}

impl Links {
    fn new(plan: &Plan) -> Self {
        let tracks = plan.tracks();
        let meaning = |kind| match kind {
            TrackKind::ControlBlock => Meaning::ControlBlock,
            TrackKind::Dma => Meaning::Dma,
            TrackKind::MacLane => Meaning::Unit(Part::MacLanes),
            TrackKind::Softmax => Meaning::Unit(Part::Softmax),
            TrackKind::LayerNorm => Meaning::Unit(Part::LayerNorm),
            _ => Meaning::Nothing,
        };
        let places = tracks.iter().map(|track| Place {
            meaning: match track.machine {
                0 => meaning(track.kind),
                _ => Meaning::Nothing,
            },
            busy_until: 0,
            run: None,
        });
        Self {
            places: places.collect(),
            graph: Graph::default(),
            current: None,
            finishing: BTreeMap::new(),
            orders: Vec::new(),
            moving: Vec::new(),
            requested: None,
            path: None,
        }
    }

    #[inline]
    fn meaning(&self, actor: ActorId) -> Meaning {
        self.places
            .get(actor.index())
            .map_or(Meaning::Nothing, |place| place.meaning)
    }

    #[inline]
    fn span(&mut self, span: &Span) {
        let Some(place) = self.places.get_mut(span.actor.index()) else {
            return;
        };
        match place.meaning {
            Meaning::Unit(_) => {
                place.busy_until = span.end.0;
                if let Some((run, _)) = &mut place.run {
                    run.times.tile(span.start.0, span.end.0);
                }
            }
            Meaning::Dma if span.label.kind == labels::TRANSFER => {
                let moving = self.moving.get_mut(span.label.work as usize);
                if let Some(moving) = moving.and_then(Option::as_mut) {
                    moving.times.answered = Some(span.end.0);
                }
            }
            _ => {}
        }
    }

    fn instant(&mut self, actor: ActorId, at: u64, label: Label) {
        match (self.meaning(actor), label.kind) {
            (Meaning::Unit(part), labels::RUN_ISSUED) => self.run_issued(actor, part, at, label),
            (Meaning::Unit(_), labels::RUN_STARTED) => {
                if let Some((run, _)) = &mut self.places[actor.index()].run {
                    run.times.started = Some(at);
                }
            }
            (Meaning::Dma, labels::TRANSFER_BEGAN) => self.transfer_began(at, label),
            (Meaning::Dma, labels::TRANSFER_REQUESTED) => self.transfer_requested(label.work, at),
            (Meaning::ControlBlock, kind) => self.learned(kind, at, label),
            _ => {}
        }
    }

    /// The control block learns something, or orders a transfer.
    fn learned(&mut self, kind: u16, at: u64, label: Label) {
        match kind {
            labels::STARTED => {
                let node = self.graph.add(Work::Start, at, None);
                self.set_current(Some(Exit { node, split: [0; 4] }));
                self.graph.release(node);
            }
            labels::UNIT_FREED => self.unit_freed(label.part as usize, at),
            labels::RUN_RETIRED => self.run_retired((label.work, label.part), at),
            labels::TRANSFER_DONE => self.transfer_done(label.part as usize, at),
            labels::TRANSFER_ORDERED | labels::NOTHING_MOVES => {
                let operation = (label.work != u32::MAX).then_some(label.work);
                self.transfer_ordered(label.part as usize / 2, at, operation);
            }
            labels::FINISHED => self.path = self.current.map(|last| Rc::new(self.graph.path(last))),
            _ => {}
        }
    }

    fn set_current(&mut self, exit: Option<Exit>) {
        if let Some(exit) = exit {
            self.graph.hold(exit.node);
        }
        if let Some(before) = std::mem::replace(&mut self.current, exit) {
            self.graph.release(before.node);
        }
    }

    fn run_issued(&mut self, actor: ActorId, unit: Part, at: u64, label: Label) {
        let work = Work::Run {
            unit,
            operation: label.work,
        };
        let place = &mut self.places[actor.index()];
        let run = InHand {
            node: self.graph.add(work, at, self.current),
            times: RunTimes::issued(at, place.busy_until),
        };
        place.run = Some((run, (label.work, label.part)));
    }

    fn unit_freed(&mut self, actor: usize, at: u64) {
        let run = self.places.get_mut(actor).and_then(|place| place.run.take());
        let Some((run, first_tile)) = run else {
            return self.set_current(None);
        };
        self.set_current(Some(Exit {
            node: run.node,
            split: run.times.split(at),
        }));
        self.finishing.insert(first_tile, run);
    }

    fn run_retired(&mut self, first_tile: FirstTile, at: u64) {
        let Some(run) = self.finishing.remove(&first_tile) else {
            return self.set_current(None);
        };
        self.set_current(Some(Exit {
            node: run.node,
            split: run.times.split(at),
        }));
        self.graph.release(run.node);
    }

    fn transfer_ordered(&mut self, group: usize, at: u64, operation: Option<u32>) {
        let Some(cause) = self.current else { return };
        self.graph.hold(cause.node);
        let order = Order { cause, at, operation };
        if let Some(before) = replace_at(&mut self.orders, group, order) {
            self.graph.release(before.cause.node);
        }
    }

    /// The DMA begins a transfer. If that had queued while another one was being requested, it had waited for that.
    fn transfer_began(&mut self, at: u64, label: Label) {
        let order = self.orders.get(label.work as usize / 2).copied().flatten();
        let Some(order) = order else { return };
        let part = TransferPart::unpacked(label.part);
        let work = Work::Transfer {
            traffic: part.traffic,
            outward: part.outward,
            operation: order.operation,
        };
        let before = self.requested.filter(|&(_, requested)| requested > order.at);
        let (cause, start) = match before {
            Some((before, _)) => {
                let split = before.times.split(at);
                let node = before.node;
                (Exit { node, split }, at)
            }
            None => (order.cause, order.at),
        };
        let moving = Moving {
            transfer: label.work,
            work,
            node: self.graph.add(work, start, Some(cause)),
            times: TransferTimes {
                start,
                began: at,
                answered: None,
            },
        };
        if let Some(before) = replace_at(&mut self.moving, label.work as usize, moving) {
            self.graph.release(before.node);
        }
    }

    /// The DMA turns away from a transfer. If it had turned to others in between, since they are more urgent, the transfer had
    /// waited for the last of them.
    fn transfer_requested(&mut self, transfer: u32, at: u64) {
        let moving = self.moving.get(transfer as usize).copied().flatten();
        let Some(mut moving) = moving else { return };
        let preempted = self
            .requested
            .filter(|&(other, turned)| other.transfer != transfer && turned > moving.times.began);
        if let Some((other, turned)) = preempted {
            let cause = Exit {
                node: other.node,
                split: other.times.split(turned),
            };
            let resumed = self.graph.add(moving.work, turned, Some(cause));
            self.graph.release(moving.node);
            moving.node = resumed;
            (moving.times.start, moving.times.began) = (turned, turned);
            self.moving[transfer as usize] = Some(moving);
        }
        self.graph.hold(moving.node);
        if let Some((before, _)) = self.requested.replace((moving, at)) {
            self.graph.release(before.node);
        }
    }

    fn transfer_done(&mut self, transfer: usize, at: u64) {
        let moved = self.moving.get_mut(transfer).and_then(Option::take);
        let (node, split) = match moved {
            Some(moved) => (moved.node, moved.times.split(at)),
            // There was nothing to move.
            None => {
                let order = self.orders.get(transfer / 2).copied().flatten();
                let Some(order) = order else {
                    return self.set_current(None);
                };
                let work = Work::Transfer {
                    traffic: Traffic::Masks,
                    outward: false,
                    operation: order.operation,
                };
                let node = self.graph.add(work, order.at, Some(order.cause));
                (node, [at - order.at, 0, 0, 0])
            }
        };
        self.set_current(Some(Exit { node, split }));
        self.graph.release(node);
    }
}

/// Puts `value` at `place`, and hands back what was there.
fn replace_at<T: Clone>(places: &mut Vec<Option<T>>, place: usize, value: T) -> Option<T> {
    if place >= places.len() {
        places.resize(place + 1, None);
    }
    places[place].replace(value)
}
