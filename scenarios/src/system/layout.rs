//! What machines share: the parts of main memory that they get, and what all of them together may have.

use components::memory::Location;
use components::units::Bytes;

use super::machine_plan::Machine;
use super::{MainMemory, Plan, Problem, requestors};
use crate::schema::limits::MAX_MODULES;

/// A part of main memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryRegion {
    /// Whose it is: `accelerator`, or the name of a tenant or of a source of background traffic.
    pub owner: String,
    /// Its first byte.
    pub start: u64,
    /// Its size.
    pub bytes: u64,
    /// Where it begins; an ideal memory has no banks.
    pub location: Option<Location>,
}

impl Plan {
    /// Gives every machine and every source of background traffic its part of main memory; what does not fit is a problem.
    ///
    /// Each begins at a bank of its own ([`AddressMap::first_bank_of_region`](components::memory::AddressMap::first_bank_of_region)),
    /// by its number alone: the scenario's own machine first, then tenants, then sources.
    pub(super) fn lay_out(&mut self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.memory.problem().into_iter().collect();
        let capacity = self.memory.capacity().0;
        let machines = 1 + self.tenants.len();
        let cut = self.memory.row_span();
        let first_bank = |memory: &MainMemory, number: usize| memory.first_bank_of_region(number as u64);
        let slots: Vec<(u64, u64)> = (machines..)
            .zip(&self.background)
            .map(|(number, source)| match source.region_bytes {
                0 => (0, 0),
                bytes => {
                    let first = first_bank(&self.memory, number);
                    (first, (first + bytes).next_multiple_of(cut))
                }
            })
            .collect();
        let background: u64 = slots.iter().map(|&(_, size)| size).sum();
        if background >= capacity {
            problems.push(Problem::new(
                "contention.background",
                format!("the regions of background traffic take {background} B, but main memory holds {capacity} B"),
                "choose smaller regions (`region_mb`) or a larger memory",
            ));
            return problems;
        }
        let whole = (capacity - background) / machines as u64 / cut * cut;
        for number in 0..machines {
            let region = match machines {
                1 => (0, capacity - background),
                _ => {
                    let first = first_bank(&self.memory, number);
                    (number as u64 * whole + first, whole.saturating_sub(first))
                }
            };
            problems.extend(self.give_region(number, region));
        }
        let mut end = capacity;
        for (source, (first, size)) in self.background.iter_mut().zip(slots) {
            end -= size;
            source.region_start = end + first;
        }
        problems
    }

    /// The parts of main memory: the machines', the scenario's own first, then those of sources of background traffic that make
    /// addresses up.
    pub fn memory_regions(&self) -> impl Iterator<Item = MemoryRegion> {
        let machines = self.machines().enumerate().map(|(number, machine)| {
            let owner = match number {
                0 => requestors::OWN_MACHINE,
                _ => &machine.scenario.name,
            };
            (owner, machine.region)
        });
        let sources = self.background.iter().filter(|source| source.region_bytes > 0);
        let sources = sources.map(|source| (&*source.name, (source.region_start, source.region_bytes)));
        machines
            .chain(sources)
            .map(|(owner, (start, bytes))| MemoryRegion {
                owner: owner.to_owned(),
                start,
                bytes,
                location: self.memory.locate(start),
            })
    }

    /// Gives machine `number` its part of main memory; says what does not fit.
    fn give_region(&mut self, number: usize, (start, size): (u64, u64)) -> Option<Problem> {
        let shared = match self.tenants.is_empty() {
            true => "",
            false => " for each machine",
        };
        let tenant = number.checked_sub(1);
        let machine = match tenant {
            None => &mut self.machine,
            Some(tenant) => &mut self.tenants[tenant],
        };
        machine.region = (start, size);
        let problem = |message, help| {
            Some(Problem {
                tenant,
                ..Problem::new("memory", message, help)
            })
        };
        if machine.memory_used.0 > size {
            let what = match machine.trains() {
                true => "weights, their gradients and states, and what is kept for the backward pass",
                false => "the weights",
            };
            let (used, size) = (machine.memory_used, Bytes(size));
            return problem(
                format!("{what} take {used}, but main memory holds {size}{shared}"),
                "choose a larger memory or a smaller transformer",
            );
        }
        let left = Bytes(size) - machine.memory_used;
        let spills = machine.blocks.account.spill_room;
        if spills.0 > left.0 {
            return problem(
                format!(
                    "activations that find no room in the buffer may take {spills} of main memory at once, but it has only \
                     {left} left"
                ),
                "choose a larger memory, a larger activation buffer or a smaller batch",
            );
        }
        None
    }
}

/// Holds all machines together against what one alone may have.
pub(super) fn check_sizes(own: &Machine, tenants: &[Machine]) -> Result<(), Vec<Problem>> {
    let machines = || {
        std::iter::once(own)
            .chain(tenants)
            .map(|machine| &machine.scenario)
    };
    let lanes: u64 = machines().map(|scenario| scenario.accelerator.lanes()).sum();
    let too_many = |what: &str, number: u64, most: u64| {
        Problem::new(
            "contention.tenants",
            format!("all machines together have {number} {what}"),
            format!("at most {most} are accepted, because each is kept in memory: fewer or smaller tenants"),
        )
    };
    let mut problems = Vec::new();
    if lanes > MAX_MODULES {
        problems.push(too_many("MAC lanes", lanes, MAX_MODULES));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}
