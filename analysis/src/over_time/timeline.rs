//! What happened over time, in a few hundred bins, however long the run: recorded as a trace is, kept in bounded memory.

use components::memory::label::{READ_DATA, WRITE_DATA};
use components::trace_labels::{
    BUFFER_OCCUPANCY, LAYER_NORM_TILE, MAC_TILE, SOFTMAX_TILE, STALL, STALL_BEGAN,
};
use components::units::BLOCK;
use scenarios::system::{Plan, TrackKind};
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

/// The most bins; when a run outgrows them, each two become one of twice the width.
const BINS: usize = 240;

/// The most rows of the activity map; PEs beyond them share rows.
const ROWS: usize = 64;

/// Reasons for idle lanes, in the order of the stall account.
pub const CAUSES: usize = 8;

/// What is summed up in each bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Ticks at work, over all MAC lanes.
    MacLanes,
    /// Ticks at work, over all softmax modules.
    Softmax,
    /// Ticks at work, over all layer-norm modules.
    LayerNorm,
    /// Bytes read from main memory, by whomever.
    Read,
    /// Bytes written to it.
    Written,
    /// Byte-ticks in the buffer of that number: activation, weight, mask.
    Buffer(usize),
    /// Ticks with idle lanes for the cause of that number.
    Stalled(usize),
    /// Ticks at work of the lanes of the PEs of that row.
    Row(usize),
}

impl Quantity {
    const BEFORE_ROWS: usize = 8 + CAUSES;

    fn place(self) -> usize {
        match self {
            Self::MacLanes => 0,
            Self::Softmax => 1,
            Self::LayerNorm => 2,
            Self::Read => 3,
            Self::Written => 4,
            Self::Buffer(buffer) => 5 + buffer,
            Self::Stalled(cause) => 8 + cause,
            Self::Row(row) => Self::BEFORE_ROWS + row,
        }
    }
}

/// What an actor's records mean for the timeline.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    Nothing,
    Lane { row: usize },
    Softmax,
    LayerNorm,
    ControlBlock,
    Buffer(usize),
    Channel,
}

/// The bins of a run.
#[derive(Clone, Debug)]
pub struct Timeline {
    meanings: Vec<Meaning>,
    /// Ticks a bin.
    width: u64,
    /// For each quantity its bins.
    sums: Vec<[f64; BINS]>,
    /// For each buffer what it holds, and since when.
    held: [(u64, u64); 3],
    end: u64,
    /// PEs a row of the activity map.
    pub pes_a_row: usize,
}

/// The sink that fills a timeline.
#[derive(Clone, Debug)]
pub struct TimelineSink(Timeline);

impl TimelineSink {
    /// An empty timeline of a run of `plan`, about its own accelerator and main memory.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        Self(Timeline::new(plan))
    }

    /// What was recorded.
    pub fn timeline(&self) -> Timeline {
        let mut timeline = self.0.clone();
        timeline.settle_buffers();
        timeline
    }
}

impl TraceSink for TimelineSink {
    fn span(&mut self, span: Span) {
        self.0.span(&span);
    }

    fn instant(&mut self, _actor: ActorId, _at: Tick, _label: Label) {}

    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        if counter == BUFFER_OCCUPANCY {
            self.0.occupancy(actor, at.0, value);
        }
    }
}

impl Timeline {
    fn new(plan: &Plan) -> Self {
        let pes = plan.machine.scenario.accelerator.processing_elements as usize;
        let pes_a_row = pes.div_ceil(ROWS).max(1);
        let (mut pe, mut buffer) = (0, 0);
        let tracks = plan.tracks();
        let meanings = tracks.iter().map(|track| {
            let own = track.machine == 0;
            match track.kind {
                TrackKind::Channel | TrackKind::IdealMemory => Meaning::Channel,
                _ if !own => Meaning::Nothing,
                TrackKind::ProcessingElement => {
                    pe += 1;
                    Meaning::Nothing
                }
                TrackKind::MacLane => Meaning::Lane {
                    row: (pe - 1) / pes_a_row,
                },
                TrackKind::Softmax => Meaning::Softmax,
                TrackKind::LayerNorm => Meaning::LayerNorm,
                TrackKind::ControlBlock => Meaning::ControlBlock,
                TrackKind::Buffer => {
                    buffer += 1;
                    Meaning::Buffer(buffer - 1)
                }
                _ => Meaning::Nothing,
            }
        });
        let meanings = meanings.collect();
        Self {
            meanings,
            width: 1,
            sums: vec![[0.0; BINS]; Quantity::BEFORE_ROWS + pes.div_ceil(pes_a_row)],
            held: [(0, 0); 3],
            end: 0,
            pes_a_row,
        }
    }

