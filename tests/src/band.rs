//! The corrected estimate held against the simulation.

use components::energy_part::EnergyPart;
use estimate::coarse::{CoarseEstimate, Limit, coarse_estimate};
use scenarios::system;

use crate::pairs::Pair;
use crate::{Run, run};

/// What bounds a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// MAC lanes, softmax or layer-norm modules.
    Compute,
    /// Operations that wait for each other.
    Dependences,
    /// Main memory.
    Memory,
    /// Main memory is shared with other traffic.
    Contended,
    /// A training step whose activations all stay in the buffer.
    Training,
    /// A training step for which blocks of activations or gradients are pushed out.
    TrainingPushedOut,
    /// A training step of which the estimate itself says that it may be far off.
    TrainingWithCaution,
    /// An inference of which it does.
    WithCaution,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Compute,
        Self::Dependences,
        Self::Memory,
        Self::Contended,
        Self::Training,
        Self::TrainingPushedOut,
        Self::TrainingWithCaution,
        Self::WithCaution,
    ];

    /// The name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Compute => "compute bound",
            Self::Dependences => "dependence bound",
            Self::Memory => "memory bound",
            Self::Contended => "contended",
            Self::Training => "training",
            Self::TrainingPushedOut => "training, blocks pushed out",
            Self::TrainingWithCaution => "training, with caution",
            Self::WithCaution => "with caution",
        }
    }
}

/// Estimate over simulation, for one pair.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The number of the pair.
    pub seed: u64,
    /// What bounds it, by the estimate.
    pub class: Class,
    /// Cycles.
    pub cycles: f64,
    /// Simulated cycles.
    pub simulated: u64,
    /// Blocks pushed out in the simulation.
    pub spills: u64,
    /// Area.
    pub area: f64,
    /// Energies, by what they are of.
    pub energies: Vec<(&'static str, f64)>,
}

/// Estimates `pair` and simulates it.
///
/// # Panics
/// The estimate or the simulation fails.
#[must_use]
pub fn compare(pair: Pair) -> Compared {
    let estimate = coarse_estimate(&pair.plan).unwrap_or_else(|error| panic!("pair {}: {error}", pair.seed));
    let class = match estimate.details.bound_by {
        _ if pair.plan.has_contention() => Class::Contended,
        _ if estimate.details.caution.is_some() => match pair.plan.machine.trains() {
            true => Class::TrainingWithCaution,
            false => Class::WithCaution,
        },
        _ if pair.plan.machine.trains() && estimate.details.slices_pushed_out > 0 => Class::TrainingPushedOut,
        _ if pair.plan.machine.trains() => Class::Training,
        Limit::Memory => Class::Memory,
        Limit::Dependences => Class::Dependences,
        _ => Class::Compute,
    };
    let area = system::area(&pair.plan.machine).total().0;
    let run = run(pair.plan);
    Compared {
        seed: pair.seed,
        class,
        cycles: estimate.estimate.cycles as f64 / run.cycles() as f64,
        simulated: run.cycles(),
        spills: run.measured.machine.spills,
        area: estimate.estimate.area_mm2 / area,
        energies: energies(&estimate, &run),
    }
}

fn energies(estimate: &CoarseEstimate, run: &Run) -> Vec<(&'static str, f64)> {
    let machine = &run.plan.machine;
    let simulated = run.measured.machine.energy(machine, run.plan.timebase).by_part();
    let estimated = &estimate.estimate.energy_nj;
    let leakage: f64 = estimated.modules().iter().map(|(_, power)| power.leakage).sum();
    let ratio = |estimated: f64, simulated: f64| {
        if simulated == 0.0 && estimated == 0.0 {
            1.0
        } else {
            estimated / simulated
        }
    };
    let memory_nj = run.measured.memory.energy.total().0 * 1e-3;
    vec![
        (
            "MAC lanes",
            ratio(estimated.mac_lanes.dynamic, simulated[EnergyPart::MacLanes].0),
        ),
        (
            "softmax",
            ratio(estimated.softmax.dynamic, simulated[EnergyPart::Softmax].0),
        ),
        (
            "layer norm",
            ratio(estimated.layer_norm.dynamic, simulated[EnergyPart::LayerNorm].0),
        ),
        (
            "sparsity",
            ratio(estimated.sparsity.dynamic, simulated[EnergyPart::Sparsity].0),
        ),
        (
            "buffers",
            ratio(
                estimated.buffer - estimate.details.buffer_leakage_nj,
                simulated[EnergyPart::Buffers].0,
            ),
        ),
        (
            "others",
            ratio(
                estimated.others.dynamic,
                simulated[EnergyPart::Other].0 + simulated[EnergyPart::StochasticRounding].0,
            ),
        ),
        (
            "leakage",
            ratio(
                leakage + estimate.details.buffer_leakage_nj,
                simulated[EnergyPart::Leakage].0,
            ),
        ),
        ("main memory", ratio(estimated.main_memory, memory_nj)),
    ]
}

/// The value below which a share of `sorted` lies; not a number if there are none.
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

/// Share of `ratios` that are within `band` of 1.
#[must_use]
pub fn share_within(ratios: &[f64], band: f64) -> f64 {
    let within = ratios
        .iter()
        .filter(|&&ratio| (ratio - 1.0).abs() <= band)
        .count();
    within as f64 / ratios.len().max(1) as f64
}
