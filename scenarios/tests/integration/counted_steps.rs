//! Plans of very many steps are counted by segments.

use components::block_plan::{Blocking, PlanAccount};
use scenarios::Scenario;
use scenarios::system::Plan;

#[test]
fn two_segments_stand_for_all() {
    let loaded = Scenario::shipped("bert-tiny-edge").unwrap().with(|scenario| {
        scenario.workload.batch = 32;
    });
    let machine = Plan::load(&loaded.unwrap()).unwrap().machine;
    let blocking = Blocking {
        segment: 1,
        ..machine.blocks.blocking
    };
    let account = PlanAccount::of(&mut machine.block_plan(blocking));
    let count = |steps: u64| {
        let counted = machine.block_plan(blocking).counted(steps);
        counted.fold((0, 0), |(lines, all), (_, times)| (lines + 1, all + times))
    };
    let all = account.steps;
    assert_eq!(count(all), (all, all), "a plan of so few steps is walked whole");
    let segments = u64::from(machine.plan_parameters().batch_tiles);
    assert!(segments > 2);
    assert_eq!(count(u64::MAX), (all / segments * 2, all));
}
