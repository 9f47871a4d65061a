//! A scenario resolved into the parameters of every actor, and checked for what the machine cannot hold.

use components::control_block::{SchedulingPolicy, split_mask_buffer};
use components::density::{Density, DensitySource};
use components::operation::{Footprint, Operand, Operation, Work};
use components::pe::PeLayout;
use components::tile::{Dimension, LoopOrder, TileShape};
use components::units::Bytes;
use components::word::{self, WordFormat};
use sim_core::{Clock, Timebase};

use crate::diagnostics::Diagnostics;
use crate::load::{Loaded, Resolver};
use crate::mapper::{EmbeddingLoad, Mapper, MapperParameters};
use crate::program::ProgramSummary;
use crate::schema::costs::ModuleCost;
use crate::schema::{self, CostTable, Scenario};
use crate::system::main_memory::MainMemory;

/// Something in a scenario that no machine can do, at the field that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, such as `accelerator.tile.x`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub help: String,
}

impl Problem {
    pub(super) fn new(field: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
            help: help.into(),
        }
    }
}

/// A scenario with every part resolved: ready to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The scenario it was made from.
    pub scenario: Scenario,
    /// Its main memory.
    pub memory: MainMemory,
    /// Its costs.
    pub costs: CostTable,
    /// The tick.
    pub timebase: Timebase,
    /// The accelerator's clock.
    pub clock: Clock,
    /// Main memory's clock.
    pub memory_clock: Clock,
    /// What the mapper needs.
    pub mapper: MapperParameters,
    /// Parts of a PE.
    pub layout: PeLayout,
    /// Order of the loops.
    pub loop_order: LoopOrder,
    /// Which operation goes first.
    pub policy: SchedulingPolicy,
    /// Where densities come from.
    pub density_source: DensitySource,
    /// Room for activations.
    pub activation_space: Footprint,
    /// Room for weights.
    pub weight_space: Footprint,
    /// Bytes a cycle of each operand bus.
    pub operand_bus_bytes: u32,
    /// What the program amounts to.
    pub program: ProgramSummary,
    /// Main memory taken by tables, weights and the result.
    pub memory_used: Bytes,
}

