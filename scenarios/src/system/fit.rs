//! What a machine cannot hold or do of the program that it is given.

use components::block_plan::{Room, choose, least_capacities};
use components::operation::Operation;
use components::tile::Dimension;
use components::units::Bytes;

use super::main_memory::MemoryPace;
use super::stated_sizes::StatedSizes;
use super::{MachinePlan, Problem};
use crate::program::ProgramSummary;
use crate::schema::Embedding;

/// How much of a plan is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// All of it.
    Whole,
    /// What it takes to say whether the machine can run the program at all; blocks are not chosen.
    Fits,
}

impl MachinePlan {
    /// Walks the program once: sums it up and collects what does not fit.
    pub(super) fn survey(&mut self, memory: MemoryPace, depth: Depth) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self
            .tiling
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
                    self.tiling.tile
                ),
                format!("b·x·y·y of at most {MAX_TILE_WORK} is accepted"),
            ));
        }
        let computes = self.scenario.sparsity.source.computes();
        if computes && self.scenario.workload.embedding == Embedding::WholeTable {
            problems.push(Problem::new(
                "workload.embedding",
                "a machine that computes with values gathers the rows that it needs",
                "`Gather` is accepted with `source: Values(..)` and `source: Wanted(..)`",
            ));
        }
        if self.scenario.workload.batches > 1 {
            self.check_batches(&mut problems);
        }
        if !problems.is_empty() {
            return problems;
        }
        let mut program = self.program();
        let mut summary = ProgramSummary::default();
        let mut stated = StatedSizes::new(self.stated_blocks());
        for operation in program.by_ref() {
            summary.add(&operation);
            stated.add(&operation);
            self.check_operation(&operation, &mut problems);
            if problems.len() >= MAX_PROBLEMS {
                return problems;
            }
        }
        self.memory_used = Bytes(program.memory_used());
        self.program = summary.times(self.scenario.workload.batches);
        problems.extend(stated.problems(&self.scenario.accelerator));
        match depth {
            _ if !problems.is_empty() => {}
            Depth::Whole => self.choose_blocks(memory, &mut problems),
            Depth::Fits => self.check_least(&mut problems),
        }
        problems
    }

    /// Whether batches may follow each other.
    fn check_batches(&self, problems: &mut Vec<Problem>) {
        let mut refuse = |why: &str| {
            problems.push(Problem::new("workload.batches", why, "1 is accepted"));
        };
        if self.trains() {
            refuse(
                "the next batch of a training step needs the weights that this one leaves, so batches do not overlap",
            );
        }
        if self.scenario.sparsity.source.computes() {
            refuse("a machine that computes with values computes one batch");
        }
    }

    /// Chooses how the program is cut into blocks, or says which buffers are too small for any way.
    fn choose_blocks(&mut self, memory: MemoryPace, problems: &mut Vec<Problem>) {
        let (parameters, source) = (self.plan_parameters(), self.stage_source());
        let stated = self.stated_blocks();
        match choose(parameters, &stated, self.rates(memory), &source) {
            Ok(choice) => self.blocks = choice,
            Err(error) => {
                self.check_least(problems);
                if problems.is_empty() {
                    problems.push(Problem::new(
                        "accelerator.buffers",
                        error.to_string(),
                        "choose larger buffers",
                    ));
                }
            }
        }
    }

    /// Says which buffers hold less than one step needs.
    fn check_least(&self, problems: &mut Vec<Problem>) {
        match least_capacities(
            self.plan_parameters(),
            &self.stated_blocks(),
            &self.stage_source(),
        ) {
            Ok(least) => self.report_least(&least, problems),
            Err(error) => problems.push(Problem::new(
                "workload",
                error.to_string(),
                "this is a fault of the program",
            )),
        }
    }

    fn report_least(&self, least: &Room, problems: &mut Vec<Problem>) {
        let capacity = self.plan_parameters().capacity;
        let names = ["activation", "weight", "mask"];
        let is_stated = !self.stated_blocks().is_none();
        let cut = if is_stated { ", cut as stated," } else { "" };
        for ((name, least), capacity) in names.into_iter().zip(least.0).zip(capacity.0) {
            if least <= capacity {
                continue;
            }
            let gathers = name == "weight" && self.scenario.workload.embedding == Embedding::WholeTable;
            problems.push(Problem::new(
                format!("accelerator.buffers.{name}_mb"),
                format!(
                    "the {name} buffer holds {} B, but one step of the program{cut} needs {} B of it at once",
                    capacity.0, least.0
                ),
                format!(
                    "at least {} MB are accepted{}{}",
                    megabytes(least),
                    if is_stated {
                        ", or less with smaller sizes in `accelerator.mapping`"
                    } else {
                        ""
                    },
                    if gathers {
                        "; `embedding: Gather` loads the rows of the tokens alone"
                    } else {
                        ""
                    }
                ),
            ));
        }
    }

    fn check_operation(&self, operation: &Operation, problems: &mut Vec<Problem>) {
        self.check_tile_counts(operation, problems);
        self.check_result_size(operation, problems);
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
        let written = self.tiling.word.dense(tile * longest) * 2;
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
}

/// Multiplications of a tile that the messages can count.
const MAX_TILE_WORK: u32 = 1 << 30;

/// After so many, more problems do not help.
const MAX_PROBLEMS: usize = 8;

/// The least number of MB, to the last digit, that holds so many bytes.
fn megabytes(bytes: Bytes) -> f64 {
    bytes.0 as f64 / 1_048_576.0
}
