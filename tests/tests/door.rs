//! Whatever a program makes of a scenario is refused with its place, or it plans and runs.

use tests::door::{Limits, fuzz};

#[test]
fn what_a_program_changes_is_refused_or_runs() {
    let limits = Limits {
        runs: 40,
        tile_operations: 5_000,
        modules: 4_096,
        events: 4_000_000,
    };
    let tally = fuzz(0..3_000, limits);
    assert!(tally.faults.is_empty(), "{tally}");
    assert!(tally.refused > 1_000 && tally.planned > 500, "{tally}");
    assert_eq!(tally.runs, limits.runs, "{tally}");
}
