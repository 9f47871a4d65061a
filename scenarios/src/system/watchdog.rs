//! Whether everybody makes progress: each requestor of main memory, and each machine.
//!
//! The run is looked at from outside, between two parts of it, so the watchdog costs nothing per message, sends none, and sees the
//! same with both engines. A look compares counters with those of the look before; what has not moved for long enough, though it
//! had something to do, stops the run with a sentence.

mod sentence;

use components::Component;
use components::buffer::BufferKind;
use components::control_block::ControlBlock;
use components::dma::Dma;
use components::energy_part::ByAction;
use components::message::Traffic;
use sim_core::{ActorId, Tick, Ticks};

use super::directory::{Directory, MachineAddresses};
use super::{MachinePlan, Plan, RunError, requestors};

/// Simulated microseconds without progress after which a run stops, at least, unless the scenario states it.
const LEAST_US: f64 = 10_000.0;

/// How often the largest transfer or tile operation must fit in that time.
const TIMES: f64 = 100.0;

/// The share of main memory's bandwidth that is counted on, beside refreshes and turns of the bus.
const SHARE_OF_PEAK: f64 = 0.5;

/// What is known of a requestor or a machine.
#[derive(Clone, Copy, Debug, Default)]
struct Watched {
    /// A number that grows with everything that it does.
    count: u64,
    /// When that last grew.
    moved: Tick,
    /// When it last moved, or had nothing to wait for.
    content: Tick,
    /// When it last had no request that was due and not made.
    kept_up: Tick,
    waits: bool,
    /// Whether it goes on as long as any transformer runs.
    endless: bool,
}

/// What a look sees of a requestor or a machine.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u64,
    waits: bool,
    /// Whether there are more requests due than it could make.
    behind: bool,
}

impl Watched {
    fn update(&mut self, seen: Seen, now: Tick) {
        if seen.count != self.count {
            self.count = seen.count;
            self.moved = now;
        }
        self.waits = seen.waits;
        if !seen.waits || self.moved == now {
            self.content = now;
        }
        if !seen.behind {
            self.kept_up = now;
        }
    }

    /// Whether it has waited since `limit` ago without any progress.
    fn is_stuck(&self, now: Tick, limit: Ticks) -> bool {
        self.waits && now.since(self.content) >= limit
    }
}

/// Who is stuck, and who is not.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// Requestors are not served, and these others are.
    Starved {
        requestors: Vec<usize>,
        served: Vec<usize>,
    },
    /// This machine does nothing, though it waits for nothing from main memory.
    Idle { machine: usize },
}

/// The watchdog of a run.
pub(super) struct Watchdog {
    limit: Ticks,
    /// By number; sources that never ask for anything included.
    requestors: Vec<Watched>,
    /// The scenario's own first.
    machines: Vec<Watched>,
    /// What the units of each machine had done when nothing else of it had moved.
    work: Vec<u64>,
    addresses: Vec<MachineAddresses>,
    /// Actors of each machine, the first and the one after the last, main memory included.
    actors: Vec<(usize, usize)>,
    /// Sources of background traffic: number among all, and address.
    sources: Vec<(usize, ActorId)>,
}

impl Watchdog {
    /// The watchdog of a system that has not run yet.
    pub(super) fn new(plan: &Plan, directory: &Directory) -> Self {
        let addresses = directory.machines().to_vec();
        let first = |machine: &MachineAddresses| machine.control_block.index();
        let ends = addresses.iter().skip(1).map(first);
        let ends = ends.chain([directory.entries().len()]);
        let sources = plan.background.iter().enumerate();
        let sources = sources.filter(|(_, source)| !source.is_silent());
        Self {
            limit: limit(plan),
            requestors: vec![Watched::default(); plan.requestors.len()],
            machines: vec![Watched::default(); addresses.len()],
            work: vec![0; addresses.len()],
            actors: addresses.iter().map(first).zip(ends).collect(),
            sources: sources
                .map(|(number, _)| number)
                .zip(directory.background().iter().copied())
                .collect(),
            addresses,
        }
    }

