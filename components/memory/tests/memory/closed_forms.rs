//! Latency, bandwidth and conflict rate against closed forms, for every shipped memory.

use memory::description::{Controller, RefreshPolicy};
use memory::pattern::Pattern;
use memory::{Access, MemoryPlan, TraceRecord, replay};
use sim_core::Engine;

use crate::presets::{ALL, PUBLISHED, SHIPPED, describe, geometry, plan};

/// A shipped memory without refresh.
fn unrefreshed(name: &str) -> MemoryPlan {
    let mut description = describe(name);
    description.controller = Controller {
        refresh: RefreshPolicy::None,
        ..description.controller
    };
    MemoryPlan::new(description).unwrap()
}

fn last_answer(plan: &MemoryPlan, requests: impl Iterator<Item = TraceRecord>, per_cycle: u32) -> u64 {
    replay(plan, requests.map(Ok), per_cycle, Engine::Wheel)
        .unwrap()
        .last_answer
}

#[test]
fn an_idle_read_takes_activate_column_and_burst() {
    for name in ALL {
        let plan = plan(name);
        let timing = plan.description().timing;
        let burst = plan.description().organisation.burst_cycles();
        let read = TraceRecord {
            address: 0,
            access: Access::Read,
            cycle: 100,
        };
        let report = replay(&plan, [Ok(read)].into_iter(), 1, Engine::Wheel).unwrap();
        let latency = 1 + timing.activate_to_read.0 + timing.read_latency.0 + burst;
        assert_eq!(report.memory.read_latency().mean(), latency as f64, "{name}");
        // Sent in cycle 100, seen by the controller in the next.
        assert_eq!(report.last_answer, 101 + latency, "{name}");
    }
}

#[test]
fn hits_of_one_bank_follow_at_the_column_distance() {
    for name in ALL {
        let plan = unrefreshed(name);
        let (timing, organisation) = (plan.description().timing, plan.description().organisation);
        let grouped = organisation.bank_groups > 1;
        let column = if grouped {
            timing.column_to_column_same_group
        } else {
            timing.column_to_column
        };
        let distance = organisation.burst_cycles().max(column.0);
        let home = plan.address_map().locate(0);
        let same_row = |address: &u64| {
            let mut location = plan.address_map().locate(*address);
            location.column = 0;
            location == home
        };
        let row: Vec<u64> = (0..1 << 20).map(|block| block * 64).filter(same_row).collect();
        let count = u64::from(organisation.columns / organisation.burst_length);
        let reads = row.iter().take(count as usize).map(|&address| TraceRecord {
            address,
            access: Access::Read,
            cycle: 0,
        });
        let first = 2 + timing.activate_to_read.0 + timing.read_latency.0 + organisation.burst_cycles();
        assert_eq!(
            last_answer(&plan, reads, 1),
            first + (count - 1) * distance,
            "{name}"
        );
    }
}

#[test]
fn rows_of_one_bank_follow_at_the_row_cycle() {
    for name in ALL {
        let plan = unrefreshed(name);
        let timing = plan.description().timing;
        let row_cycle = timing.precharge.0
            + timing
                .activate_to_precharge
                .0
                .max(timing.activate_to_read.0 + timing.read_to_precharge.0);
        let first = 2 + timing.activate_to_read.0 + plan.constraints().read_delay;
        let reads = Pattern::RowConflicts.requests(geometry(&plan), 500);
        assert_eq!(last_answer(&plan, reads, 1), first + 499 * row_cycle, "{name}");
    }
}

/// The share of the peak that a pattern gets.
fn share(plan: &MemoryPlan, pattern: Pattern, requests: u64) -> f64 {
    let report = replay(plan, pattern.records(geometry(plan), requests), 16, Engine::Wheel).unwrap();
    report.memory.achieved_bytes_per_second(plan) / plan.peak_bytes_per_second()
}

#[test]
fn a_stream_reaches_over_nine_tenths_of_the_peak() {
    for name in SHIPPED.into_iter().chain(PUBLISHED) {
        let plan = plan(name);
        let stream = share(&plan, Pattern::Sequential, 200_000);
        assert!(stream > 0.9 && stream <= 1.0, "{name}: {stream} of the peak");
        let random = share(&plan, Pattern::Random { seed: 1 }, 30_000);
        // These two have so many banks for their bus that random rows cost nothing, and refreshes less than a stream:
        // while one rank refreshes, requests to the others go on.
        if !["published/dram_16_4_1", "published/dram_8_2_4"].contains(&name) {
            assert!(random < stream, "{name}: random {random}, stream {stream}");
        } else {
            assert!(random <= 1.0, "{name}: {random} of the peak");
        }
    }
}

#[test]
fn an_idle_memory_is_refreshed_on_time_at_no_cost() {
    for name in ALL {
        let plan = plan(name);
        let timing = plan.description().timing;
        let idle = 1_000_000_000_000;
        let reads = [0, idle].map(|cycle| {
            Ok(TraceRecord {
                address: 0,
                access: Access::Read,
                cycle,
            })
        });
        let report = replay(&plan, reads.into_iter(), 1, Engine::Wheel).unwrap();
        assert!(report.events < 3000, "{name}: {} events", report.events);
        let organisation = plan.description().organisation;
        let expected = match plan.description().controller.refresh {
            RefreshPolicy::None => 0,
            _ => {
                let due = idle / (timing.refresh_interval.0 / u64::from(organisation.ranks));
                due * u64::from(organisation.channels)
            }
        };
        assert_eq!(report.memory.refreshes, expected, "{name}");
        assert_eq!(report.memory.violations.first(), None);
    }
}
