//! One transformer on one accelerator, resolved into the parameters of every actor.

use std::sync::Arc;

use components::block_plan::{
    BlockPlan, BlockRole, Blocking, Choice, PartSizes, PlanAccount, PlanParameters, Rates, Room, SizesByRole,
    StatedBlocks,
};
use components::control_block::SchedulingPolicy;
use components::density::{Density, DensitySource};
use components::pe::PeLayout;
use components::program::{StageOperations, StageSource};
use components::runs::{Densities, LaneSupply, Tiling};
use components::sparsity::threshold::{TensorKind, ThresholdCalculator};
use components::units::{BLOCK, Bytes};
use components::word::WordFormat;
use sim_core::{Clock, Tick};

use super::Problem;
use super::fit::Depth;
use super::main_memory::MemoryPace;
use crate::mapper::{EmbeddingLoad, Mapper, MapperParameters, Stages};
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
    /// How the program is cut into blocks, and what that moves.
    pub blocks: Choice,
    /// What the program amounts to.
    pub program: ProgramSummary,
    /// Main memory taken by tables, weights and the result; in training also by gradients of weights, the optimiser's
    /// state, targets and what is kept for the backward pass.
    pub memory_used: Bytes,
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
    /// Resolves the transformer and the accelerator of a scenario, whose clock is `clock`, to begin at `start` on a main
    /// memory of this pace.
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
        memory: MemoryPace,
        depth: Depth,
    ) -> Result<Self, Vec<Problem>> {
        let accelerator = &scenario.accelerator;
        let tiling = tiling(&scenario);
        let mut plan = Self {
            clock,
            tiling,
            mapper: mapper_parameters(&scenario),
            layout: PeLayout {
                lanes: accelerator.lanes_per_pe,
                group: tiling.group,
                softmax: accelerator.softmax_per_pe,
            },
            policy: scenario.scheduling.policy,
            density_source: density_source(&scenario),
            curves,
            constants,
            blocks: Choice {
                blocking: Blocking::WHOLE,
                account: PlanAccount::default(),
                cycles: 0.0,
            },
            program: ProgramSummary::default(),
            memory_used: Bytes(0),
            start,
            region: (0, 0),
            scenario,
            costs,
        };
        let problems = plan.survey(memory, depth);
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
        Mapper::from(self.stages())
    }

    /// Operations of one batch.
    #[must_use]
    pub fn operations_of_batch(&self) -> u32 {
        (self.program.operations / u64::from(self.scenario.workload.batches)) as u32
    }

    /// The transformer's program, stage by stage.
    #[must_use]
    pub fn stages(&self) -> Stages {
        let transformer = self.scenario.workload.transformer.clone();
        Stages::new(transformer, self.tiling, self.mapper_parameters())
    }

    fn mapper_parameters(&self) -> MapperParameters {
        MapperParameters {
            first_address: self.region.0,
            ..self.mapper
        }
    }

    /// What moves through the buffers, step by step, if the program is cut by `blocking`.
    #[must_use]
    pub fn block_plan(&self, blocking: Blocking) -> BlockPlan {
        BlockPlan::new(self.plan_parameters(), blocking, self.stage_source())
    }

    /// Where the stages of the program come from.
    #[must_use]
    pub fn stage_source(&self) -> StageSource {
        let (transformer, tiling) = (self.scenario.workload.transformer.clone(), self.tiling);
        let parameters = self.mapper_parameters();
        Arc::new(move || -> Box<dyn Iterator<Item = StageOperations> + Send> {
            Box::new(Stages::new(transformer.clone(), tiling, parameters))
        })
    }

    /// How fast the machine is on a memory: what ways to cut its program are ranked by.
    pub(super) fn rates(&self, memory: MemoryPace) -> Rates {
        let hertz = self.clock.frequency().hertz();
        Rates {
            bytes_per_cycle: memory.bytes_per_second / hertz,
            load_latency: memory.read_seconds * hertz,
            run_latency: self.cost_model().run_latency(),
            units: self.units(),
            order: self.scenario.accelerator.loop_order.usual(),
        }
    }

    /// Units of each class: MAC lanes, softmax modules, and layer-norm modules, of which each PE has one.
    #[must_use]
    pub fn units(&self) -> [u64; 3] {
        let accelerator = &self.scenario.accelerator;
        let pes = u64::from(accelerator.processing_elements);
        [
            accelerator.lanes(),
            pes * u64::from(accelerator.softmax_per_pe),
            pes,
        ]
    }

    /// What the scenario states of the way to cut its program.
    #[must_use]
    pub fn stated_blocks(&self) -> StatedBlocks {
        let mapping = &self.scenario.accelerator.mapping;
        let (sizes, edges) = (mapping.blocks.along(), self.tiling.tile.along());
        let [segment, rows, columns, reduction] =
            [0, 1, 2, 3].map(|along: usize| Some(sizes[along]?.div_ceil(edges[along])));
        StatedBlocks {
            segment,
            rows,
            columns,
            reduction,
            by_role: SizesByRole(BlockRole::ALL.map(|role| {
                let sizes = mapping.by_role.of(role).along();
                let [rows, columns, reduction] =
                    [0, 1, 2].map(|along: usize| Some(sizes[along]?.div_ceil(edges[along + 1])));
                PartSizes {
                    rows,
                    columns,
                    reduction,
                }
            })),
            order: mapping.order.0,
        }
    }

    /// What the plan of the buffers depends on.
    #[must_use]
    pub fn plan_parameters(&self) -> PlanParameters {
        let buffers = &self.scenario.accelerator.buffers;
        PlanParameters {
            tiling: self.tiling,
            capacity: Room(
                [
                    buffers.activation_bytes(),
                    buffers.weight_bytes(),
                    buffers.mask_bytes(),
                ]
                .map(Bytes),
            ),
            batch_tiles: self.mapper.batch.div_ceil(self.tiling.tile.b),
            spill_start: self.region.0 + self.memory_used.0.next_multiple_of(BLOCK.0),
            batches: self.scenario.workload.batches,
        }
    }
}

fn tiling(scenario: &Scenario) -> Tiling {
    let (accelerator, sparsity) = (&scenario.accelerator, &scenario.sparsity);
    let density = |kind| Density::from_share(sparsity.density(kind));
    let tile = accelerator.tile.shape();
    let word = WordFormat {
        integer_bits: accelerator.word.integer_bits,
        fraction_bits: accelerator.word.fraction_bits,
    };
    // Unless it is stated, a bus is as wide as the largest tile.
    let one_tile = word.dense(tile.elements().max(u64::from(tile.y).pow(2)));
    let one_tile = u32::try_from(one_tile.0).unwrap_or(u32::MAX);
    Tiling {
        tile,
        word,
        densities: Densities {
            weight: density(TensorKind::Weights),
            constant: density(TensorKind::Constants),
            activation: density(TensorKind::Activations),
            gradient: density(TensorKind::Gradients),
        },
        supply: LaneSupply {
            lanes: accelerator.lanes(),
            pes: accelerator.processing_elements.into(),
            multipliers: accelerator.multipliers_per_lane,
            bus_bytes: accelerator.operand_bus_bytes.unwrap_or(one_tile).max(1),
        },
        group: accelerator.operand_broadcast.group(),
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