    fn span(&mut self, span: &Span) {
        let Some(meaning) = self.meanings.get(span.actor.index()).copied() else {
            return;
        };
        let (start, end, kind) = (span.start.0, span.end.0, span.label.kind);
        match (meaning, kind) {
            (Meaning::Lane { row }, MAC_TILE) => {
                self.spread(Quantity::MacLanes, start, end, 1.0);
                self.spread(Quantity::Row(row), start, end, 1.0);
            }
            (Meaning::Softmax, SOFTMAX_TILE) => self.spread(Quantity::Softmax, start, end, 1.0),
            (Meaning::LayerNorm, LAYER_NORM_TILE) => self.spread(Quantity::LayerNorm, start, end, 1.0),
            (Meaning::Channel, READ_DATA | WRITE_DATA) => {
                let quantity = match kind {
                    READ_DATA => Quantity::Read,
                    _ => Quantity::Written,
                };
                let a_tick = BLOCK.0 as f64 / (end - start).max(1) as f64;
                self.spread(quantity, start, end.max(start + 1), a_tick);
            }
            (Meaning::ControlBlock, STALL..STALL_BEGAN) => {
                self.spread(Quantity::Stalled(usize::from(kind - STALL)), start, end, 1.0);
            }
            _ => {}
        }
    }

    fn occupancy(&mut self, actor: ActorId, at: u64, value: u64) {
        if let Some(Meaning::Buffer(buffer)) = self.meanings.get(actor.index()).copied() {
            let (before, since) = self.held[buffer];
            self.spread(Quantity::Buffer(buffer), since, at, before as f64);
            self.held[buffer] = (value, at);
        }
    }

    /// What buffers hold at the end they have held since their last change.
    fn settle_buffers(&mut self) {
        for buffer in 0..self.held.len() {
            let (value, since) = self.held[buffer];
            self.spread(Quantity::Buffer(buffer), since, self.end, value as f64);
            self.held[buffer] = (value, self.end);
        }
    }

    /// Adds `a_tick` for each tick from `start` to `end`.
    fn spread(&mut self, quantity: Quantity, start: u64, end: u64, a_tick: f64) {
        while end > self.width * BINS as u64 {
            self.fold();
        }
        self.end = self.end.max(end);
        let bins = &mut self.sums[quantity.place()];
        let mut from = start;
        while from < end {
            let bin = from / self.width;
            let to = end.min((bin + 1) * self.width);
            bins[bin as usize] += (to - from) as f64 * a_tick;
            from = to;
        }
    }

    fn fold(&mut self) {
        self.width *= 2;
        for bins in &mut self.sums {
            for bin in 0..BINS {
                let pair = [2 * bin, 2 * bin + 1].map(|part| bins.get(part).copied().unwrap_or(0.0));
                bins[bin] = pair[0] + pair[1];
            }
        }
    }

    /// Bins with anything in them.
    pub fn bins(&self) -> usize {
        self.end.div_ceil(self.width) as usize
    }

    /// Rows of the activity map.
    pub fn rows(&self) -> usize {
        self.sums.len() - Quantity::BEFORE_ROWS
    }

    /// Where bin number `bin` begins and ends; the last one ends with the run.
    pub fn span_of(&self, bin: usize) -> (u64, u64) {
        let start = bin as u64 * self.width;
        (start, (start + self.width).min(self.end))
    }

    /// A quantity a tick, bin by bin.
    pub fn rate(&self, quantity: Quantity) -> Vec<f64> {
        let bins = &self.sums[quantity.place()];
        (0..self.bins())
            .map(|bin| {
                let (start, end) = self.span_of(bin);
                bins[bin] / (end - start).max(1) as f64
            })
            .collect()
    }

    /// A quantity over the whole run.
    pub fn total(&self, quantity: Quantity) -> f64 {
        self.sums[quantity.place()].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use sim_core::Engine;

    use super::*;

    /// What is summed up over time is what the run itself has counted, however often bins were folded.
    #[test]
    fn sums_are_those_of_the_run() {
        for name in ["tiny-trace", "bert-tiny-edge", "bert-tiny-train"] {
            let plan = Plan::load(&Scenario::shipped(name).unwrap()).unwrap();
            let mut sink = TimelineSink::new(&plan);
            let system = plan.build(Engine::Wheel).unwrap();
            let measured = system.run_traced(&plan, &mut sink).unwrap();
            let timeline = sink.timeline();
            let near = |what: &str, summed: f64, counted: f64| {
                let error = (summed - counted).abs();
                assert!(
                    error <= 1e-9 * counted.max(1.0),
                    "{name}, {what}: {summed} of {counted}"
                );
            };
            let machine = &measured.machine;
            near(
                "lanes",
                timeline.total(Quantity::MacLanes),
                machine.lanes.busy.0 as f64,
            );
            near(
                "softmax",
                timeline.total(Quantity::Softmax),
                machine.softmax.1.0 as f64,
            );
            near(
                "layer norm",
                timeline.total(Quantity::LayerNorm),
                machine.layer_norm.1.0 as f64,
            );
            // Forwarded and merged requests have no burst of their own.
            let memory = &measured.memory;
            let spared = (memory.forwarded_reads + memory.merged_reads) * BLOCK.0;
            let read = memory.read_bytes - spared;
            near("read", timeline.total(Quantity::Read), read as f64);
            let spared = (memory.merged_writes + memory.still_queued) * BLOCK.0;
            let written = memory.write_bytes - spared;
            near("written", timeline.total(Quantity::Written), written as f64);
            let rows = (0..timeline.rows()).map(|row| timeline.total(Quantity::Row(row)));
            near("rows", rows.sum(), machine.lanes.busy.0 as f64);
            assert!(
                timeline.bins() <= BINS && timeline.bins() > BINS / 3,
                "{}",
                timeline.bins()
            );
        }
    }
}
