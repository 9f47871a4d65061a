//! Main memory's energy, from the commands of its channels.

use components::energy_part::{ByPart, EnergyPart};
use components::memory::label::{BusCommand, CommandKind, MemoryEvent};
use components::units::NanoJoules;
use scenarios::system::{MemoryPrices, Plan, Track, TrackKind};
use sim_core::{ActorId, Tick};

use super::accounts::Accounts;

/// The machine that main memory is charged to: the scenario's own.
const MACHINE: usize = 0;

/// The state of a channel, from its commands.
#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// Open banks, one bit each: no channel has more than 64.
    open: u64,
    /// Time of its last command; earlier ones can no longer come.
    told: u64,
}

/// Charges commands and standby of main memory.
#[derive(Clone, Debug)]
pub(super) struct MemoryMeter<P> {
    activate: P,
    read: P,
    write: P,
    refresh: P,
    bank_refresh: P,
    /// Standby of all ranks with all banks closed, per tick.
    standby: P,
    /// Extra standby of a rank with an open bank, per tick.
    active: P,
    banks_per_rank: u32,
    /// Ticks per cycle of the memory's clock.
    cycle: u64,
    /// Ticks from one refresh of a rank, or of a bank, to its next.
    refresh_round: u64,
    /// The channel of each actor.
    places: Vec<Option<usize>>,
    channels: Vec<Channel>,
}

impl<P: Copy> MemoryMeter<P> {
    /// A meter for the main memory of `plan`; `None` for the ideal one, which takes no energy.
    pub(super) fn new<A: Accounts<Price = P>>(plan: &Plan, tracks: &[Track]) -> Option<Self> {
        let prices = MemoryPrices::new(plan)?;
        let mut channels = 0;
        let places = tracks.iter().map(|track| {
            (track.kind == TrackKind::Channel).then(|| {
                channels += 1;
                channels - 1
            })
        });
        let places = places.collect();
        let picojoules = |energy: f64| {
            let mut by_part = ByPart::default();
            by_part[EnergyPart::MainMemory] = NanoJoules(energy * 1e-3);
            A::price(&by_part)
        };
        let (table, cycle) = (&prices.table, prices.cycle.0 as f64);
        let (idle, active) = (table.idle_cycle.0, table.active_cycle.0);
        Some(Self {
            activate: picojoules(table.activate.0),
            read: picojoules(table.read.0),
            write: picojoules(table.write.0),
            refresh: picojoules(table.refresh.0),
            bank_refresh: picojoules(table.bank_refresh.0),
            standby: picojoules(idle * f64::from(prices.ranks) / cycle),
            active: picojoules((active - idle) / cycle),
            banks_per_rank: prices.banks_per_rank,
            cycle: prices.cycle.0,
            refresh_round: prices.refresh_round.0,
            places,
            channels: vec![Channel::default(); channels],
        })
    }

    /// Charges standby from the start.
    pub(super) fn begin_standby<A: Accounts<Price = P>>(&self, accounts: &mut A) {
        accounts.change(MACHINE, 0, &self.standby, 1.0);
    }

    /// The time until which all channels have reported. An idle channel sleeps, and reports its refreshes when it wakes.
    pub(super) fn told(&self) -> u64 {
        self.channels
            .iter()
            .map(|channel| channel.told)
            .min()
            .unwrap_or(u64::MAX)
    }

    /// Charges a command.
    pub(super) fn event<A: Accounts<Price = P>>(
        &mut self,
        actor: ActorId,
        at: Tick,
        event: MemoryEvent,
        accounts: &mut A,
    ) {
        let MemoryEvent::Command(command) = event else {
            return;
        };
        let Some(place) = self.places.get(actor.index()).copied().flatten() else {
            return;
        };
        let at = at.0;
        match command.kind {
            CommandKind::Activate => {
                self.spend(at, self.activate, accounts);
                self.set_open(place, command.bank, true, at, accounts);
            }
            CommandKind::Precharge => self.set_open(place, command.bank, false, at, accounts),
            CommandKind::Read => self.spend(at, self.read, accounts),
            CommandKind::Write => self.spend(at, self.write, accounts),
            CommandKind::Refresh => self.spend_refreshes(at, command, self.refresh, accounts),
            CommandKind::RefreshBank => self.spend_refreshes(at, command, self.bank_refresh, accounts),
        }
        let channel = &mut self.channels[place];
        channel.told = channel.told.max(at);
    }

    /// Charges the price of a command in its cycle.
    fn spend<A: Accounts<Price = P>>(&self, at: u64, price: P, accounts: &mut A) {
        accounts.charge(MACHINE, at, at + self.cycle, &price, 1.0);
    }

    /// Charges a refresh and the earlier ones that it represents, each when it was due.
    fn spend_refreshes<A: Accounts<Price = P>>(
        &self,
        at: u64,
        refresh: BusCommand,
        price: P,
        accounts: &mut A,
    ) {
        let times = u64::from(refresh.row);
        for before in 0..times {
            self.spend(at.saturating_sub(before * self.refresh_round), price, accounts);
        }
    }

    /// Notes that a bank opens or closes. The first open and the last closed bank of a rank change its standby power.
    fn set_open<A: Accounts<Price = P>>(
        &mut self,
        place: usize,
        bank: u32,
        opens: bool,
        at: u64,
        accounts: &mut A,
    ) {
        let banks = self.banks_per_rank;
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
            accounts.change(MACHINE, at, &self.active, sign);
        }
    }

    /// Ranks with a bank open.
    fn open_ranks(&self) -> usize {
        let of_rank = u64::MAX >> (64 - self.banks_per_rank);
        let of_channel = |channel: &Channel| {
            let ranks =
                (0..64 / self.banks_per_rank).map(|rank| channel.open >> (rank * self.banks_per_rank));
            ranks.filter(|open| open & of_rank != 0).count()
        };
        self.channels.iter().map(of_channel).sum()
    }

    /// Ends standby at `end`. Main memory counts standby in whole cycles, so the rest of the cycle is charged with the last tick.
    pub(super) fn finish<A: Accounts<Price = P>>(&mut self, end: u64, accounts: &mut A) {
        let rest = ((end / self.cycle + 1) * self.cycle - end) as f64;
        let last = end.saturating_sub(1);
        accounts.charge(MACHINE, last, end, &self.standby, rest);
        for _ in 0..self.open_ranks() {
            accounts.charge(MACHINE, last, end, &self.active, rest);
        }
        accounts.change(MACHINE, end, &self.standby, -1.0);
        for place in 0..self.channels.len() {
            while self.channels[place].open != 0 {
                let bank = self.channels[place].open.trailing_zeros();
                self.set_open(place, bank, false, end, accounts);
            }
        }
    }
}