impl Plan {
    /// Resolves a loaded scenario, with the main memory that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn load(loaded: &Loaded, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let memory = MainMemory::load(loaded, resolver)?;
        Self::new(loaded.scenario.clone(), memory, loaded.costs.clone()).map_err(|problems| {
            let mut diagnostics = Diagnostics::default();
            for Problem { field, message, help } in problems {
                diagnostics.push(loaded.problem(&field, message, help));
            }
            diagnostics
        })
    }

    /// Resolves `scenario` with its main memory and its costs.
    ///
    /// # Errors
    /// Everything that the machine cannot hold or do, each at its field.
    pub fn new(scenario: Scenario, memory: MainMemory, costs: CostTable) -> Result<Self, Vec<Problem>> {
        let accelerator = &scenario.accelerator;
        let core = accelerator.clock();
        let bus = memory.clock().unwrap_or(core);
        let clocks = Timebase::of(&[core, bus])
            .and_then(|timebase| Ok((timebase, timebase.clock(core)?, timebase.clock(bus)?)));
        let (timebase, clock, memory_clock) = match clocks {
            Ok(clocks) => clocks,
            Err(error) => {
                let help = "choose a frequency that has a larger common divisor with the memory's";
                return Err(vec![Problem::new(
                    "accelerator.clock_mhz",
                    error.to_string(),
                    help,
                )]);
            }
        };
        let tile = TileShape {
            b: accelerator.tile.b,
            x: accelerator.tile.x,
            y: accelerator.tile.y,
        };
        let word = WordFormat {
            integer_bits: accelerator.word.integer_bits,
            fraction_bits: accelerator.word.fraction_bits,
        };
        let mapper = mapper_parameters(&scenario, tile, word);
        let buffers = &accelerator.buffers;
        let [activation, weight, mask] = [
            buffers.activation_bytes(),
            buffers.weight_bytes(),
            buffers.mask_bytes(),
        ]
        .map(Bytes);
        let (activation_masks, weight_masks) = split_mask_buffer(activation, weight, mask);
        let dense_tile = word.dense(tile.elements().max(u64::from(tile.y).pow(2)));
        let operand_bus_bytes = accelerator
            .operand_bus_bytes
            .unwrap_or(u32::try_from(dense_tile.0).unwrap_or(u32::MAX))
            .max(1);
        let mut plan = Self {
            timebase,
            clock,
            memory_clock,
            mapper,
            layout: PeLayout {
                lanes: accelerator.lanes_per_pe,
                softmax: accelerator.softmax_per_pe,
            },
            loop_order: accelerator.loop_order,
            policy: scenario.scheduling.policy,
            density_source: density_source(&scenario),
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
            scenario,
            memory,
            costs,
        };
        let problems = plan.survey();
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// Costs of the modules whose size is the scenario's choice.
    #[must_use]
    pub fn module_costs(&self) -> ModuleCosts {
        let accelerator = &self.scenario.accelerator;
        let function = self.scenario.workload.activation_function;
        ModuleCosts {
            lane: self.costs.lane_cost(accelerator.multipliers_per_lane, function),
            softmax: self.costs.softmax_cost(&accelerator.tile),
            layer_norm: self.costs.layer_norm_cost(&accelerator.tile),
        }
    }

    /// The transformer's program, from its beginning.
    #[must_use]
    pub fn program(&self) -> Mapper {
        Mapper::new(self.scenario.workload.transformer.clone(), self.mapper)
    }

    /// Walks the program once: sums it up and collects what does not fit.
    fn survey(&mut self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let accelerator = &self.scenario.accelerator;
        if u16::try_from(accelerator.processing_elements).is_err() {
            problems.push(Problem::new(
                "accelerator.processing_elements",
                format!(
                    "{} PEs are more than the control block can address",
                    accelerator.processing_elements
                ),
                "at most 65535 PEs are accepted",
            ));
        }
        if self
            .mapper
            .tile
            .along()
            .iter()
            .map(|&edge| u64::from(edge))
            .product::<u64>()
            > u64::from(MAX_TILE_WORK)
        {
            problems.push(Problem::new(
                "accelerator.tile",
                format!(
                    "no lane can hold a tile of {}: it has over {MAX_TILE_WORK} multiplications",
                    self.mapper.tile
                ),
                format!("b·x·y·y of at most {MAX_TILE_WORK} is accepted"),
            ));
        }
        if !problems.is_empty() {
            return problems;
        }
        let mut program = self.program();
        let mut summary = ProgramSummary::default();
        for operation in program.by_ref() {
            summary.add(&operation);
            self.check_operation(&operation, &mut problems);
            if problems.len() >= MAX_PROBLEMS {
                return problems;
            }
        }
        self.memory_used = Bytes(program.memory_used());
        self.program = summary;
        let capacity = self.memory.capacity();
        problems.extend(self.memory.problem());
        if self.memory_used > capacity {
            problems.push(Problem::new(
                "memory",
                format!(
                    "the weights take {}, but main memory holds {capacity}",
                    self.memory_used
                ),
                "choose a larger memory or a smaller transformer",
            ));
        }
        problems
    }

    fn check_operation(&self, operation: &Operation, problems: &mut Vec<Problem>) {
        self.check_tile_counts(operation, problems);
        self.check_result_size(operation, problems);
        let what = format!("the {} of layer {}", operation.role, operation.layer);
        // A run needs all weights of its operation at once.
        let needed = operation
            .weights()
            .fold(Footprint::default(), |sum, weight| Footprint {
                data: sum.data + self.mapper.word.data(weight.elements, self.mapper.weight_density),
                mask: sum.mask + word::mask(weight.elements),
            });
        check_room(
            &format!("weights for {what}"),
            needed,
            self.weight_space,
            "weight",
            problems,
        );
        if operation.work.is_compute() {
            let slices = operation.inputs().count() as u64 + u64::from(operation.output.is_some());
            let needed = self.slices_needed(operation);
            let name = format!("{slices} slices (one item of the batch each) for {what}");
            check_room(&name, needed, self.activation_space, "activation", problems);
        }
    }

    fn check_tile_counts(&self, operation: &Operation, problems: &mut Vec<Problem>) {
        for dimension in Dimension::ALL {
            let tiles = operation.grid.tiles(dimension);
            if tiles > u32::from(u16::MAX) {
                let field = match dimension {
                    Dimension::B => "accelerator.tile.b",
                    Dimension::I => "accelerator.tile.x",
                    Dimension::J | Dimension::K => "accelerator.tile.y",
                };
                let message = format!(
                    "{tiles} tiles along one dimension of the {} of layer {} are more than a tile's address can hold",
                    operation.role, operation.layer
                );
                problems.push(Problem::new(
                    field,
                    message,
                    "at most 65535 are accepted: choose larger tiles",
                ));
            }
        }
    }

    /// A run reports what it writes in 32 bits: twice its result with zeros in place, if sums are partial.
    fn check_result_size(&self, operation: &Operation, problems: &mut Vec<Problem>) {
        let tile = [Dimension::B, Dimension::I, Dimension::J]
            .map(|dimension| u64::from(operation.grid.edge_at(dimension, 0)))
            .iter()
            .product::<u64>();
        let longest = [Dimension::B, Dimension::I, Dimension::J]
            .map(|dimension| u64::from(operation.grid.tiles(dimension)))
            .into_iter()
            .max()
            .unwrap_or(1);
        let written = self.mapper.word.dense(tile * longest) * 2;
        if u32::try_from(written.0).is_err() {
            problems.push(Problem::new(
                "accelerator.tile",
                format!(
                    "a row of result tiles of the {} of layer {} takes {written}",
                    operation.role, operation.layer
                ),
                "choose smaller tiles: a row of them, read and written as partial sums, may take 4 GiB",
            ));
        }
    }

    /// What a single run of `operation` needs in the activation buffer at once: one slice of each input and of the
    /// result, the latter with zeros in place while sums are partial.
    fn slices_needed(&self, operation: &Operation) -> Footprint {
        let items = u64::from(operation.grid.edge_at(Dimension::B, 0));
        let [i, j, k] =
            [Dimension::I, Dimension::J, Dimension::K].map(|d| u64::from(operation.grid.extent(d)));
        let density = self.mapper.activation_density;
        let left_is_weight = matches!(operation.operands.first(), Some(Operand::Weight(_)));
        let inputs: Vec<u64> = match (operation.work, operation.inputs().count()) {
            // Left, and right if it is no weight.
            (Work::Product, 2) => vec![items * i * k, items * k * j],
            (Work::Product, _) if left_is_weight => vec![items * k * j],
            (Work::Product, _) => vec![items * i * k],
            (_, count) => vec![items * i * j; count],
        };
        let result = items * i * j;
        let partial = operation.work == Work::Product;
        let result_data = if partial {
            self.mapper.word.dense(result)
        } else {
            self.mapper.word.data(result, density)
        };
        // Each slice takes whole bytes.
        inputs.into_iter().fold(
            Footprint {
                data: result_data,
                mask: word::mask(result),
            },
            |sum, elements| Footprint {
                data: sum.data + self.mapper.word.data(elements, density),
                mask: sum.mask + word::mask(elements),
            },
        )
    }
}

