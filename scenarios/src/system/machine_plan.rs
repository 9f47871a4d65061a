//! One transformer on one accelerator, resolved into the parameters of every actor.

use std::sync::Arc;

use components::control_block::{SchedulingPolicy, split_mask_buffer};
use components::density::{Density, DensitySource};
use components::operation::Footprint;
use components::pe::PeLayout;
use components::runs::{Densities, Tiling};
use components::sparsity::threshold::{TensorKind, ThresholdCalculator};
use components::units::Bytes;
use components::word::WordFormat;
use sim_core::{Clock, Tick};

use super::Problem;
use crate::mapper::{EmbeddingLoad, Mapper, MapperParameters};
use crate::program::ProgramSummary;
use crate::schema::{self, CostTable, Scenario};
use crate::weights::StatedConstants;

/// A transformer and the accelerator that runs it, every part resolved.
#[derive(Clone, Debug)]
pub struct MachinePlan {
    /// The scenario it was made from.
    pub scenario: Scenario,
    /// Its costs.
    pub costs: CostTable,
    /// The accelerator's clock.
    pub clock: Clock,
    /// How tensors and operations are cut, and what they take.
    pub tiling: Tiling,
    /// What the mapper needs besides.
    pub mapper: MapperParameters,
    /// Parts of a PE.
    pub layout: PeLayout,
    /// Which operation goes first.
    pub policy: SchedulingPolicy,
    /// Where densities come from.
    pub density_source: DensitySource,
    /// The curves on which DynaProp looks thresholds up, if the scenario names any.
    pub curves: Option<Arc<ThresholdCalculator>>,
    /// The weights and inputs that a file states, if the scenario names one.
    pub constants: Option<Arc<StatedConstants>>,
    /// Room for activations.
    pub activation_space: Footprint,
    /// Room for weights.
    pub weight_space: Footprint,
    /// Bytes a cycle of each operand bus.
    pub operand_bus_bytes: u32,
    /// What the program amounts to.
    pub program: ProgramSummary,
    /// Main memory taken by tables, weights and the result; in training also by gradients of weights, the optimiser's
    /// state, targets and what is kept for the backward pass.
    pub memory_used: Bytes,
    /// Main memory that spills of all other tensors may take at once; 0 if everything always fits into the buffer.
    pub spill_room: Bytes,
    /// When it starts: an edge of its clock.
    pub start: Tick,
    /// Its part of main memory: the first byte, and the size. What its tensors leave of it is for spills.
    pub region: (u64, u64),
}

/// A transformer, its accelerator, and what the files hold that it names; not yet resolved.
pub(super) struct Machine {
    pub(super) scenario: Scenario,
    pub(super) costs: CostTable,
    pub(super) curves: Option<Arc<ThresholdCalculator>>,
    pub(super) constants: Option<Arc<StatedConstants>>,
}

impl MachinePlan {
    /// Resolves the transformer and the accelerator of a scenario, whose clock is `clock`, to begin at `start`.
    ///
    /// # Errors
    /// Everything that the machine cannot hold or do, each at its field.
    pub(super) fn new(
        Machine {
            scenario,
            costs,
            curves,
            constants,
        }: Machine,
        clock: Clock,
        start: Tick,
    ) -> Result<Self, Vec<Problem>> {
        let accelerator = &scenario.accelerator;
        let tiling = tiling(&scenario);
        let buffers = &accelerator.buffers;
        let [activation, weight, mask] = [
            buffers.activation_bytes(),
            buffers.weight_bytes(),
            buffers.mask_bytes(),
        ]
        .map(Bytes);
        let (activation_masks, weight_masks) = split_mask_buffer(activation, weight, mask);
        let tile = tiling.tile;
        let dense_tile = tiling.word.dense(tile.elements().max(u64::from(tile.y).pow(2)));
        let operand_bus_bytes = accelerator
            .operand_bus_bytes
            .unwrap_or(u32::try_from(dense_tile.0).unwrap_or(u32::MAX))
            .max(1);
        let mut plan = Self {
            clock,
            tiling,
            mapper: mapper_parameters(&scenario),
            layout: PeLayout {
                lanes: accelerator.lanes_per_pe,
                softmax: accelerator.softmax_per_pe,
            },
            policy: scenario.scheduling.policy,
            density_source: density_source(&scenario),
            curves,
            constants,
            activation_space: Footprint {
                data: activation,
                mask: activation_masks,
            },
            weight_space: Footprint {
                data: weight,
                mask: weight_masks,
            },
            operand_bus_bytes,
            program: ProgramSummary::default(),
            memory_used: Bytes(0),
            spill_room: Bytes(0),
            start,
            region: (0, 0),
            scenario,
            costs,
        };
        let problems = plan.survey();
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// Whether a whole training step is simulated.
    #[must_use]
    pub fn trains(&self) -> bool {
        self.mapper.training.is_some()
    }

    /// The transformer's program, from its beginning.
    #[must_use]
    pub fn program(&self) -> Mapper {
        let parameters = MapperParameters {
            first_address: self.region.0,
            ..self.mapper
        };
        Mapper::new(
            self.scenario.workload.transformer.clone(),
            self.tiling,
            parameters,
        )
    }
}

fn tiling(scenario: &Scenario) -> Tiling {
    let (accelerator, sparsity) = (&scenario.accelerator, &scenario.sparsity);
    let density = |kind| Density::from_share(sparsity.density(kind));
    Tiling {
        tile: accelerator.tile.shape(),
        word: WordFormat {
            integer_bits: accelerator.word.integer_bits,
            fraction_bits: accelerator.word.fraction_bits,
        },
        densities: Densities {
            weight: density(TensorKind::Weights),
            constant: density(TensorKind::Constants),
            activation: density(TensorKind::Activations),
            gradient: density(TensorKind::Gradients),
        },
        loop_order: accelerator.loop_order,
        lanes: accelerator.lanes(),
    }
}

fn mapper_parameters(scenario: &Scenario) -> MapperParameters {
    let workload = &scenario.workload;
    MapperParameters {
        batch: workload.batch,
        sequence: workload.sequence_length,
        vocabulary: workload.vocabulary,
        embedding: match workload.embedding {
            schema::Embedding::Gather => EmbeddingLoad::Gather,
            schema::Embedding::WholeTable => EmbeddingLoad::WholeTable,
        },
        training: match workload.phase {
            schema::Phase::Inference => None,
            schema::Phase::Training => Some(workload.optimizer),
        },
        first_address: 0,
    }
}

fn density_source(scenario: &Scenario) -> DensitySource {
    match &scenario.sparsity.source {
        schema::DensitySource::Sampled {
            distribution: schema::Distribution::Beta { concentration },
        } => DensitySource::Sampled {
            seed: scenario.seed,
            concentration: *concentration,
        },
        _ => DensitySource::Uniform,
    }
}