    /// Looks at all `actors`.
    ///
    /// # Errors
    /// Somebody has made no progress for too long.
    pub(super) fn look(&mut self, plan: &Plan, actors: &[Component], now: Tick) -> Result<(), RunError> {
        for (index, machine) in plan.machines().enumerate() {
            self.look_at_machine(index, machine, actors, now);
        }
        let machines = self.machines.len();
        for &(source, address) in &self.sources {
            let (Some(Component::Background(traffic)), Some(watched)) = (
                actors.get(address.index()),
                self.requestors
                    .get_mut(usize::from(requestors::of_source(machines, source))),
            ) else {
                continue;
            };
            let (made, outstanding) = (traffic.counts().requests, u64::from(traffic.counts().outstanding));
            let behind = traffic.is_behind(now);
            watched.endless = traffic.is_endless();
            let seen = Seen {
                count: 2 * made - outstanding,
                waits: outstanding > 0 || behind,
                behind,
            };
            watched.update(seen, now);
        }
        match self.finding(now) {
            Some(finding) => Err(RunError::NoProgress(self.sentence(&finding, plan, actors, now))),
            None => Ok(()),
        }
    }

    fn look_at_machine(&mut self, index: usize, plan: &MachinePlan, actors: &[Component], now: Tick) {
        let addresses = &self.addresses[index];
        let (Some(control), Some(dma)) = (control_block(actors, addresses), dma(actors, addresses)) else {
            return;
        };
        let first = usize::from(requestors::first_of_machine(index));
        let mut moved = control.runs().0 + control.runs().1;
        for ((made, waiting), watched) in dma
            .requests()
            .into_iter()
            .zip(dma.waiting())
            .zip(self.requestors.iter_mut().skip(first))
        {
            let seen = Seen {
                count: (2 * made + 1).saturating_sub(waiting),
                waits: waiting > 0,
                behind: waiting > 0,
            };
            watched.update(seen, now);
            moved += seen.count;
        }
        let waits = now >= plan.start && control.finished_at().is_none();
        if waits && moved == self.machines[index].count {
            self.look_at_units(index, moved, actors, now);
        } else {
            let behind = waits;
            let seen = Seen {
                count: moved,
                waits,
                behind,
            };
            self.machines[index].update(seen, now);
        }
    }

    /// Nothing of a machine has moved since the last look, unless its units work.
    fn look_at_units(&mut self, index: usize, count: u64, actors: &[Component], now: Tick) {
        let (first, end) = self.actors[index];
        let mut done = ByAction::default();
        let actors = actors.get(first..end).unwrap_or_default();
        actors.iter().for_each(|actor| actor.count_actions(&mut done));
        let work = done.total();
        let works = std::mem::replace(&mut self.work[index], work) != work;
        let seen = Seen {
            count,
            waits: !works,
            behind: !works,
        };
        self.machines[index].update(seen, now);
    }

    /// Who is stuck, if anybody is.
    fn finding(&self, now: Tick) -> Option<Finding> {
        if self.machines.iter().all(|machine| !machine.waits) {
            return None;
        }
        let served = |requestor: &Watched| now.since(requestor.moved) < self.limit;
        let starved: Vec<usize> = (0..self.requestors.len())
            .filter(|&requestor| self.is_starved(requestor, now))
            .collect();
        if !starved.is_empty() {
            let others = self.requestors.iter().enumerate();
            let others = others.filter(|(_, other)| other.count > 0 && served(other));
            return Some(Finding::Starved {
                requestors: starved,
                served: others.map(|(other, _)| other).collect(),
            });
        }
        let is_idle = |&machine: &usize| {
            let first = usize::from(requestors::first_of_machine(machine));
            let mut own = self.requestors.iter().skip(first).take(Traffic::ALL.len());
            self.machines[machine].is_stuck(now, self.limit) && own.all(|requestor| !requestor.waits)
        };
        let machine = (0..self.machines.len()).find(is_idle)?;
        Some(Finding::Idle { machine })
    }

