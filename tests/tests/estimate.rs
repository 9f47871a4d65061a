//! The corrected estimate is within a stated band of the simulation, and more of anything never makes it slower.
//!
//! The whole band over hundreds of pairs: `cargo run --release -p tests --example estimate_band`.

use analysis::result::RunResult;
use components::energy_part::{ByAction, EnergyPart};
use components::memory::EnergyTable;
use components::units::NanoJoules;
use estimate::coarse::{CoarseEstimate, coarse_estimate, energy_by_group};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use scenarios::Scenario;
use scenarios::schema::Phase;
use scenarios::system::{self, MainMemory, Plan};
use sim_core::Engine;
use tests::band::{Class, Compared, compare, share_within};
use tests::pairs::{pair, training_pair};
use tests::{memory, plan, plan_on_memory, run, shipped, shipped_names, shipped_small};

use crate::random::planned;

/// Pairs of the drawing that are simulated here, and the most tile operations that one may have.
const PAIRS: usize = 40;
const MOST_TILES: u64 = 40_000;

/// What a pair alone on its memory may be off by, and what nine of ten may.
const WORST_ALONE: f64 = 0.15;
const BAND_ALONE: f64 = 0.06;

/// The same where memory is shared: parts of a channel are known on average only.
const WORST_CONTENDED: f64 = 1.0;

fn compared() -> Vec<Compared> {
    let drawn = (1..).filter_map(|seed| pair(seed, seed % 4 == 0, MOST_TILES));
    drawn.take(PAIRS).map(compare).collect()
}

#[test]
fn the_estimate_is_within_its_band() {
    let compared = compared();
    for pair in &compared {
        println!("{} {}: {:.3}", pair.seed, pair.class.name(), pair.cycles);
        let worst = match pair.class {
            Class::Contended => WORST_CONTENDED,
            _ => WORST_ALONE,
        };
        let off = pair.cycles.max(1.0 / pair.cycles) - 1.0;
        assert!(off <= worst, "pair {} is off by {off:.3}", pair.seed);
        assert_eq!(pair.area, 1.0, "the area of pair {}", pair.seed);
    }
    let alone: Vec<f64> = compared
        .iter()
        .filter(|pair| pair.class != Class::Contended)
        .map(|pair| pair.cycles)
        .collect();
    assert!(
        share_within(&alone, BAND_ALONE) >= 0.9,
        "too few of {alone:?} are within the band"
    );
    dynamic_energies_are_those_of_the_simulation(&compared, 0.05);
}

/// Training steps that are simulated here, and the most tile operations that one may have.
const TRAINING_PAIRS: usize = 30;
const MOST_TRAINING_TILES: u64 = 20_000;

/// What a training step alone on its memory may be off by, and what nine of ten may. On memories with write pulses, of which
/// the estimate says that it may be far off, it is the factor of two that it says.
const WORST_TRAINING: f64 = 0.25;
const BAND_TRAINING: f64 = 0.12;
const WORST_WITH_CAUTION: f64 = 1.0;

#[test]
fn the_estimate_of_a_training_step_is_within_its_band() {
    let drawn = (1..).filter_map(|seed| training_pair(seed, MOST_TRAINING_TILES));
    let compared: Vec<Compared> = drawn.take(TRAINING_PAIRS).map(compare).collect();
    for pair in &compared {
        println!("{} {}: {:.3}", pair.seed, pair.class.name(), pair.cycles);
        let worst = match pair.class {
            Class::TrainingWithCaution => WORST_WITH_CAUTION,
            _ => WORST_TRAINING,
        };
        let off = pair.cycles.max(1.0 / pair.cycles) - 1.0;
        assert!(off <= worst, "training pair {} is off by {off:.3}", pair.seed);
        assert_eq!(pair.area, 1.0, "the area of training pair {}", pair.seed);
    }
    let trusted: Vec<f64> = compared
        .iter()
        .filter(|pair| pair.class != Class::TrainingWithCaution)
        .map(|pair| pair.cycles)
        .collect();
    assert!(
        share_within(&trusted, BAND_TRAINING) >= 0.9,
        "too few of {trusted:?} are within the band"
    );
    dynamic_energies_are_those_of_the_simulation(&compared, 0.1);
}

