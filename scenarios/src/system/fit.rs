//! What a machine cannot hold or do of the program that it is given.

use components::operation::{Footprint, Operand, Operation, Work};
use components::tile::Dimension;
use components::units::Bytes;

use super::spill_room::SpillRoom;
use super::{MachinePlan, Problem};
use crate::program::ProgramSummary;
use crate::schema::Embedding;

impl MachinePlan {
    /// Walks the program once: sums it up and collects what does not fit.
    pub(super) fn survey(&mut self) -> Vec<Problem> {
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
        if !problems.is_empty() {
            return problems;
        }
        let mut program = self.program();
        let mut summary = ProgramSummary::default();
        let mut spills = SpillRoom::new(self.scenario.accelerator.prefetch_operations, self.tiling);
        for operation in program.by_ref() {
            summary.add(&operation);
            spills.add(&operation);
            self.check_operation(&operation, &mut problems);
            if problems.len() >= MAX_PROBLEMS {
                return problems;
            }
        }
        self.memory_used = Bytes(program.memory_used());
        self.spill_room = Bytes(spills.bytes(self.activation_space.data.0));
        self.program = summary;
        problems
    }

    fn check_operation(&self, operation: &Operation, problems: &mut Vec<Problem>) {
        self.check_tile_counts(operation, problems);
        self.check_result_size(operation, problems);
        let what = format!("the {} of layer {}", operation.role, operation.layer);
        // A run needs all weights of its operation at once.
        let needed = operation.weights().fold(Footprint::default(), |sum, weight| {
            plus(sum, self.tiling.footprint(weight.elements, weight.kind))
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

    /// What a single run of `operation` needs in the activation buffer at once: one slice of each input and of the
    /// result, the latter with zeros in place while sums are partial.
    fn slices_needed(&self, operation: &Operation) -> Footprint {
        let items = u64::from(operation.grid.edge_at(Dimension::B, 0));
        let [i, j, k] =
            [Dimension::I, Dimension::J, Dimension::K].map(|d| u64::from(operation.grid.extent(d)));
        let slice = |place: usize| match (operation.work, place) {
            (Work::Product | Work::WeightGradient, 0) => items * i * k,
            (Work::Product | Work::WeightGradient | Work::KernelGradient, _) => items * k * j,
            _ => items * i * j,
        };
        let inputs = operation
            .operands
            .iter()
            .enumerate()
            .filter(|(_, operand)| !operand.is_weight())
            .map(|(place, operand)| self.tiling.footprint(slice(place), Operand::kind(operand)));
        let result = operation.output.as_ref().map_or(Footprint::default(), |made| {
            let elements = if operation.work.sums_batch() {
                i * j
            } else {
                items * i * j
            };
            let profile = operation.work.profile();
            if profile.sums_reduction || profile.sums_batch {
                self.tiling.partial_footprint(elements, made.kind)
            } else {
                self.tiling.footprint(elements, made.kind)
            }
        });
        // Each slice takes whole bytes.
        inputs.fold(result, plus)
    }
}

fn plus(left: Footprint, right: Footprint) -> Footprint {
    Footprint {
        data: left.data + right.data,
        mask: left.mask + right.mask,
    }
}

/// Multiplications of a tile that the messages can count.
const MAX_TILE_WORK: u32 = 1 << 30;

/// After so many, more problems help nobody.
const MAX_PROBLEMS: usize = 8;

fn check_room(what: &str, needed: Footprint, room: Footprint, buffer: &str, problems: &mut Vec<Problem>) {
    if needed.data > room.data {
        problems.push(Problem::new(
            format!("accelerator.buffers.{buffer}_mb"),
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
