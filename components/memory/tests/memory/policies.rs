//! Priority, fairness, page policies and queues do what they say.

use memory::description::{Arbitration, Cells, PagePolicy, RefreshPolicy, Scheduling};
use memory::{Access, MemoryPlan, RequestorName};
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
    let [first, second] = two_streams(Scheduling::Priority(vec!["0".to_owned(), "1".to_owned()]));
    assert!(first < alone + alone / 20, "{first} cycles, alone {alone}");
    assert!(
        second > first + 14_000,
        "the second is served after the first: {first}, {second}"
    );
    let [first, second] = two_streams(Scheduling::Priority(vec!["1".to_owned()]));
    assert!(second < first, "those not listed come last: {first}, {second}");
}

#[test]
fn a_flood_of_writes_halves_the_reads_but_never_stops_them() {
    let plan = MemoryPlan::new(describe("lpddr3-1600")).unwrap();
    let reads = rereads(0, 4000);
    let writes: Vec<Wish> = rereads(1, 8000)
        .into_iter()
        .map(|wish| Wish {
            access: Access::Write,
            // Other blocks each time, so that none is merged.
            address: wish.address % 64 + (1 << 20) + wish.address / 64 % 128 * 64,
            ..wish
        })
        .collect();
    let alone = finish(&run(&plan, vec![reads.clone()], 0).fates[0]);
    let outcome = run(&plan, vec![reads, writes], 0);
    let flooded = finish(&outcome.fates[0]);
    // Half of the bus, and the turns of its direction.
    assert!(
        (2 * alone..3 * alone).contains(&flooded),
        "{flooded} cycles, alone {alone}"
    );
    let waited = outcome.fates[0]
        .iter()
        .map(|fate| fate.answered - fate.sent)
        .max()
        .unwrap();
    assert!(waited < 1000, "a read waited {waited} cycles");
}

/// Reads of one row of a bank of their own, over and over.
fn rereads(bank: u64, count: u64) -> Vec<Wish> {
    (0..count)
        .map(|block| Wish {
            cycle: 0,
            address: bank * 8192 + block % 128 * 64,
            access: Access::Read,
        })
        .collect()
}

#[test]
fn shares_divide_the_bandwidth_by_their_weights() {
    for (weights, share) in [([3, 1], 0.75), ([1, 1], 0.5), ([9, 1], 0.9)] {
        let mut description = describe("lpddr3-1600");
        let names = ["0", "1"].map(str::to_owned);
        description.controller.arbitration = Arbitration::Shares(names.into_iter().zip(weights).collect());
        let plan = MemoryPlan::new(description).unwrap();
        let streams = vec![rereads(0, 9000), rereads(1, 9000)];
        let outcome = run(&plan, streams, 0);
        let alone = finish(&run(&plan, vec![rereads(0, 9000)], 0).fates[0]);
        let first = finish(&outcome.fates[0]);
        // Both ask without end, so the first has its share of a bus that is never idle until it ends.
        let expected = alone as f64 / share;
        assert!(
            (first as f64 / expected - 1.0).abs() < 0.02,
            "{weights:?}: {first}, expected {expected}"
        );
        let second = outcome.fates[1]
            .iter()
            .filter(|fate| fate.answered <= first)
            .count();
        let expected = 9000.0 * (1.0 - share) / share;
        // As many as the queues hold may be ahead or behind.
        assert!(
            (second as f64 - expected).abs() < 64.0,
            "{weights:?}: {second}, expected {expected}"
        );
    }
}

#[test]
fn a_share_that_is_not_used_goes_to_the_others() {
    let mut description = describe("lpddr3-1600");
    description.controller.arbitration =
        Arbitration::Shares([("0".to_owned(), 1), ("1".to_owned(), 100)].into());
    let plan = MemoryPlan::new(description).unwrap();
    let alone = finish(&run(&plan, vec![rereads(0, 4000)], 0).fates[0]);
    let few = rereads(1, 10);
    let accompanied = finish(&run(&plan, vec![rereads(0, 4000), few], 0).fates[0]);
    assert!(accompanied < alone + 200, "{accompanied} cycles, alone {alone}");
}

#[test]
fn the_members_of_a_group_share_its_weight() {
    let mut description = describe("lpddr3-1600");
    description.controller.arbitration =
        Arbitration::Shares([("pair".to_owned(), 1), ("2".to_owned(), 1)].into());
    let member = |name: &str, group: &str| RequestorName {
        name: name.to_owned(),
        group: group.to_owned(),
    };
    let plan = MemoryPlan::new(description).unwrap().for_requestors(&[
        member("0", "pair"),
        member("1", "pair"),
        member("2", "2"),
    ]);
    let streams = (0..3).map(|number| rereads(number, 6000)).collect();
    let outcome = run(&plan, streams, 0);
    let end = finish(&outcome.fates[2]);
    for member in 0..2 {
        let fates = &outcome.fates[member];
        let served = fates.iter().filter(|fate| fate.answered <= end).count();
        assert!(served.abs_diff(3000) < 100, "member {member} got {served}");
    }
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
