//! Priority, fairness, page policies and queues do what they say.

use components::memory::description::{Cells, PagePolicy, RefreshPolicy, Scheduling};
use components::memory::{Access, MemoryPlan, RequestorId};
use sim_core::Cycles;

use crate::presets::{SHIPPED, describe};
use crate::traffic::{Fate, Wish, run};

fn stream(start: u64, count: u64, access: Access) -> Vec<Wish> {
    (0..count)
        .map(|block| Wish {
            cycle: 0,
            address: start + block * 64,
            access,
        })
        .collect()
}

fn finish(fates: &[Fate]) -> u64 {
    fates.iter().map(|fate| fate.answered).max().unwrap()
}

/// LPDDR3 with `scheduling`, and two streams of reads in different banks.
fn two_streams(scheduling: Scheduling) -> [u64; 2] {
    let mut description = describe("lpddr3-1600");
    description.controller.scheduling = scheduling;
    let plan = MemoryPlan::new(description).unwrap();
    let outcome = run(
        &plan,
        vec![
            stream(0, 4000, Access::Read),
            stream(1 << 20 | 8192, 4000, Access::Read),
        ],
        0,
    );
    [finish(&outcome.fates[0]), finish(&outcome.fates[1])]
}

#[test]
fn equal_requestors_get_equal_shares() {
    for scheduling in [Scheduling::FrFcfs, Scheduling::RoundRobin, Scheduling::Fcfs] {
        let [first, second] = two_streams(scheduling.clone());
        // Both need 4000 bursts of 4 cycles: together they end after 32 000 cycles and the refreshes, at one time.
        assert!(
            first.abs_diff(second) < 600,
            "{scheduling:?}: {first} and {second}"
        );
        if scheduling != Scheduling::Fcfs {
            assert!(
                (32_000..36_000).contains(&first.max(second)),
                "{scheduling:?}: {first} and {second}"
            );
        }
    }
}

#[test]
fn strict_priority_serves_the_first_as_if_alone() {
    let plan = MemoryPlan::new(describe("lpddr3-1600")).unwrap();
    let alone = finish(&run(&plan, vec![stream(0, 4000, Access::Read)], 0).fates[0]);
    let [first, second] = two_streams(Scheduling::Priority(vec![RequestorId(0), RequestorId(1)]));
    assert!(first < alone + alone / 20, "{first} cycles, alone {alone}");
    assert!(
        second > first + 14_000,
        "the second is served after the first: {first}, {second}"
    );
    let [first, second] = two_streams(Scheduling::Priority(vec![RequestorId(1)]));
    assert!(second < first, "those not listed come last: {first}, {second}");
}

#[test]
fn a_closed_page_turns_conflicts_into_misses() {
    // Each but the first finds another row open.
    let rows = (0..200).map(|row| Wish {
        cycle: row * 200,
        address: row << 16,
        access: Access::Read,
    });
    for (policy, conflicts) in [
        (PagePolicy::Open, 199),
        (PagePolicy::Closed, 0),
        (PagePolicy::Timeout(Cycles(50)), 0),
    ] {
        let mut description = describe("lpddr3-1600");
        description.controller.page_policy = policy;
        description.controller.refresh = RefreshPolicy::None;
        let plan = MemoryPlan::new(description).unwrap();
        let report = run(&plan, vec![rows.clone().collect()], 0).report;
        assert_eq!(report.row_conflicts, conflicts, "{policy:?}");
        assert_eq!(report.row_conflicts + report.row_misses, 200);
    }
}

#[test]
fn a_read_waits_for_a_write_pulse_unless_it_may_interrupt() {
    let latency = |pausing| {
        let mut description = describe("rram-m3d");
        let Cells::Rram { write_pausing, .. } = &mut description.cells else {
            unreachable!()
        };
        *write_pausing = pausing;
        let plan = MemoryPlan::new(description).unwrap();
        let write = Wish {
            cycle: 0,
            address: 0,
            access: Access::Write,
        };
        // Another column of the same row, when the write is in its pulse.
        let other = (1..1u64 << 20).map(|block| block * 64).find(|&address| {
            let location = plan.address_map().locate(address);
            location.column == 1
                && location.bank_group == 0
                && location.rank == 0
                && location.channel == 0
                && location.row == 0
        });
        let read = Wish {
            cycle: 75,
            address: other.unwrap(),
            access: Access::Read,
        };
        let outcome = run(&plan, vec![vec![write, read]], 0);
        assert_eq!(outcome.report.wear.unwrap().most_bank_writes, 1);
        outcome.fates[0][1].answered - 75
    };
    let timing = describe("rram-m3d").timing;
    assert_eq!(
        latency(false) - latency(true),
        timing.write_pulse.0 - timing.write_pause.0
    );
}

#[test]
fn every_write_is_written_in_the_end() {
    for name in SHIPPED {
        let plan = MemoryPlan::new(describe(name)).unwrap();
        let report = run(&plan, vec![stream(0, 100, Access::Write)], 0).report;
        assert_eq!((report.write_commands, report.still_queued), (100, 0), "{name}");
    }
}

#[test]
fn a_second_requestor_without_requests_changes_nothing() {
    let plan = MemoryPlan::new(describe("ddr4-2400")).unwrap();
    let traffic = stream(0, 2000, Access::Read);
    let alone = run(&plan, vec![traffic.clone()], 0);
    let accompanied = run(&plan, vec![traffic, Vec::new()], 0);
    assert_eq!(
        alone.commands.into_values().collect::<Vec<_>>(),
        accompanied.commands.into_values().collect::<Vec<_>>()
    );
}
