//! Densities drawn tile by tile: the work is the same on average, but lanes no longer finish together.

use components::control_block::StallCause;
use components::energy_part::Action;
use scenarios::schema::{DensitySource, Distribution, LoopOrder, Scenario};
use tests::{Run, memory, plan, run, shipped};

/// A machine that waits for its lanes.
fn compute_bound(seed: u64, source: DensitySource) -> Run {
    run(plan(&shipped("bert-tiny-edge", |scenario: &mut Scenario| {
        scenario.memory = memory("ideal");
        scenario.accelerator.processing_elements = 8;
        scenario.seed = seed;
        scenario.sparsity.source = source;
    })))
}

fn sampled(concentration: f64) -> DensitySource {
    DensitySource::Sampled {
        distribution: Distribution::Beta { concentration },
    }
}

fn mean(runs: &[Run], of: impl Fn(&Run) -> f64) -> f64 {
    runs.iter().map(of).sum::<f64>() / runs.len() as f64
}

#[test]
fn the_mean_work_over_seeds_is_the_uniform_work() {
    let uniform = compute_bound(1, DensitySource::Uniform);
    let runs: Vec<Run> = (0..12).map(|seed| compute_bound(seed, sampled(20.0))).collect();
    let pairs = |run: &Run| run.measured.machine.lanes.multiplications as f64;
    // 61,440 tiles per run with a standard deviation of a quarter of the mean: a standard error of 0.03% over 12 runs; tiles of
    // one operand tile share its draw, which makes it some times that.
    let ratio = mean(&runs, pairs) / pairs(&uniform);
    assert!((ratio - 1.0).abs() < 0.005, "{ratio}");
    // Rounding up to whole cycles per tile adds at most half a cycle on average to the sampled ones.
    let busy = |run: &Run| run.measured.machine.time(Action::MacLane).0 as f64;
    let ratio = mean(&runs, busy) / busy(&uniform);
    assert!((0.995..1.02).contains(&ratio), "{ratio}");
}

/// Lanes wait longer for rows that other lanes work on. The run as a whole need not be longer: rows that are not finished
/// all at once do not queue for the few layer-norm modules.
#[test]
fn the_wider_the_densities_the_longer_lanes_wait_for_each_other() {
    let waiting = |run: &Run| run.measured.machine.stalls.lane_ticks(StallCause::Dependence) as f64;
    let uniform = waiting(&compute_bound(1, DensitySource::Uniform));
    let over = |concentration: f64| {
        let runs: Vec<Run> = (0..4)
            .map(|seed| compute_bound(seed, sampled(concentration)))
            .collect();
        (
            mean(&runs, waiting) / uniform,
            mean(&runs, |run| run.cycles() as f64),
        )
    };
    let [narrow, usual, wide] = [100_000.0, 20.0, 2.0].map(over);
    println!("waiting for other lanes, over that of uniform densities: {narrow:?}, {usual:?}, {wide:?}");
    assert!(
        (0.8..1.3).contains(&narrow.0),
        "densities that hardly differ: {narrow:?}"
    );
    assert!(
        usual.0 > 1.5 * narrow.0 && wide.0 > 1.5 * usual.0,
        "{narrow:?} {usual:?} {wide:?}"
    );
    assert!(wide.1 > usual.1, "{usual:?} {wide:?}");
}

#[test]
fn densities_do_not_depend_on_the_order_of_work() {
    let pairs = |order: &str| {
        let run = run(plan(&shipped("bert-tiny-edge", |scenario| {
            scenario.memory = memory("ideal");
            scenario.accelerator.loop_order = order.parse::<LoopOrder>().expect("a permutation").into();
            scenario.sparsity.source = sampled(20.0);
        })));
        run.measured.machine.lanes.multiplications
    };
    assert_eq!(pairs("bijk"), pairs("kjib"));
}
