//! Random memories, policies and requests: nothing lost, nothing early, no rule broken.

use std::collections::BTreeSet;

use memory::description::{
    Arbitration, Cells, CommandQueues, Controller, HitCap, PagePolicy, RefreshPolicy, Scheduling,
    TransactionQueues, WriteDrain,
};
use memory::pattern::SplitMix64;
use memory::{Access, MemoryDescription, MemoryPlan};
use proptest::prelude::*;
use sim_core::Cycles;

use crate::monitor::Monitor;
use crate::presets::{SHIPPED, describe};
use crate::traffic::{Wish, run};

/// Shakes the timings, the organisation and the controller of a shipped memory.
fn shake(mut description: MemoryDescription, random: &mut SplitMix64) -> MemoryDescription {
    let mut near = |value: Cycles| Cycles((value.0 * (50 + random.below(100)) / 100).max(1));
    let t = &mut description.timing;
    for value in [
        &mut t.read_latency,
        &mut t.write_latency,
        &mut t.activate_to_read,
        &mut t.activate_to_write,
        &mut t.precharge,
        &mut t.column_to_column,
        &mut t.activate_to_activate,
        &mut t.four_activate_window,
        &mut t.write_to_read,
        &mut t.write_recovery,
        &mut t.read_to_precharge,
        &mut t.rank_switch,
    ] {
        *value = near(*value);
    }
    t.column_to_column_same_group = t.column_to_column + Cycles(random.below(4));
    t.activate_to_activate_same_group = t.activate_to_activate + Cycles(random.below(4));
    t.write_to_read_same_group = t.write_to_read + Cycles(random.below(4));
    t.additive_latency = Cycles(
        random
            .below(3)
            .min(t.activate_to_read.0)
            .min(t.activate_to_write.0),
    );
    let organisation = &mut description.organisation;
    organisation.ranks = 1 << random.below(2);
    organisation.channels = 1 << random.below(2);
    organisation.rows = 16;
    description.controller = controller(random, &description.cells);
    description
}

fn controller(random: &mut SplitMix64, cells: &Cells) -> Controller {
    let places = 2 + random.below(31) as u32;
    let depth = 1 + random.below(8) as u32;
    let cap = 1 + random.below(8) as u32;
    let mut pick = |count| random.below(count);
    Controller {
        transaction_queues: match pick(3) {
            0 => TransactionQueues::Unified { depth: places },
            _ => TransactionQueues::Split {
                reads: places,
                writes: places,
            },
        },
        command_queues: match pick(3) {
            0 => CommandQueues::Unified { depth: depth * 4 },
            _ => CommandQueues::PerBank { depth },
        },
        moves_per_cycle: pick(3) as u32,
        scheduling: match pick(4) {
            0 => Scheduling::RoundRobin,
            1 => Scheduling::FrFcfs,
            2 => Scheduling::Fcfs,
            _ => Scheduling::Priority(vec!["1".to_owned(), "0".to_owned()]),
        },
        arbitration: match pick(2) {
            0 => Arbitration::InTurn,
            _ => Arbitration::Shares([("1".to_owned(), 1 + pick(9) as u32)].into()),
        },
        page_policy: match pick(3) {
            0 => PagePolicy::Open,
            1 => PagePolicy::Closed,
            _ => PagePolicy::Timeout(Cycles(pick(200))),
        },
        hit_cap: match pick(3) {
            0 => HitCap::Unlimited,
            1 => HitCap::Soft(cap),
            _ => HitCap::Hard(cap),
        },
        write_drain: match pick(2) {
            0 => WriteDrain::FullOrIdle { threshold: 0 },
            _ => WriteDrain::Watermarks {
                high: places,
                low: places / 2,
            },
        },
        read_forwarding: pick(4) > 0,
        read_merging: pick(2) > 0,
        write_merging: pick(2) > 0,
        refresh: match pick(3) {
            _ if matches!(cells, Cells::Rram { .. }) => RefreshPolicy::None,
            0 => RefreshPolicy::AllBank,
            1 => RefreshPolicy::PerBank,
            _ => RefreshPolicy::Staggered,
        },
        dual_command: pick(2) > 0,
    }
}

/// Requests with some locality, some repetition, and gaps.
fn wishes(random: &mut SplitMix64, capacity: u64, count: u64) -> Vec<Wish> {
    let (mut cycle, mut address) = (0, 0);
    let spread = 1 << random.below(4);
    let writes = random.below(5);
    let mut wish = |_| {
        if random.below(40) == 0 {
            cycle += random.below(3000);
        }
        address = match random.below(4) {
            0 => random.below(capacity),
            1 => address,
            _ => address + 64 * spread,
        } % capacity
            / 64
            * 64;
        let access = if random.below(5) < writes {
            Access::Write
        } else {
            Access::Read
        };
        Wish {
            cycle,
            address,
            access,
        }
    };
    (0..count).map(&mut wish).collect()
}

fn check(seed: u64) -> Result<(), TestCaseError> {
    let mut random = SplitMix64::new(seed);
    let preset = SHIPPED[random.below(SHIPPED.len() as u64) as usize];
    let description = shake(describe(preset), &mut random);
    let plan =
        MemoryPlan::new(description.clone()).map_err(|p| TestCaseError::fail(format!("{preset}: {p:?}")))?;
    let requestors = 1 + random.below(3);
    let traffic: Vec<_> = (0..requestors)
        .map(|_| wishes(&mut random, plan.capacity_bytes(), 250))
        .collect();
    let outcome = run(&plan, traffic, random.below(20_000));

    prop_assert_eq!(outcome.report.violations.first(), None);
    prop_assert_eq!(outcome.report.still_queued, 0);
    for commands in outcome.commands.values() {
        let breaches = Monitor::new(&description).breaches(commands);
        prop_assert!(
            breaches.is_empty(),
            "{} in {:?}",
            breaches[0],
            description.controller
        );
    }
    // A read can be faster than the array only if a write of its block may still be waiting.
    let all = || outcome.fates.iter().flatten();
    let written: BTreeSet<u64> = all()
        .filter(|fate| fate.wish.access == Access::Write)
        .map(|fate| fate.wish.address)
        .collect();
    let minimum = 1 + plan.constraints().read_delay;
    for fate in all() {
        let array = fate.wish.access == Access::Read && !written.contains(&fate.wish.address);
        // Merged reads share a column access in flight.
        let least = if array && !description.controller.read_merging {
            minimum
        } else {
            1
        };
        prop_assert!(
            fate.answered >= fate.sent + least,
            "{:?} in less than {}",
            fate,
            least
        );
    }
    let asked = outcome.fates.iter().map(Vec::len).sum::<usize>() as u64;
    let report = &outcome.report;
    prop_assert_eq!(report.reads + report.writes, asked);
    prop_assert_eq!(
        report.read_commands + report.forwarded_reads + report.merged_reads,
        report.reads
    );
    prop_assert_eq!(report.write_commands + report.merged_writes, report.writes);
    let first_accesses = report.row_misses + report.row_conflicts;
    prop_assert_eq!(
        report.row_hits() + first_accesses,
        report.read_commands + report.write_commands
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn random_memories_serve_random_requests_by_the_rules(seed in any::<u64>()) {
        check(seed)?;
    }
}
