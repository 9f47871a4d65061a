//! The sink that follows causes during a run.

use std::collections::BTreeMap;

use components::trace_event::{Event, TilePlace};
use scenarios::system::{Plan, TrackKind};
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

use super::graph::{Exit, Graph, NodeId};
use super::step::{CriticalPath, Part, Work};
use super::times::RunTimes;
use super::transfers::Transfers;

/// A sink that finds the critical path of the scenario's own accelerator.
#[derive(Debug)]
pub struct CriticalPathSink(Links);

impl CriticalPathSink {
    /// A sink for a run of `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self(Links::new(plan))
    }

    /// The path, once the last operation has finished.
    #[must_use]
    pub fn path(&self) -> Option<&CriticalPath> {
        self.0.path.as_ref()
    }

    /// Takes the path, once the last operation has finished.
    pub fn take_path(&mut self) -> Option<CriticalPath> {
        self.0.path.take()
    }
}

impl TraceSink for CriticalPathSink {
    fn span(&mut self, span: Span) {
        self.0.span(&span);
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.0.instant(actor, at.0, label);
    }

    fn counter(&mut self, _actor: ActorId, _at: Tick, _counter: u16, _value: u64) {}
}

/// A run in flight, until it is written back.
#[derive(Clone, Copy, Debug)]
struct InHand {
    node: NodeId,
    times: RunTimes,
}

/// Per-actor state, kept in one struct for locality: there are more lanes than fit in a cache.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Whether it belongs to the scenario's own accelerator: the path covers only that.
    is_own: bool,
    /// The part of a step that a lane's or module's work counts as.
    unit: Option<Part>,
    /// The end of the last tile it has started.
    busy_until: u64,
    /// Its current run, until it can take the next one, and the run's first tile.
    run: Option<(InHand, TilePlace)>,
}

#[derive(Debug)]
struct Links {
    places: Vec<Place>,
    graph: Graph,
    /// What the control block has just learned.
    current: Option<Exit>,
    /// Runs whose results are in flight and whose units can already take the next run.
    finishing: BTreeMap<TilePlace, InHand>,
    transfers: Transfers,
    path: Option<CriticalPath>,
}

impl Links {
    fn new(plan: &Plan) -> Self {
        let tracks = plan.tracks();
        let places = tracks.iter().map(|track| Place {
            is_own: track.machine == 0,
            unit: match track.kind {
                TrackKind::MacLane => Some(Part::MacLanes),
                TrackKind::Softmax => Some(Part::Softmax),
                TrackKind::LayerNorm => Some(Part::LayerNorm),
                _ => None,
            },
            busy_until: 0,
            run: None,
        });
        Self {
            places: places.collect(),
            graph: Graph::default(),
            current: None,
            finishing: BTreeMap::new(),
            transfers: Transfers::default(),
            path: None,
        }
    }

    #[inline]
    fn span(&mut self, span: &Span) {
        let Some(place) = self.places.get_mut(span.actor.index()) else {
            return;
        };
        match Event::of(span.label) {
            Some(Event::Tile(..)) if place.is_own => {
                place.busy_until = span.end.0;
                if let Some((run, _)) = &mut place.run {
                    run.times.tile(span.start.0, span.end.0);
                }
            }
            Some(Event::Transfer(record)) if place.is_own => {
                self.transfers.answered(record.transfer, span.end.0);
            }
            _ => {}
        }
    }

    fn instant(&mut self, actor: ActorId, at: u64, label: Label) {
        let Some(place) = self.places.get_mut(actor.index()).filter(|place| place.is_own) else {
            return;
        };
        let Some(event) = Event::of(label) else { return };
        match event {
            Event::RunIssued(first) => self.run_issued(actor, at, first),
            Event::RunStarted(_) => {
                if let Some((run, _)) = &mut place.run {
                    run.times.started = Some(at);
                }
            }
            Event::TransferBegan(record) => self.transfers.began(&mut self.graph, at, record),
            Event::TransferRequested { transfer } => {
                self.transfers.requested(&mut self.graph, transfer, at);
            }
            Event::Started => {
                let node = self.graph.add(Work::Start, at, None);
                self.set_current(Some(Exit { node, split: [0; 4] }));
                self.graph.release(node);
            }
            Event::UnitFreed(unit) => self.unit_freed(unit.index(), at),
            Event::RunRetired(first) => self.run_retired(first, at),
            Event::TransferDone { transfer } => {
                let done = self.transfers.done(&mut self.graph, transfer as usize, at);
                self.set_current(done);
                if let Some(done) = done {
                    self.graph.release(done.node);
                }
            }
            Event::TransferOrdered(order) | Event::NothingMoves(order) => {
                if let Some(cause) = self.current {
                    self.transfers.ordered(&mut self.graph, cause, at, order);
                }
            }
            Event::Finished => self.path = self.current.map(|last| self.graph.path(last)),
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

    fn run_issued(&mut self, actor: ActorId, at: u64, first: TilePlace) {
        let place = &mut self.places[actor.index()];
        let Some(unit) = place.unit else { return };
        let work = Work::Run {
            unit,
            operation: first.operation,
        };
        let run = InHand {
            node: self.graph.add(work, at, self.current),
            times: RunTimes::issued(at, place.busy_until),
        };
        place.run = Some((run, first));
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

    fn run_retired(&mut self, first_tile: TilePlace, at: u64) {
        let Some(run) = self.finishing.remove(&first_tile) else {
            return self.set_current(None);
        };
        self.set_current(Some(Exit {
            node: run.node,
            split: run.times.split(at),
        }));
        self.graph.release(run.node);
    }
}
