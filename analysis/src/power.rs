//! Power over time: what every part does is charged where it is done, microsecond by microsecond.
//!
//! The prices are those by which the run's result charges the same activities, of
//! [`EnergyPrices`](scenarios::system::EnergyPrices) and [`MemoryPrices`](scenarios::system::MemoryPrices), so the counters integrate to
//! the energies of the result.

mod ledger;
mod memory;

use components::buffer::BufferKind;
use components::trace_labels as labels;
use scenarios::system::{Energy, EnergyPrices, Plan, Track, TrackKind};
use sim_core::{Activity, ActorId, Label, Span, Tick, Ticks};

use self::ledger::Ledger;
use self::memory::MemoryMeter;
use crate::ticks::ticks_per_microsecond;

/// First kind of the counters of power, in the order of [`COUNTERS`].
pub const POWER: u16 = 0x200;

/// What is charged apart, and after that their sum.
pub const COUNTERS: [&str; PARTS + 1] = [
    "buffers_milliwatts",
    "mac_lanes_milliwatts",
    "softmax_milliwatts",
    "layer_norm_milliwatts",
    "sparsity_milliwatts",
    "stochastic_rounding_milliwatts",
    "other_milliwatts",
    "leakage_milliwatts",
    "main_memory_milliwatts",
    "total_milliwatts",
];

/// Parts that are charged.
const PARTS: usize = 9;
const MAIN_MEMORY: usize = PARTS - 1;

/// An energy by part, in nJ.
type Charge = [f64; PARTS];

fn charge(energy: &Energy) -> Charge {
    [
        energy.buffers.0,
        energy.mac_lanes.0,
        energy.softmax.0,
        energy.layer_norm.0,
        energy.sparsity.0,
        energy.stochastic_rounding.0,
        energy.other.0,
        energy.leakage.0,
        0.0,
    ]
}

/// A new value of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The track.
    pub actor: u32,
    /// The counter.
    pub kind: u16,
    /// When it begins to hold.
    pub at: Tick,
    /// In mW.
    pub value: u64,
}

/// Prices of a machine by activity.
struct Prices {
    lane: Charge,
    softmax: Charge,
    layer_norm: Charge,
    pre_compute: Charge,
    post_compute: Charge,
    result_tile: Charge,
    fetch: Charge,
    bus: Charge,
    active_pe: Charge,
    buffer: [Charge; 3],
    standing: Charge,
}

impl Prices {
    fn new(prices: &EnergyPrices) -> Self {
        Self {
            lane: charge(&prices.lane),
            softmax: charge(&prices.softmax),
            layer_norm: charge(&prices.layer_norm),
            pre_compute: charge(&prices.pre_compute),
            post_compute: charge(&prices.post_compute),
            result_tile: charge(&prices.result_tile),
            fetch: charge(&prices.fetch),
            bus: charge(&prices.bus),
            active_pe: charge(&prices.active_pe),
            buffer: prices.buffer.each_ref().map(charge),
            standing: charge(&prices.standing),
        }
    }
}

/// Meters the power of all machines of a run. Main memory is charged to the scenario's own.
pub struct PowerMeter {
    /// The machine of each actor.
    machines: Vec<u16>,
    prices: Vec<Prices>,
    ledgers: Vec<Ledger>,
    memory: Option<MemoryMeter>,
    /// When each machine starts to leak, until it has.
    starts: Vec<Option<Tick>>,
    /// Which machines leak.
    leaks: Vec<bool>,
    /// Ticks of a microsecond.
    window: u64,
    now: Tick,
    /// The end of the present microsecond.
    next: Tick,
}

impl PowerMeter {
    /// A meter of a run of `plan`, of the machines whose tracks are `selected`, which is read in a `span` of time; none if there are
    /// none.
    pub fn new(plan: &Plan, tracks: &[Track], selected: &[bool], span: (Tick, Tick)) -> Option<Self> {
        let powers = tracks.iter().enumerate();
        let powers = powers.filter(|(_, track)| track.kind == TrackKind::Power);
        let window = ticks_per_microsecond(plan);
        // mW are nJ a microsecond.
        let microseconds = window as f64 * plan.timebase.nanoseconds(Ticks(1)) / 1e3;
        let ledgers: Vec<Ledger> = powers
            .map(|(place, _)| {
                Ledger::new(
                    place as u32,
                    window,
                    microseconds,
                    selected[place].then_some(span),
                )
            })
            .collect();
        if !ledgers.iter().any(Ledger::is_shown) {
            return None;
        }
        let prices = plan
            .machines()
            .map(|machine| Prices::new(&EnergyPrices::new(machine, plan.timebase)));
        let mut meter = Self {
            machines: tracks.iter().map(|track| track.machine as u16).collect(),
            prices: prices.collect(),
            ledgers,
            memory: MemoryMeter::new(plan, tracks),
            starts: plan.machines().map(|machine| Some(machine.start)).collect(),
            leaks: plan.machines().map(|_| false).collect(),
            window,
            now: Tick::ZERO,
            next: Tick(window),
        };
        if let Some(memory) = &meter.memory {
            meter.ledgers[0].change(0, &memory.standby(), 1.0);
        }
        Some(meter)
    }

