//! Schedules of refreshes: each target in turn, as often as the datasheet asks.

use memory::RefreshSchedule;
use memory::description::RefreshPolicy;
use sim_core::Cycles;

use super::presets;

const BANKS_PER_RANK: usize = 16;

fn schedule(policy: RefreshPolicy, ranks: u32) -> Option<RefreshSchedule> {
    let mut description = presets::describe("ddr4-2400");
    assert_eq!(description.organisation.banks_per_rank() as usize, BANKS_PER_RANK);
    description.organisation.ranks = ranks;
    description.controller.refresh = policy;
    description.timing.refresh_interval = Cycles(9361);
    description.timing.bank_refresh_interval = Cycles(585);
    RefreshSchedule::new(&description)
}

#[test]
fn each_target_has_its_turn_once_per_round() {
    for policy in [
        RefreshPolicy::AllBank,
        RefreshPolicy::Staggered,
        RefreshPolicy::PerBank,
    ] {
        for ranks in [1, 2, 4] {
            let schedule = schedule(policy, ranks).unwrap();
            let mut blocked = Vec::new();
            for instant in 0..schedule.round() / schedule.interval() {
                let first = instant as usize * schedule.at_once();
                let due = first..first + schedule.at_once();
                blocked.extend(due.flat_map(|place| schedule.banks(schedule.target(place))));
            }
            let all: Vec<usize> = (0..BANKS_PER_RANK * ranks as usize).collect();
            assert_eq!(blocked, all, "{policy:?} of {ranks} ranks");
            assert_eq!(schedule.target(schedule.targets()), schedule.target(0));
        }
    }
}

#[test]
fn rounds_are_what_the_datasheet_asks_for() {
    assert_eq!(schedule(RefreshPolicy::None, 2), None);
    assert_eq!(schedule(RefreshPolicy::AllBank, 4).unwrap().round(), 9361);
    // The interval is rounded down, to 2340.
    assert_eq!(schedule(RefreshPolicy::Staggered, 4).unwrap().round(), 9360);
    assert_eq!(
        schedule(RefreshPolicy::PerBank, 4).unwrap().round(),
        585 * 4 * BANKS_PER_RANK as u64
    );
}

#[test]
fn a_round_has_a_command_for_each_target() {
    for policy in [
        RefreshPolicy::AllBank,
        RefreshPolicy::Staggered,
        RefreshPolicy::PerBank,
    ] {
        let schedule = schedule(policy, 2).unwrap();
        let counts = schedule.commands_over(schedule.round() as f64);
        let (ranks, banks) = match policy {
            RefreshPolicy::PerBank => (0.0, 2.0 * BANKS_PER_RANK as f64),
            _ => (2.0, 0.0),
        };
        assert!((counts.refreshes - ranks).abs() < 1e-9, "{policy:?}: {counts:?}");
        assert!(
            (counts.bank_refreshes - banks).abs() < 1e-9,
            "{policy:?}: {counts:?}"
        );
    }
}
