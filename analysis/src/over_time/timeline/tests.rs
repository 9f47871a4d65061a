use components::energy_part::Action;
use scenarios::Scenario;
use sim_core::Engine;

use super::*;

/// The sums over time equal what the run itself has counted, however often bins were folded.
#[test]
fn sums_are_those_of_the_run() {
    for name in ["tiny-trace", "bert-tiny-edge", "bert-tiny-train"] {
        let plan = Plan::load(&Scenario::shipped(name).unwrap()).unwrap();
        let mut sink = TimelineSink::new(&plan);
        let system = plan.build(Engine::Wheel).unwrap();
        let measured = system.run_traced(&plan, &mut sink).unwrap();
        let timeline = sink.timeline();
        let near = |what: &str, summed: f64, counted: f64| {
            let error = (summed - counted).abs();
            assert!(
                error <= 1e-9 * counted.max(1.0),
                "{name}, {what}: {summed} of {counted}"
            );
        };
        let machine = &measured.machine;
        near(
            "lanes",
            timeline.total(Quantity::MacLanes),
            machine.time(Action::MacLane).0 as f64,
        );
        near(
            "softmax",
            timeline.total(Quantity::Softmax),
            machine.time(Action::Softmax).0 as f64,
        );
        near(
            "layer norm",
            timeline.total(Quantity::LayerNorm),
            machine.time(Action::LayerNorm).0 as f64,
        );
        // Forwarded and merged requests have no burst of their own.
        let memory = &measured.memory;
        let spared = (memory.forwarded_reads + memory.merged_reads) * BLOCK.0;
        let read = memory.read_bytes - spared;
        near("read", timeline.total(Quantity::Read), read as f64);
        let spared = (memory.merged_writes + memory.still_queued) * BLOCK.0;
        let written = memory.write_bytes - spared;
        near("written", timeline.total(Quantity::Written), written as f64);
        let rows = (0..timeline.rows()).map(|row| timeline.total(Quantity::Row(row)));
        near("rows", rows.sum(), machine.time(Action::MacLane).0 as f64);
        assert!(
            timeline.bins() <= BINS && timeline.bins() > BINS / 3,
            "{}",
            timeline.bins()
        );
    }
}