    /// The prices of an actor's machine, and where it is charged.
    fn account(&mut self, actor: ActorId) -> Option<(&Prices, &mut Ledger)> {
        let machine = usize::from(*self.machines.get(actor.index())?);
        Some((self.prices.get(machine)?, self.ledgers.get_mut(machine)?))
    }

    /// Charges what tiles cost.
    pub fn span(&mut self, span: &Span) {
        let kind = span.label.kind;
        if !matches!(
            kind,
            labels::MAC_TILE | labels::SOFTMAX_TILE | labels::LAYER_NORM_TILE
        ) {
            return;
        }
        let Some((prices, ledger)) = self.account(span.actor) else {
            return;
        };
        let price = match kind {
            labels::MAC_TILE => &prices.lane,
            labels::SOFTMAX_TILE => &prices.softmax,
            _ => &prices.layer_norm,
        };
        let ticks = span.end.since(span.start).0 as f64;
        ledger.charge(span.start.0, span.end.0, price, ticks);
    }

    /// Charges main memory's commands, and ends the leakage of a machine that is finished.
    pub fn instant(&mut self, actor: ActorId, at: Tick, label: &Label) {
        if label.kind == labels::FINISHED {
            if let Some(&machine) = self.machines.get(actor.index()) {
                self.end_leakage(usize::from(machine), at);
            }
        } else if let Some(memory) = &mut self.memory {
            memory.command(actor, at, *label, &mut self.ledgers[0]);
        }
    }

    /// Begins the leakage of machines that have started by `now`.
    fn begin_leakage(&mut self, now: Tick) {
        for (machine, start) in self.starts.iter_mut().enumerate() {
            if let Some(began) = start.take_if(|start| *start <= now) {
                self.ledgers[machine].change(began.0, &self.prices[machine].standing, 1.0);
                self.leaks[machine] = true;
            }
        }
    }

    fn end_leakage(&mut self, machine: usize, at: Tick) {
        self.begin_leakage(at);
        if std::mem::take(&mut self.leaks[machine]) {
            self.ledgers[machine].change(at.0, &self.prices[machine].standing, -1.0);
        }
    }

    /// Charges what has no record of its own.
    pub fn activity(&mut self, activity: &Activity) {
        let Some((prices, ledger)) = self.account(activity.actor) else {
            return;
        };
        let (start, end) = (activity.start.0, activity.end.0);
        let (ticks, amount) = (end.saturating_sub(start) as f64, activity.amount as f64);
        match activity.kind {
            labels::PRE_COMPUTE => ledger.charge(start, end, &prices.pre_compute, ticks),
            labels::POST_COMPUTE => {
                ledger.charge(start, end, &prices.post_compute, ticks);
                ledger.charge(start, end, &prices.result_tile, amount);
            }
            labels::OPERANDS_FETCHED => ledger.charge(start, end, &prices.fetch, amount),
            labels::BUS => ledger.charge(start, end, &prices.bus, ticks),
            labels::PE_ACTIVE => {
                let sign = if activity.amount > 0 { 1.0 } else { -1.0 };
                ledger.change(start, &prices.active_pe, sign);
            }
            kind => {
                let buffer = usize::from(kind.wrapping_sub(labels::BUFFER_ACCESS));
                if buffer <= BufferKind::Mask as usize {
                    ledger.charge(start, end, &prices.buffer[buffer], amount);
                }
            }
        }
    }

    /// Lets time go on, before anything that is recorded at `now`: whether a microsecond is over, so that there is something to read.
    #[inline]
    pub fn advance(&mut self, now: Tick) -> bool {
        self.now = now;
        now >= self.next
    }

    /// Hands readings that are final to `emit`.
    pub fn read(&mut self, emit: &mut dyn FnMut(Reading)) {
        let now = self.now;
        self.next = Tick((now.0 / self.window + 1) * self.window);
        self.begin_leakage(now);
        for (machine, ledger) in self.ledgers.iter_mut().enumerate() {
            let told = match (&self.memory, machine) {
                (Some(memory), 0) => memory.told().min(now.0),
                _ => now.0,
            };
            ledger.close(told, emit);
        }
    }

    /// The run is over, or was broken off: what goes on ends, and what is left is emitted.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Reading)) {
        let end = self.now.0;
        for machine in 0..self.leaks.len() {
            self.end_leakage(machine, self.now);
        }
        if let Some(memory) = &mut self.memory {
            memory.finish(end, &mut self.ledgers[0]);
        }
        for ledger in &mut self.ledgers {
            ledger.finish(end, emit);
        }
    }
}
