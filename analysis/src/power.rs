//! Power over time: the work of every part is charged when it is done, and read microsecond by microsecond.
//!
//! The prices are those that the run's result uses for the same actions, from
//! [`energy_prices`](scenarios::system::energy_prices) and [`MemoryPrices`](scenarios::system::MemoryPrices), so the counters
//! integrate to the energies of the result. Pages draw what the same meter charges to their bins.

mod accounts;
mod ledger;
mod memory;
mod meter;

use std::sync::LazyLock;

use components::energy_part::{ByPart, EnergyPart};
use components::units::NanoJoules;
use scenarios::system::{Plan, Track, TrackKind};
use sim_core::{Activity, ActorId, Label, Span, Tick, Ticks};

pub(crate) use self::accounts::Accounts;
use self::ledger::Ledger;
pub(crate) use self::meter::Meter;
use crate::ticks::ticks_per_microsecond;

/// Kind of the first power counter; see [`counter_name`].
const POWER: u16 = 0x200;

/// Power counters: one for each part, and their sum.
const COUNTERS: usize = EnergyPart::ALL.len() + 1;

/// The parts in the order of their counters: those on the chip, then main memory.
fn counted() -> [EnergyPart; EnergyPart::ALL.len()] {
    let mut parts = EnergyPart::ALL;
    parts.rotate_left(1);
    parts
}

/// The name of a power counter, such as `leakage_milliwatts`; `None` if `counter` is not one.
#[must_use]
pub fn counter_name(counter: u16) -> Option<&'static str> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let keys = counted().map(EnergyPart::key).into_iter().chain(["total"]);
        keys.map(|key| format!("{key}_milliwatts")).collect()
    });
    let place = counter.checked_sub(POWER)?;
    NAMES.get(usize::from(place)).map(String::as_str)
}

/// A new value of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The track.
    pub actor: u32,
    /// The counter.
    pub kind: u16,
    /// From when it holds.
    pub at: Tick,
    /// In mW.
    pub value: u64,
}

/// The ledgers of all machines; `None` for machines that are not read.
struct Ledgers(Vec<Option<Ledger>>);

impl Accounts for Ledgers {
    type Price = ByPart<NanoJoules>;

    fn price(energy: &ByPart<NanoJoules>) -> Self::Price {
        *energy
    }

    #[inline]
    fn charge(&mut self, machine: usize, start: u64, end: u64, price: &Self::Price, amount: f64) {
        if let Some(Some(ledger)) = self.0.get_mut(machine) {
            ledger.charge(start, end, price, amount);
        }
    }

    fn change(&mut self, machine: usize, tick: u64, price: &Self::Price, factor: f64) {
        if let Some(Some(ledger)) = self.0.get_mut(machine) {
            ledger.change(tick, price, factor);
        }
    }
}

/// Meters the power of all machines of a run. Main memory is charged to the scenario's own.
pub struct PowerMeter {
    meter: Meter<ByPart<NanoJoules>>,
    ledgers: Ledgers,
    /// Ticks per microsecond.
    window: u64,
    now: Tick,
    /// The end of the current microsecond.
    next: Tick,
}

impl PowerMeter {
    /// A meter for a run of `plan`, for the machines whose tracks are `selected`, read within `span`; `None` if none is
    /// selected.
    #[must_use]
    pub fn new(plan: &Plan, tracks: &[Track], selected: &[bool], span: (Tick, Tick)) -> Option<Self> {
        let powers = tracks.iter().enumerate();
        let powers = powers.filter(|(_, track)| track.kind == TrackKind::Power);
        let window = ticks_per_microsecond(plan);
        // mW are nJ per microsecond.
        let microseconds = window as f64 * plan.timebase.nanoseconds(Ticks(1)) / 1e3;
        let ledgers = powers
            .map(|(place, _)| selected[place].then(|| Ledger::new(place as u32, window, microseconds, span)));
        let mut ledgers = Ledgers(ledgers.collect());
        if ledgers.0.iter().all(Option::is_none) {
            return None;
        }
        Some(Self {
            meter: Meter::new(plan, tracks, &mut ledgers),
            ledgers,
            window,
            now: Tick::ZERO,
            next: Tick(window),
        })
    }

    /// Charges the energy of tiles.
    #[inline]
    pub fn span(&mut self, span: &Span) {
        self.meter.span(span, &mut self.ledgers);
    }

    /// Charges main memory's commands, and ends the leakage of a machine that is finished.
    pub fn instant(&mut self, actor: ActorId, at: Tick, label: &Label) {
        self.meter.instant(actor, at, *label, &mut self.ledgers);
    }

    /// Charges activities, which have no record of their own.
    #[inline]
    pub fn activity(&mut self, activity: &Activity) {
        self.meter.activity(activity, &mut self.ledgers);
    }

    /// Advances to `now`, before anything that is recorded then; whether a microsecond has ended and readings are due.
    #[inline]
    pub fn advance(&mut self, now: Tick) -> bool {
        self.now = now;
        now >= self.next
    }

    /// Passes final readings to `emit`.
    pub fn read(&mut self, emit: &mut dyn FnMut(Reading)) {
        let now = self.now;
        self.next = Tick((now.0 / self.window + 1) * self.window);
        self.meter.switch_on(now, &mut self.ledgers);
        for (machine, ledger) in self.ledgers.0.iter_mut().enumerate() {
            if let Some(ledger) = ledger {
                ledger.close(self.meter.told(machine, now), emit);
            }
        }
    }

    /// The run has ended or was cancelled: ends ongoing charges and emits the remaining readings.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Reading)) {
        self.meter.finish(self.now, &mut self.ledgers);
        for ledger in self.ledgers.0.iter_mut().flatten() {
            ledger.finish(self.now.0, emit);
        }
    }
}