/// Work is counted, not estimated: what modules spend for working is the same to rounding. Accesses to buffers are, as long
/// as nothing is pushed out and no lane happens to hold a tile from the run before.
/// Accesses to buffers may be off by `buffers`.
fn dynamic_energies_are_those_of_the_simulation(compared: &[Compared], buffers: f64) {
    for pair in compared {
        for &(name, ratio) in &pair.energies {
            let tolerance = match name {
                "MAC lanes" | "softmax" | "layer norm" | "sparsity" => 1e-9,
                "buffers" => buffers,
                _ => continue,
            };
            assert!(
                (ratio - 1.0).abs() <= tolerance,
                "{name} of pair {}: {ratio}",
                pair.seed
            );
        }
    }
}

#[test]
fn shipped_scenarios_have_estimates_that_add_up() {
    for name in shipped_names() {
        let plan = plan(&shipped(name, |_| {}));
        let CoarseEstimate { estimate, details } = coarse_estimate(&plan).unwrap();
        assert_eq!(estimate.area_mm2, system::area(&plan.machine).total().0, "{name}");
        assert!(
            estimate.cycles as f64 >= details.bounds.compute.max(details.bounds.softmax),
            "{name}"
        );
        assert!(estimate.energy_nj.total().is_finite(), "{name}");
        let finished = details.layers.iter().map(|layer| layer.finished);
        let last = finished.fold(0.0, f64::max);
        assert_eq!(last.ceil() as i128, estimate.cycles, "{name}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, rng_seed: RngSeed::Fixed(4), ..Config::default() })]

    /// Ragged shapes, every loop order, buffers that hardly suffice.
    #[test]
    fn any_scenario_has_an_estimate((text, plan) in planned(Phase::Inference)) {
        let found = coarse_estimate(&plan);
        prop_assert!(found.is_ok(), "{:?} {text}", found.err());
        let CoarseEstimate { estimate, .. } = found.unwrap();
        prop_assert!(estimate.cycles > 0 && estimate.energy_nj.total().is_finite(), "{text}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 100, failure_persistence: None, rng_seed: RngSeed::Fixed(5), ..Config::default() })]

    #[test]
    fn any_training_step_has_an_estimate((text, plan) in planned(Phase::Training)) {
        let found = coarse_estimate(&plan);
        prop_assert!(found.is_ok(), "{:?} {text}", found.err());
        let CoarseEstimate { estimate, .. } = found.unwrap();
        prop_assert!(estimate.cycles > 0 && estimate.energy_nj.total().is_finite(), "{text}");
    }
}

fn bert_tiny(change: impl FnOnce(&mut Scenario)) -> Plan {
    plan(&shipped("bert-tiny-edge", change))
}

fn cycles(plan: &Plan) -> f64 {
    coarse_estimate(plan).unwrap().estimate.cycles as f64
}

/// The slack that the simulation itself is allowed (`monotonicity`): runs are cut to feed all lanes, and shorter ones fetch
/// operands more often.
const SLACK: f64 = 1.01;

fn assert_never_slower(what: &str, cycles: &[f64]) {
    println!("{what}: {cycles:?}");
    for pair in cycles.windows(2) {
        assert!(pair[1] <= pair[0] * SLACK, "{what}: {cycles:?}");
    }
}

fn assert_faster(what: &str, cycles: &[f64]) {
    assert_never_slower(what, cycles);
    assert!(cycles.last() < cycles.first(), "{what} win nothing: {cycles:?}");
}

#[test]
fn more_units_are_not_slower_in_the_estimate() {
    for name in ["ideal", "lpddr3-1600", "hbm2", "rram-m3d"] {
        for lanes in [1, 4, 16] {
            let machine = |pes: u32, lanes: u32, softmax: u32| {
                cycles(&bert_tiny(|scenario| {
                    scenario.memory = memory(name);
                    scenario.accelerator.processing_elements = pes;
                    scenario.accelerator.lanes_per_pe = lanes;
                    scenario.accelerator.softmax_per_pe = softmax;
                }))
            };
            let pes = [1, 2, 4, 8, 16, 32, 64, 128].map(|pes| machine(pes, lanes, 4));
            assert_faster(&format!("PEs of {lanes} lanes on {name}"), &pes);
        }
    }
}

#[test]
fn more_bandwidth_is_not_slower_in_the_estimate() {
    for name in ["lpddr3-1600", "ddr4-2400", "hbm2", "rram"] {
        let loaded = shipped("bert-tiny-edge", |scenario| scenario.memory = memory(name));
        let channels = [1, 2, 4, 8].map(|channels| {
            cycles(&plan_on_memory(&loaded, |memory| {
                memory.organisation.channels = channels
            }))
        });
        if name == "lpddr3-1600" {
            // Its map sends a stream to one channel after another.
            assert_never_slower(&format!("channels of {name}"), &channels);
        } else {
            assert_faster(&format!("channels of {name}"), &channels);
        }
        let clocks = [1, 2, 4].map(|times| {
            cycles(&plan_on_memory(&loaded, |memory| {
                memory.frequency_khz = sim_core::Frequency::from_kilohertz(
                    (memory.frequency_khz.hertz() / 1000.0) as u64 * times,
                );
            }))
        });
        assert_faster(&format!("clocks of {name}"), &clocks);
    }
}

/// Half of the pairs' units, or of their memory's: the estimate with all of them is no slower.
#[test]
fn doubling_a_random_pair_is_not_slower_in_the_estimate() {
    for pair in (1..).filter_map(|seed| pair(seed, false, MOST_TILES)).take(16) {
        let before = cycles(&pair.plan);
        let more = pair
            .loaded
            .with(|scenario| scenario.accelerator.processing_elements *= 2);
        let after = cycles(&plan(&more.unwrap()));
        assert!(
            after <= before * DOUBLED_SLACK,
            "pair {}: {before} -> {after} with twice the PEs",
            pair.seed
        );
        let faster = plan_on_memory(&pair.loaded, |memory| {
            memory.organisation.channels *= 2;
        });
        let after = cycles(&faster);
        assert!(
            after <= before * DOUBLED_SLACK,
            "pair {}: {before} -> {after} with twice the channels",
            pair.seed
        );
    }
}

/// Twice the units can come slower by the rounding of runs to units; the simulation has the same.
const DOUBLED_SLACK: f64 = 1.05;

/// The estimate has no prices of its own: at what a run has counted, they are the run's energy, part by part.
#[test]
fn energy_at_a_runs_own_counts_is_the_runs_energy() {
    let gated = shipped("tiny-trace", |scenario| {
        scenario.accelerator.power_gating = true;
    });
    let trained = shipped("bert-tiny-train", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 1;
    });
    for loaded in [
        shipped_small("tiny-trace"),
        gated,
        trained,
        shipped_small("flexibert-mixed"),
    ] {
        let run = run(plan(&loaded));
        let (machine, timebase) = (&run.plan.machine, run.plan.timebase);
        let did = &run.measured.machine;
        let actions = ByAction::new(|action| did.actions[action] as f64);
        let energy = did.energy(machine, timebase);
        let memory = &run.measured.memory;
        let MainMemory::Banked(banked) = &run.plan.memory else {
            panic!(
                "{}: memory without limits takes no energy",
                loaded.scenario().name
            );
        };
        let priced = EnergyTable::new(banked.description()).energy(&memory.commands);
        let near = |what: &str, estimated: f64, run: f64| {
            let name = &loaded.scenario().name;
            assert!(
                (estimated - run).abs() <= 1e-9 * run,
                "{name}, {what}: {estimated} nJ of {run} nJ"
            );
        };
        let main_memory = NanoJoules(priced.total().0 * 1e-3);
        let estimated = energy_by_group(machine, timebase, &actions, main_memory);
        near(
            "main memory",
            estimated.main_memory,
            memory.energy.total().0 * 1e-3,
        );
        let by_part = energy.by_part();
        let of = |part| by_part[part].0;
        near("MAC lanes", estimated.mac_lanes.dynamic, of(EnergyPart::MacLanes));
        near("softmax", estimated.softmax.dynamic, of(EnergyPart::Softmax));
        near(
            "layer norm",
            estimated.layer_norm.dynamic,
            of(EnergyPart::LayerNorm),
        );
        near("sparsity", estimated.sparsity.dynamic, of(EnergyPart::Sparsity));
        let others = of(EnergyPart::Other) + of(EnergyPart::StochasticRounding);
        near("others", estimated.others.dynamic, others);
        let of_buffers = energy.of_modules(EnergyPart::Buffers).leakage.0;
        near("buffers", estimated.buffer, of(EnergyPart::Buffers) + of_buffers);
        let leakages = estimated.modules().map(|(_, power)| power.leakage);
        near(
            "leakage",
            leakages.iter().sum::<f64>() + of_buffers,
            of(EnergyPart::Leakage),
        );
        let result = RunResult::new(&run.plan, &run.measured, Engine::default(), 0.0);
        near("all", estimated.total(), result.machine.energy_nj.total);
    }
}
