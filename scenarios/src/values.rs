//! Runs that compute: the numbers that go in, and whether the right ones come out.
//!
//! Each tensor that the simulated machine makes is held against two computations that know nothing of tiles, lanes or
//! buffers: the same operation on the machine's own operands, in plain loops (`local.rs`), with a bound of one or
//! two roundings; and the whole transformer from its inputs on (`reference.rs`), with a bound that follows every rounding
//! from there. The first catches any mistake of an operation; the second shows that the operations are the right ones.

mod calibration;
mod check;
mod gradient;
mod local;
mod matrix;
mod operands;
mod optimizer;
mod parameters;
mod reference;
mod unpruned;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use components::sparsity::threshold::TensorKind;
use components::values::{
    MemoryImage, NonLinearFunction, Rounding, Thresholds, UpdateRule, ValueSettings, ValueStore, Values,
};
use sim_core::mix;

use calibration::{Calibration, Fetches};
use check::Checker;
pub use operands::show_operands;
use parameters::Parameters;

use crate::schema::{ActivationFunction, DensitySource, Optimizer, Phase, Workload};
use crate::system::{MachinePlan, ValueCheck};

/// The numbers of a machine, and what its check has found so far.
#[derive(Clone)]
pub struct Computation {
    /// The numbers.
    pub values: Values,
    check: Arc<Mutex<Checker>>,
}

/// The state that a training step hands to the next one.
#[derive(Clone, Debug)]
pub struct Trained {
    memory: MemoryImage,
    parameters: Parameters,
}

impl Computation {
    /// The numbers with which the machine of `plan` computes; `None` if it does not compute. They continue from `trained`, or
    /// begin with the seed's.
    #[must_use]
    pub fn new(plan: &MachinePlan, trained: Option<&Trained>) -> Option<Self> {
        let constants = plan.seeded_constants();
        let Trained { memory, parameters } = trained.cloned().unwrap_or_else(|| Trained {
            memory: MemoryImage::default(),
            parameters: Parameters::new(constants.clone()),
        });
        let settings = settings(plan, parameters.steps + 1)?;
        let checker = Checker::new(plan, settings.clone(), parameters);
        let checker = Arc::new(Mutex::new(checker));
        let observer = Box::new(check::Shared(Arc::clone(&checker)));
        let store = ValueStore::new(settings, Box::new(constants), observer);
        Some(Self {
            values: Values::new(store.with_memory(memory)),
            check: checker,
        })
    }

    fn checker(&self) -> MutexGuard<'_, Checker> {
        self.check.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the check found.
    #[must_use]
    pub fn check(&self) -> ValueCheck {
        // Not both locks at once: a run takes them in the other order.
        let totals = self.values.totals();
        self.checker().found(totals)
    }

    /// The state after the step: the machine's main memory, and the reference's parameters.
    #[must_use]
    pub fn trained(&self) -> Trained {
        Trained {
            memory: self.values.memory(),
            parameters: self.checker().parameters().clone(),
        }
    }
}

/// What DynaProp prunes by, given all settings but this; `None` if the machine does not compute.
fn thresholds(plan: &MachinePlan, unpruned: &ValueSettings) -> Option<Thresholds> {
    let sparsity = &plan.scenario.sparsity;
    Some(match sparsity.source {
        _ if !sparsity.source.computes() => return None,
        _ if !sparsity.dynaprop => Thresholds::default(),
        DensitySource::Values {
            activation_threshold,
            weight_threshold,
            gradient_threshold,
        } => Thresholds::by_kind(|kind| match kind {
            TensorKind::Activations => activation_threshold,
            TensorKind::Weights => weight_threshold,
            TensorKind::Gradients => gradient_threshold,
            TensorKind::Constants => 0.0,
        }),
        _ => wanted_thresholds(plan, unpruned),
    })
}

/// The thresholds for the sparsities that are wanted, whatever the step: a machine is set up once.
fn wanted_thresholds(plan: &MachinePlan, unpruned: &ValueSettings) -> Thresholds {
    let Some(curves) = plan.curves.as_deref() else {
        return Thresholds::default();
    };
    let (source, tile) = (&plan.scenario.sparsity.source, plan.tiling.tile);
    let calibration = Calibration {
        workload: &plan.scenario.workload,
        settings: unpruned,
        parameters: &Parameters::new(plan.seeded_constants()),
        tile: [tile.b, tile.y],
        curves,
        fetches: &Fetches::of(plan.program()),
        wanted: TensorKind::ALL.map(|kind| source.wanted(kind).unwrap_or(0.0)),
    };
    calibration.thresholds()
}

/// What the numbers of step `step` of a training, counted from 1, depend on; `None` if the machine does not compute.
fn settings(plan: &MachinePlan, step: u32) -> Option<ValueSettings> {
    let unpruned = unpruned_settings(plan, step);
    let thresholds = thresholds(plan, &unpruned)?;
    Some(ValueSettings {
        thresholds,
        ..unpruned
    })
}

/// The same without pruning.
fn unpruned_settings(plan: &MachinePlan, step: u32) -> ValueSettings {
    let workload = &plan.scenario.workload;
    let rate = workload.learning_rate;
    let (rounding, update) = match (workload.phase, workload.optimizer) {
        (Phase::Inference, _) => (Rounding::Nearest, None),
        (Phase::Training, optimizer) => {
            let seed = mix(plan.scenario.seed, u64::from(step));
            let rule = match optimizer {
                Optimizer::Sgd { momentum } => UpdateRule::Sgd { rate, momentum },
                Optimizer::Adam => UpdateRule::adam(rate, step),
            };
            (Rounding::Stochastic { seed }, Some(rule))
        }
    };
    ValueSettings {
        word: plan.tiling.word,
        rounding,
        thresholds: Thresholds::default(),
        function: match workload.activation_function {
            ActivationFunction::Gelu => NonLinearFunction::Gelu,
            ActivationFunction::Relu => NonLinearFunction::Relu,
        },
        words: plan.words(),
        update,
        loss_scale: loss_scale(workload),
    }
}

/// The power of two at or below one over the number of tokens, so that the loss is about the mean over them for any
/// batch, and its gradients stay within the range of the words.
fn loss_scale(workload: &Workload) -> f64 {
    let tokens = u64::from(workload.batch) * u64::from(workload.sequence_length);
    1.0 / tokens.next_power_of_two() as f64
}
