//! The figures of a design that was estimated or simulated.

use analysis::result::RunResult;
use components::energy_part::EnergyPart;
use estimate::Energy;
use estimate::coarse::CoarseEstimate;
use scenarios::system::{MachineSizes, Plan, peak_power};

use crate::objective::Metrics;

/// The figures of the machine of `plan`, of which `estimate` is the estimate: times and energies of one sequence.
///
/// The peak power is that of [`peak_power`]. `accuracy` is in percent.
#[must_use]
pub fn of_estimate(plan: &Plan, estimate: &CoarseEstimate, accuracy: Option<f64>) -> Metrics {
    let CoarseEstimate { estimate, details } = estimate;
    let energy_nj = split(&estimate.energy_nj, details.buffer_leakage_nj);
    of_all_batches(plan, estimate.seconds, energy_nj, estimate.area_mm2, accuracy)
}

/// The figures of the machine of `plan`, which did `result`: times and energies of one sequence.
#[must_use]
pub fn of_run(plan: &Plan, result: &RunResult, accuracy: Option<f64>) -> Metrics {
    let (machine, energy) = (&result.machine, &result.machine.energy_nj);
    let leakage = energy.of(EnergyPart::Leakage);
    let energy_nj = [energy.total - leakage, leakage];
    of_all_batches(plan, machine.seconds, energy_nj, machine.area_mm2, accuracy)
}

/// The figures of one sequence, from the time of all batches and their dynamic and leakage energy in nJ.
fn of_all_batches(
    plan: &Plan,
    seconds: f64,
    energy_nj: [f64; 2],
    area_mm2: f64,
    accuracy: Option<f64>,
) -> Metrics {
    let scenario = &plan.machine.scenario;
    let batches = f64::from(scenario.workload.batches);
    let sequences = f64::from(scenario.workload.batch) * batches;
    let [dynamic_j, leakage_j] = energy_nj.map(|nanojoules| nanojoules * 1e-9 / sequences);
    let (latency_s, energy_j) = (seconds / sequences, dynamic_j + leakage_j);
    Metrics {
        latency_s,
        dynamic_j,
        leakage_j,
        energy_j,
        batch_latency_s: seconds / batches,
        area_mm2,
        peak_power_w: peak_power(&MachineSizes::of(scenario), &plan.machine.costs).0 * 1e-3,
        mean_power_w: energy_j / latency_s,
        accuracy,
    }
}

/// Dynamic and leakage energy of a run, in nJ. The energy of buffers holds their leakage; main memory, with background and
/// refresh, counts as dynamic.
fn split(energy: &Energy, buffer_leakage_nj: f64) -> [f64; 2] {
    let modules = energy.modules();
    let dynamic: f64 = modules.iter().map(|(_, power)| power.dynamic).sum();
    let leakage: f64 = modules.iter().map(|(_, power)| power.leakage).sum();
    [
        energy.buffer - buffer_leakage_nj + energy.main_memory + dynamic,
        buffer_leakage_nj + leakage,
    ]
}

#[cfg(test)]
mod tests {
    use estimate::coarse::coarse_estimate;
    use scenarios::Scenario;

    use super::*;

    #[test]
    fn figures_are_those_of_a_sequence() {
        let loaded = Scenario::open("bert-tiny-edge").unwrap();
        let plan = Plan::load(&loaded).unwrap();
        let estimate = coarse_estimate(&plan).unwrap();
        let metrics = of_estimate(&plan, &estimate, Some(70.0));
        let batch = f64::from(plan.machine.scenario.workload.batch);
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-12, "{a} {b}");
        near(metrics.batch_latency_s, estimate.estimate.seconds);
        near(metrics.latency_s * batch, estimate.estimate.seconds);
        near(
            metrics.energy_j * batch,
            estimate.estimate.energy_nj.total() * 1e-9,
        );
        near(metrics.energy_j, metrics.dynamic_j + metrics.leakage_j);
        assert!(metrics.leakage_j > 0.0 && metrics.dynamic_j > 0.0);
        // The parts that work take less than all of them; main memory is on top.
        let modules: f64 = (estimate.estimate.energy_nj.modules().iter())
            .map(|(_, power)| power.dynamic)
            .sum();
        let mean = (modules * 1e-9 + metrics.leakage_j * batch) / metrics.batch_latency_s;
        assert!(mean < metrics.peak_power_w, "{mean} {}", metrics.peak_power_w);
        assert_eq!(metrics.accuracy, Some(70.0));
    }
}
