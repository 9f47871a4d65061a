//! The published designs: each is accepted, and its plan keeps to its buffers.

use scenarios::system::Plan;
use tests::pairs::published_designs;

#[test]
fn every_published_design_is_accepted() {
    let designs = published_designs();
    assert_eq!(designs.len(), 195);
    for (name, loaded) in designs {
        let plan = Plan::load(&loaded).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        let (peak, capacity) = (
            plan.machine.blocks.account.peak,
            plan.machine.plan_parameters().capacity,
        );
        assert!(peak.fits(&capacity), "{name}: {peak:?} of {capacity:?}");
    }
}
