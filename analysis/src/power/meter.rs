//! The energy of a run, charged where and when it is spent.

use components::energy_part::{Action, ByAction, Measure};
use components::trace_event::Event;
use scenarios::system::{Plan, Track, energy_prices};
use sim_core::{Activity, ActorId, Label, Span, Tick};

use super::accounts::Accounts;
use super::memory::MemoryMeter;

/// Follows the records of a run and charges their energy to accounts. Main memory is charged to the scenario's own machine.
///
/// Prices are those that the run's result uses for the same actions, so all charges add up to its energy.
#[derive(Clone, Debug)]
pub(crate) struct Meter<P> {
    /// The machine of each actor.
    machines: Vec<u16>,
    prices: Vec<ByAction<P>>,
    memory: Option<MemoryMeter<P>>,
    /// When each machine will be switched on; `None` once it has been.
    starts: Vec<Option<Tick>>,
    /// Which machines are switched on.
    on: Vec<bool>,
}

impl<P: Copy> Meter<P> {
    /// A meter for a run of `plan` that charges to `accounts`.
    pub(crate) fn new<A: Accounts<Price = P>>(plan: &Plan, tracks: &[Track], accounts: &mut A) -> Self {
        let memory = MemoryMeter::new::<A>(plan, tracks);
        if let Some(memory) = &memory {
            memory.begin_standby(accounts);
        }
        let prices = plan.machines().map(|machine| {
            let prices = energy_prices(machine, plan.timebase);
            ByAction::new(|action| A::price(&prices[action]))
        });
        Self {
            machines: tracks.iter().map(|track| track.machine as u16).collect(),
            prices: prices.collect(),
            memory,
            starts: plan.machines().map(|machine| Some(machine.start)).collect(),
            on: plan.machines().map(|_| false).collect(),
        }
    }

    #[inline]
    fn machine_of(&self, actor: ActorId) -> Option<usize> {
        self.machines
            .get(actor.index())
            .map(|&machine| usize::from(machine))
    }

    /// Charges the energy of tiles.
    #[inline]
    pub(crate) fn span<A: Accounts<Price = P>>(&self, span: &Span, accounts: &mut A) {
        let Some(Event::Tile(unit, _)) = Event::of(span.label) else {
            return;
        };
        if let Some(machine) = self.machine_of(span.actor) {
            let ticks = span.end.since(span.start).0 as f64;
            let price = &self.prices[machine][unit.action()];
            accounts.charge(machine, span.start.0, span.end.0, price, ticks);
        }
    }

    /// Charges main memory's commands, and switches off a machine that has finished.
    pub(crate) fn instant<A: Accounts<Price = P>>(
        &mut self,
        actor: ActorId,
        at: Tick,
        label: Label,
        accounts: &mut A,
    ) {
        match (Event::of(label), &mut self.memory) {
            (Some(Event::Finished), _) => {
                if let Some(machine) = self.machine_of(actor) {
                    self.switch_off(machine, at, accounts);
                }
            }
            (Some(Event::Memory(event)), Some(memory)) => memory.event(actor, at, event, accounts),
            _ => {}
        }
    }

    /// Charges activities, which have no record of their own.
    #[inline]
    pub(crate) fn activity<A: Accounts<Price = P>>(&self, activity: &Activity, accounts: &mut A) {
        let (Some(machine), Some(action)) = (self.machine_of(activity.actor), Action::of_kind(activity.kind))
        else {
            return;
        };
        let price = &self.prices[machine][action];
        let (start, end, amount) = (activity.start.0, activity.end.0, activity.amount);
        match action.measure() {
            _ if action == Action::ActivePe => {
                let sign = if amount > 0 { 1.0 } else { -1.0 };
                accounts.change(machine, start, price, sign);
            }
            Measure::Time => accounts.charge(machine, start, end, price, end.saturating_sub(start) as f64),
            Measure::Number => accounts.charge(machine, start, end, price, amount as f64),
        }
    }

    /// Switches on the machines that have started by `now`.
    pub(crate) fn switch_on<A: Accounts<Price = P>>(&mut self, now: Tick, accounts: &mut A) {
        for (machine, start) in self.starts.iter_mut().enumerate() {
            if let Some(began) = start.take_if(|start| *start <= now) {
                accounts.change(machine, began.0, &self.prices[machine][Action::SwitchedOn], 1.0);
                self.on[machine] = true;
            }
        }
    }

    fn switch_off<A: Accounts<Price = P>>(&mut self, machine: usize, at: Tick, accounts: &mut A) {
        self.switch_on(at, accounts);
        if std::mem::take(&mut self.on[machine]) {
            accounts.change(machine, at.0, &self.prices[machine][Action::SwitchedOn], -1.0);
        }
    }

    /// The time until which everything has been charged to the account of `machine`, at `now`. An idle channel of main
    /// memory reports its refreshes only when it wakes.
    pub(crate) fn told(&self, machine: usize, now: Tick) -> u64 {
        match (&self.memory, machine) {
            (Some(memory), 0) => memory.told().min(now.0),
            _ => now.0,
        }
    }

    /// The run has ended at `end`, or was cancelled: nothing is charged after it.
    pub(crate) fn finish<A: Accounts<Price = P>>(&mut self, end: Tick, accounts: &mut A) {
        for machine in 0..self.on.len() {
            self.switch_off(machine, end, accounts);
        }
        if let Some(memory) = &mut self.memory {
            memory.finish(end.0, accounts);
        }
    }
}
