//! Activity over time, in a few hundred bins however long the run: recorded like a trace, kept in bounded memory.

use components::control_block::StallCause;
use components::energy_part::ByPart;
use components::memory::Access;
use components::memory::label::MemoryEvent;
use components::trace_event::{Counter, Event, TileUnit};
use components::units::{BLOCK, NanoJoules};
use scenarios::system::{Plan, Track, TrackKind};
use sim_core::{Activity, ActorId, Label, Span, Tick, TraceSink};

use crate::power::{Accounts, Meter};

/// The most bins. When a run outgrows them, each two are merged into one of twice the width.
const BINS: usize = 240;

/// The most rows of the activity map; with more PEs than that, PEs share rows.
const ROWS: usize = 64;

/// Reasons for idle lanes, in the order of the stall account.
pub const CAUSES: usize = StallCause::ALL.len();

/// A quantity that is summed up in each bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Busy ticks, over all MAC lanes.
    MacLanes,
    /// Busy ticks, over all softmax modules.
    Softmax,
    /// Busy ticks, over all layer-norm modules.
    LayerNorm,
    /// Bytes read from main memory, by any requestor.
    Read,
    /// Bytes written to it.
    Written,
    /// Byte-ticks in the buffer with that number: activation, weight, mask.
    Buffer(usize),
    /// Ticks with idle lanes for the cause with that number; for the bandwidth of buffers, idle ticks of lanes, averaged over all.
    Stalled(usize),
    /// Busy ticks of the lanes of the PEs in that row.
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

/// How the timeline counts an actor.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Whether it belongs to the scenario's own accelerator.
    is_own: bool,
    /// For a lane the row of its PE, for a buffer its number.
    number: usize,
}

/// The bins of a run.
#[derive(Clone, Debug)]
pub struct Timeline {
    places: Vec<Place>,
    /// MAC lanes of the scenario's own accelerator.
    lanes: f64,
    /// Ticks per bin.
    width: u64,
    /// The bins of each quantity.
    sums: Vec<[f64; BINS]>,
    /// For each buffer, what it holds and since when.
    held: [(u64, u64); 3],
    power: PowerBins,
    end: u64,
    /// PEs per row of the activity map.
    pub pes_per_row: usize,
}

/// Energy in the bins of a timeline, in nJ.
#[derive(Clone, Debug)]
struct PowerBins {
    /// Charged in each bin.
    charged: [f64; BINS],
    /// By how much the charge per tick changes after each bin.
    change: [f64; BINS],
}

/// The sink that fills a timeline.
#[derive(Clone, Debug)]
pub struct TimelineSink {
    timeline: Timeline,
    meter: Meter<f64>,
    now: Tick,
}

impl TimelineSink {
    /// An empty timeline for a run of `plan`, covering its own accelerator and main memory.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let tracks = plan.tracks();
        let mut timeline = Timeline::new(plan, &tracks);
        Self {
            meter: Meter::new(plan, &tracks, &mut timeline),
            timeline,
            now: Tick::ZERO,
        }
    }

    /// The recorded timeline.
    #[must_use]
    pub fn timeline(&self) -> Timeline {
        let Self {
            mut timeline,
            mut meter,
            now,
        } = self.clone();
        meter.finish(now, &mut timeline);
        timeline.settle_buffers();
        timeline
    }
}

impl TraceSink for TimelineSink {
    fn at(&mut self, now: Tick) {
        self.now = now;
        self.meter.switch_on(now, &mut self.timeline);
    }

    fn span(&mut self, span: Span) {
        self.timeline.span(&span);
        self.meter.span(&span, &mut self.timeline);
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.meter.instant(actor, at, label, &mut self.timeline);
    }

    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        if Counter::of(counter) == Some(Counter::BufferOccupancy) {
            self.timeline.occupancy(actor, at.0, value);
        }
    }

    fn wants_activities(&self) -> bool {
        true
    }

    fn activity(&mut self, activity: Activity) {
        self.meter.activity(&activity, &mut self.timeline);
    }
}

/// Charges the energy of the scenario's own machine and of main memory to the bins in which it is spent.
impl Accounts for Timeline {
    type Price = f64;

    fn price(energy: &ByPart<NanoJoules>) -> f64 {
        energy.total().0
    }

    fn charge(&mut self, machine: usize, start: u64, end: u64, price: &f64, amount: f64) {
        if machine != 0 {
            return;
        }
        let end = end.max(start + 1);
        let a_tick = price * amount / (end - start) as f64;
        self.reach(end);
        add_evenly(&mut self.power.charged, self.width, (start, end), a_tick);
    }

    fn change(&mut self, machine: usize, tick: u64, price: &f64, factor: f64) {
        if machine != 0 {
            return;
        }
        self.reach(tick + 1);
        let bin = tick / self.width;
        let left = ((bin + 1) * self.width - tick) as f64;
        self.power.charged[bin as usize] += price * factor * left;
        self.power.change[bin as usize] += price * factor;
    }
}