/// Costs of the modules whose size is the scenario's choice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModuleCosts {
    /// A MAC lane.
    pub lane: ModuleCost,
    /// A softmax module.
    pub softmax: ModuleCost,
    /// A layer-norm module.
    pub layer_norm: ModuleCost,
}

/// Multiplications of a tile that the messages can count.
const MAX_TILE_WORK: u32 = 1 << 30;

/// After so many, more problems help nobody.
const MAX_PROBLEMS: usize = 8;

fn check_room(what: &str, needed: Footprint, room: Footprint, buffer: &str, problems: &mut Vec<Problem>) {
    if needed.data > room.data {
        problems.push(Problem::new(
            &format!("accelerator.buffers.{buffer}_mb"),
            format!(
                "{what} take {}, but the {buffer} buffer holds {}",
                needed.data, room.data
            ),
            format!(
                "a {buffer} buffer of at least {:.3} MB is accepted",
                megabytes(needed.data)
            ),
        ));
    } else if needed.mask > room.mask {
        problems.push(Problem::new(
            "accelerator.buffers.mask_mb",
            format!(
                "masks of {what} take {}, but the {buffer} share of the mask buffer is {}",
                needed.mask, room.mask
            ),
            "choose a larger mask buffer; it is split between activations and weights like their buffers",
        ));
    }
}

fn megabytes(bytes: Bytes) -> f64 {
    (bytes.0 as f64 / 1_048_576.0 * 1000.0).ceil() / 1000.0
}

fn mapper_parameters(scenario: &Scenario, tile: TileShape, word: WordFormat) -> MapperParameters {
    let (workload, sparsity) = (&scenario.workload, &scenario.sparsity);
    let activations = if sparsity.dynaprop {
        sparsity.activation_density
    } else {
        1.0
    };
    MapperParameters {
        batch: workload.batch,
        sequence: workload.sequence_length,
        vocabulary: workload.vocabulary,
        embedding: match workload.embedding {
            schema::Embedding::Gather => EmbeddingLoad::Gather,
            schema::Embedding::WholeTable => EmbeddingLoad::WholeTable,
        },
        tile,
        word,
        weight_density: Density::from_share(sparsity.weight_density),
        activation_density: Density::from_share(activations),
    }
}

fn density_source(scenario: &Scenario) -> DensitySource {
    match scenario.sparsity.source {
        schema::DensitySource::Uniform => DensitySource::Uniform,
        schema::DensitySource::Sampled {
            distribution: schema::Distribution::Beta { concentration },
        } => DensitySource::Sampled {
            seed: scenario.seed,
            concentration,
        },
    }
}
