//! Main memory's energy, from the commands of its channels.

use components::memory::label::CommandKind;
use scenarios::system::{MemoryPrices, Plan, Track, TrackKind};
use sim_core::{ActorId, Label, Tick};

use super::ledger::Ledger;
use super::{Charge, MAIN_MEMORY, PARTS};

/// A channel as its commands tell of it.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// Open banks, a bit each: no channel has more than 64.
    open: u64,
    /// Its last command: earlier ones cannot come any more.
    told: u64,
}

/// Charges commands and standby of main memory.
pub(super) struct MemoryMeter {
    prices: MemoryPrices,
    /// By actor the channel.
    places: Vec<Option<usize>>,
    channels: Vec<Channel>,
}

/// So many pJ of main memory, in nJ.
fn picojoules(energy: f64) -> Charge {
    let mut charge = [0.0; PARTS];
    charge[MAIN_MEMORY] = energy * 1e-3;
    charge
}

impl MemoryMeter {
    /// A meter of the main memory of `plan`; the ideal one takes no energy.
    pub(super) fn new(plan: &Plan, tracks: &[Track]) -> Option<Self> {
        let prices = MemoryPrices::new(plan)?;
        let mut channels = 0;
        let places = tracks.iter().map(|track| {
            (track.kind == TrackKind::Channel).then(|| {
                channels += 1;
                channels - 1
            })
        });
        let places = places.collect();
        Some(Self {
            prices,
            places,
            channels: vec![Channel::default(); channels],
        })
    }

    /// Standby of all ranks with all banks closed, a tick.
    pub(super) fn standby(&self) -> Charge {
        let cycle = self.prices.table.idle_cycle.0 * f64::from(self.prices.ranks);
        picojoules(cycle / self.prices.cycle.0 as f64)
    }

    /// What a rank with an open bank takes more, a tick.
    fn activity(&self) -> Charge {
        let more = self.prices.table.active_cycle.0 - self.prices.table.idle_cycle.0;
        picojoules(more / self.prices.cycle.0 as f64)
    }

    /// Until when all channels have told what they did: an idle one sleeps, and tells of its refreshes when it wakes.
    pub(super) fn told(&self) -> u64 {
        self.channels
            .iter()
            .map(|channel| channel.told)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Charges the command that `label` is of, if it is one.
    pub(super) fn command(&mut self, actor: ActorId, at: Tick, label: Label, ledger: &mut Ledger) {
        let Some(place) = self.places.get(actor.index()).copied().flatten() else {
            return;
        };
        let Some(command) = CommandKind::of(label) else {
            return;
        };
        let table = self.prices.table;
        let (at, cycle) = (at.0, self.prices.cycle.0);
        let mut spend = |energy: f64| ledger.charge(at, at + cycle, &picojoules(energy), 1.0);
        match command {
            CommandKind::Activate => spend(table.activate.0),
            CommandKind::Read => spend(table.read.0),
            CommandKind::Write => spend(table.write.0),
            CommandKind::Precharge => {}
            CommandKind::Refresh => self.refresh(at, label, table.refresh.0, ledger),
            CommandKind::RefreshBank => self.refresh(at, label, table.bank_refresh.0, ledger),
        }
        if matches!(command, CommandKind::Activate | CommandKind::Precharge) {
            self.set_open(place, label.work, command == CommandKind::Activate, at, ledger);
        }
        let channel = &mut self.channels[place];
        channel.told = channel.told.max(at);
    }

    /// Charges a refresh and those before it that it stands for, each when it was due.
    fn refresh(&self, at: u64, label: Label, energy: f64, ledger: &mut Ledger) {
        let times = u64::from(label.part as u32);
        for before in 0..times {
            let start = at.saturating_sub(before * self.prices.refresh_round.0);
            ledger.charge(start, start + self.prices.cycle.0, &picojoules(energy), 1.0);
        }
    }

    /// Notes that a bank opens or closes; with its rank's first or last one standby takes another power.
    fn set_open(&mut self, place: usize, bank: u32, opens: bool, at: u64, ledger: &mut Ledger) {
        let banks = self.prices.banks_per_rank;
        let of_rank = (u64::MAX >> (64 - banks)) << (bank / banks * banks);
        let channel = &mut self.channels[place];
        let before = channel.open & of_rank;
        match opens {
            true => channel.open |= 1 << bank,
            false => channel.open &= !(1 << bank),
        }
        let after = channel.open & of_rank;
        if (before == 0) != (after == 0) {
            let sign = if after == 0 { -1.0 } else { 1.0 };
            ledger.change(at, &self.activity(), sign);
        }
    }

    /// Ends standby at `end`.
    pub(super) fn finish(&mut self, end: u64, ledger: &mut Ledger) {
        ledger.change(end, &self.standby(), -1.0);
        for place in 0..self.channels.len() {
            while self.channels[place].open != 0 {
                let bank = self.channels[place].open.trailing_zeros();
                self.set_open(place, bank, false, end, ledger);
            }
        }
    }
}