impl Timeline {
    fn new(plan: &Plan, tracks: &[Track]) -> Self {
        let pes = plan.machine.scenario.accelerator.processing_elements as usize;
        let pes_per_row = pes.div_ceil(ROWS).max(1);
        let (mut pe, mut buffer) = (0, 0);
        let places = tracks.iter().map(|track| {
            let is_own = track.machine == 0;
            let number = match track.kind {
                TrackKind::MacLane if is_own => (pe - 1) / pes_per_row,
                TrackKind::Buffer if is_own => {
                    buffer += 1;
                    buffer - 1
                }
                _ => 0,
            };
            pe += usize::from(is_own && track.kind == TrackKind::ProcessingElement);
            Place { is_own, number }
        });
        Self {
            places: places.collect(),
            lanes: plan.machine.scenario.accelerator.lanes() as f64,
            width: 1,
            sums: vec![[0.0; BINS]; Quantity::BEFORE_ROWS + pes.div_ceil(pes_per_row)],
            held: [(0, 0); 3],
            power: PowerBins {
                charged: [0.0; BINS],
                change: [0.0; BINS],
            },
            end: 0,
            pes_per_row,
        }
    }

    fn span(&mut self, span: &Span) {
        let (start, end) = (span.start.0, span.end.0);
        let place = self.places.get(span.actor.index()).copied();
        match (Event::of(span.label), place) {
            (Some(Event::Memory(MemoryEvent::Burst { access, .. })), _) => {
                let quantity = match access {
                    Access::Read => Quantity::Read,
                    Access::Write => Quantity::Written,
                };
                let per_tick = BLOCK.0 as f64 / (end - start).max(1) as f64;
                self.spread(quantity, start, end.max(start + 1), per_tick);
            }
            (Some(event), Some(place)) if place.is_own => match event {
                Event::Tile(TileUnit::MacLane, _) => {
                    self.spread(Quantity::MacLanes, start, end, 1.0);
                    self.spread(Quantity::Row(place.number), start, end, 1.0);
                }
                Event::Tile(TileUnit::Softmax, _) => self.spread(Quantity::Softmax, start, end, 1.0),
                Event::Tile(TileUnit::LayerNorm, _) => self.spread(Quantity::LayerNorm, start, end, 1.0),
                Event::OperandsAwaited { .. } => {
                    let cause = StallCause::BufferBandwidth as usize;
                    self.spread(Quantity::Stalled(cause), start, end, 1.0 / self.lanes);
                }
                Event::Stall(stall) => self.spread(Quantity::Stalled(stall.cause as usize), start, end, 1.0),
                _ => {}
            },
            _ => {}
        }
    }

    fn occupancy(&mut self, actor: ActorId, at: u64, value: u64) {
        if let Some(Place {
            is_own: true,
            number: buffer,
        }) = self.places.get(actor.index()).copied()
        {
            let (before, since) = self.held[buffer];
            self.spread(Quantity::Buffer(buffer), since, at, before as f64);
            self.held[buffer] = (value, at);
        }
    }

    /// Accounts for what each buffer has held since its last change.
    fn settle_buffers(&mut self) {
        for buffer in 0..self.held.len() {
            let (value, since) = self.held[buffer];
            self.spread(Quantity::Buffer(buffer), since, self.end, value as f64);
            self.held[buffer] = (value, self.end);
        }
    }

    /// Adds `per_tick` for each tick from `start` to `end`.
    fn spread(&mut self, quantity: Quantity, start: u64, end: u64, per_tick: f64) {
        self.reach(end);
        add_evenly(
            &mut self.sums[quantity.place()],
            self.width,
            (start, end),
            per_tick,
        );
    }

    /// Makes room for activity until `end`.
    fn reach(&mut self, end: u64) {
        while end > self.width * BINS as u64 {
            self.fold();
        }
        self.end = self.end.max(end);
    }

    fn fold(&mut self) {
        for bins in &mut self.sums {
            fold(bins);
        }
        // A change after the first of two bins holds throughout the second.
        let width = self.width as f64;
        for (charged, change) in self.power.charged.iter_mut().zip(&self.power.change).step_by(2) {
            *charged += change * width;
        }
        fold(&mut self.power.charged);
        fold(&mut self.power.change);
        self.width *= 2;
    }

    /// The energy of the scenario's own machine and of main memory in each bin, in nJ.
    #[must_use]
    pub fn energies(&self) -> Vec<f64> {
        let mut level = 0.0;
        (0..self.bins())
            .map(|bin| {
                let energy = self.power.charged[bin] + level * self.width as f64;
                level += self.power.change[bin];
                energy
            })
            .collect()
    }

    /// Number of bins in use.
    pub fn bins(&self) -> usize {
        self.end.div_ceil(self.width) as usize
    }

    /// Rows of the activity map.
    pub fn rows(&self) -> usize {
        self.sums.len() - Quantity::BEFORE_ROWS
    }

    /// Start and end of bin number `bin`; the last one ends with the run.
    pub fn span_of(&self, bin: usize) -> (u64, u64) {
        let start = bin as u64 * self.width;
        (start, (start + self.width).min(self.end))
    }

    /// A quantity per tick, bin by bin.
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

/// Adds `per_tick` for each tick from `start` to `end` to bins of `width` ticks.
fn add_evenly(bins: &mut [f64; BINS], width: u64, (start, end): (u64, u64), per_tick: f64) {
    let mut from = start;
    while from < end {
        let bin = from / width;
        let to = end.min((bin + 1) * width);
        bins[bin as usize] += (to - from) as f64 * per_tick;
        from = to;
    }
}

/// Merges each two bins into one.
fn fold(bins: &mut [f64; BINS]) {
    for bin in 0..BINS {
        let pair = [2 * bin, 2 * bin + 1].map(|part| bins.get(part).copied().unwrap_or(0.0));
        bins[bin] = pair[0] + pair[1];
    }
}

#[cfg(test)]
mod tests;
