//! What machines share: the parts of main memory that they get, and what all of them together may have.

use std::iter;

use components::units::Bytes;

use super::machine_plan::Machine;
use super::{Plan, Problem};
use crate::schema::limits::MAX_MODULES;

/// Machines' parts of main memory begin at multiples of this many bytes.
const ALIGNMENT: u64 = 1 << 20;

impl Plan {
    /// Gives every machine its part of main memory; what does not fit is a problem.
    pub(super) fn lay_out(&mut self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.memory.problem().into_iter().collect();
        let capacity = self.memory.capacity().0;
        let background: u64 = self.background.iter().map(|source| source.region_bytes).sum();
        if background >= capacity {
            problems.push(Problem::new(
                "contention.background",
                format!("the regions of background traffic take {background} B, but main memory holds {capacity} B"),
                "choose smaller regions (`region_mb`) or a larger memory",
            ));
            return problems;
        }
        let machines = 1 + self.tenants.len() as u64;
        // Whole MB, so that every machine's addresses begin at the same place of a row.
        let part = (capacity - background) / machines / ALIGNMENT * ALIGNMENT;
        let part = if machines == 1 {
            capacity - background
        } else {
            part
        };
        for (index, machine) in iter::once(&mut self.machine).chain(&mut self.tenants).enumerate() {
            machine.region = (index as u64 * part, part);
            if machine.memory_used.0 > part {
                let (used, whose) = (
                    machine.memory_used,
                    if machines == 1 { "" } else { " for each machine" },
                );
                problems.push(Problem {
                    tenant: index.checked_sub(1),
                    ..Problem::new(
                        "memory",
                        format!(
                            "{} take {used}, but main memory holds {}{whose}",
                            if machine.trains() {
                                "weights, their gradients and states, and what is kept for the backward pass"
                            } else {
                                "the weights"
                            },
                            Bytes(part)
                        ),
                        "choose a larger memory or a smaller transformer",
                    )
                });
                continue;
            }
            let left = Bytes(part) - machine.memory_used;
            if machine.blocks.account.spill_room.0 > left.0 {
                problems.push(Problem {
                    tenant: index.checked_sub(1),
                    ..Problem::new(
                        "memory",
                        format!(
                            "activations that find no room in the buffer may take {} of main memory at once, but it has \
                             only {left} left",
                            machine.blocks.account.spill_room
                        ),
                        "choose a larger memory, a larger activation buffer or a smaller batch",
                    )
                });
            }
        }
        let mut end = capacity;
        for source in &mut self.background {
            end -= source.region_bytes;
            source.region_start = end;
        }
        problems
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