    /// Whether a requestor is stuck, and not because of others that come to an end.
    fn is_starved(&self, requestor: usize, now: Tick) -> bool {
        let stuck = &self.requestors[requestor];
        if !stuck.is_stuck(now, self.limit) {
            return false;
        }
        let others = self.requestors.iter();
        let mut served = others.filter(|other| now.since(other.moved) < self.limit && other.count > 0);
        let never_keeps_up = |other: &Watched| other.endless && other.kept_up <= stuck.content;
        served.clone().next().is_none() || served.any(never_keeps_up)
    }
}

/// Simulated time without progress after which the run of `plan` stops.
fn limit(plan: &Plan) -> Ticks {
    let stated = plan.machine.scenario.watchdog_us;
    if let Some(microseconds) = stated {
        return Ticks(plan.instant(microseconds).0.max(1));
    }
    let bandwidth = plan.memory.peak_bytes_per_second() * SHARE_OF_PEAK;
    let longest = plan.machines().map(|machine| {
        let largest = machine.blocks.account.peak.0.iter().map(|bytes| bytes.0).max();
        let transfer = largest.unwrap_or(0) as f64 / bandwidth * 1e6;
        transfer.max(longest_tile_us(machine))
    });
    let longest = longest.fold(0.0, f64::max);
    let ticks = plan.instant((TIMES * longest).max(LEAST_US));
    Ticks(ticks.0.max(1))
}

/// What a tile operation takes at most on the slowest unit.
fn longest_tile_us(machine: &MachinePlan) -> f64 {
    let (tile, accelerator) = (machine.tiling.tile, &machine.scenario.accelerator);
    let pairs = tile.elements() as f64 * f64::from(tile.y.max(1));
    let product = pairs / f64::from(accelerator.multipliers_per_lane.max(1));
    let row = f64::from(tile.b) * f64::from(tile.x + tile.y);
    let stages = &accelerator.stages;
    let stages = [
        stages.dynaprop_cycles,
        stages.pre_compute_cycles,
        stages.post_compute_cycles,
    ];
    let stages: f64 = stages.map(f64::from).iter().sum();
    let fetch =
        machine.tiling.word.dense(tile.elements()).0 as f64 / f64::from(machine.tiling.supply.bus_bytes);
    (product + row + stages + 2.0 * fetch + longest_turn(machine)) / machine.clock.frequency().hertz() * 1e6
}

/// Cycles in which all units in turn get what a tile takes from the slowest buffer: data and mask of two operands and a result.
fn longest_turn(machine: &MachinePlan) -> f64 {
    let accelerator = &machine.scenario.accelerator;
    let tile = machine.tiling.word.dense(machine.tiling.tile.elements()) + machine.buffer_access();
    let units = accelerator.lanes() * u64::from(accelerator.operand_fifo_tiles + 1);
    let bytes = 3.0 * tile.0 as f64 * units as f64;
    let limits = BufferKind::ALL
        .into_iter()
        .filter_map(|kind| machine.bandwidth(kind));
    limits
        .map(|limit| bytes / limit.bytes_per_cycle())
        .fold(0.0, f64::max)
}

fn control_block<'a>(actors: &'a [Component], addresses: &MachineAddresses) -> Option<&'a ControlBlock> {
    match actors.get(addresses.control_block.index()) {
        Some(Component::ControlBlock(control)) => Some(control),
        _ => None,
    }
}

fn dma<'a>(actors: &'a [Component], addresses: &MachineAddresses) -> Option<&'a Dma> {
    match actors.get(addresses.dma.index()) {
        Some(Component::Dma(dma)) => Some(dma),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
