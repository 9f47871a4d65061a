//! The sink that follows who waits for whom while a run goes on.

use std::collections::BTreeMap;

use components::trace_labels as labels;
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

    /// The path, once the last operation has finished; from then on the sink has none.
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

#[derive(Debug)]
struct Links {
    places: Vec<Place>,
    graph: Graph,
    /// What the control block has just learned.
    current: Option<Exit>,
    /// Runs whose units can take the next one, and whose results are on their way.
    finishing: BTreeMap<FirstTile, InHand>,
    transfers: Transfers,
    path: Option<CriticalPath>,
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
            transfers: Transfers::default(),
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
                self.transfers.answered(span.label.work, span.end.0);
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
            (Meaning::Dma, labels::TRANSFER_BEGAN) => self.transfers.began(&mut self.graph, at, label),
            (Meaning::Dma, labels::TRANSFER_REQUESTED) => {
                self.transfers.requested(&mut self.graph, label.work, at);
            }
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
            labels::TRANSFER_DONE => {
                let done = self.transfers.done(&mut self.graph, label.part as usize, at);
                self.set_current(done);
                if let Some(done) = done {
                    self.graph.release(done.node);
                }
            }
            labels::TRANSFER_ORDERED | labels::NOTHING_MOVES => {
                if let Some(cause) = self.current {
                    self.transfers.ordered(&mut self.graph, cause, at, label);
                }
            }
            labels::FINISHED => self.path = self.current.map(|last| self.graph.path(last)),
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
}
