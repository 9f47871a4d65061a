//! The program as the schedule sees it: operations with their costs and dependences.

use std::collections::BTreeMap;

use components::operation::{Footprint, Operation, Phase, RowAccess, TensorId};
use components::tile::Dimension;
use components::units::Bytes;
use components::words::Words;
use scenarios::system::MachinePlan;

use super::cost::{Cost, Machine};
use super::moves::{Moves, blocks_of};
use super::pieces::Pieces;

/// An operation.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) layer: u32,
    pub(super) phase: Phase,
    /// How its rows become ready.
    pub(super) pieces: Pieces,
    /// `None` if it only moves data.
    pub(super) cost: Option<Cost>,
    /// Steps whose results it reads, and which of their rows.
    pub(super) inputs: Vec<(usize, RowAccess)>,
    /// Steps that read its result.
    pub(super) readers: Vec<usize>,
    /// Its result; `None` for a write-back.
    pub(super) output: Option<Output>,
    /// Weights it needs, by number.
    pub(super) weights: Vec<usize>,
    /// What the DMA moves for this operation alone.
    pub(super) moves: Option<Moves>,
    /// Blocks of data and of masks, updated in place, that it writes back when all its runs are done.
    pub(super) written_back: Option<[f64; 2]>,
    /// The step that must be finished, with all before it, before this one loads anything from main memory.
    pub(super) after: Option<usize>,
}

impl Step {
    /// Slices of its result: one per batch tile or group of batch tiles; a single one if it sums over the batch.
    pub(super) fn output_slices(&self) -> usize {
        match self.output {
            Some(output) if output.sums_batch => 1,
            _ => self.pieces.slices(),
        }
    }

    /// Whether rows of its result are ready before all of it is.
    pub(super) fn is_ready_by_rows(&self) -> bool {
        let sums_batch = self.output.is_some_and(|output| output.sums_batch);
        self.cost.as_ref().is_none_or(|cost| cost.by_rows) && !sums_batch
    }
}

/// Size of one slice of a result in the activation buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Output {
    /// Whether items of the batch are summed, so that there is one slice.
    pub(super) sums_batch: bool,
    /// Size while sums are partial; the same as `data` if they never are.
    pub(super) partial: Bytes,
    pub(super) data: Bytes,
    pub(super) mask: Bytes,
    /// Operations that read it.
    pub(super) readers: u32,
}

/// A whole program.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    pub(super) weights: Vec<Footprint>,
    /// Whether this is a whole training step.
    pub(super) trains: bool,
    /// Bytes of a table's row, if rows are gathered or scattered.
    pub(super) gathered_row: Option<u64>,
}

impl Steps {
    /// The program of `plan`.
    pub(super) fn of(plan: &MachinePlan) -> Self {
        let machine = Machine::of(plan);
        let mut found = Self {
            trains: plan.trains(),
            ..Self::default()
        };
        let (mut makers, mut weights) = (BTreeMap::new(), BTreeMap::new());
        let words = plan.words();
        for operation in plan.program() {
            found.add(plan, &machine, &operation, &mut makers, &mut weights);
            found.add_moves(plan, &operation, &words);
        }
        found
    }

    fn add(
        &mut self,
        plan: &MachinePlan,
        machine: &Machine,
        operation: &Operation,
        makers: &mut BTreeMap<TensorId, usize>,
        weights: &mut BTreeMap<TensorId, usize>,
    ) {
        let index = self.steps.len();
        let inputs: Vec<(usize, RowAccess)> = operation
            .inputs()
            .filter_map(|(tensor, rows)| makers.get(&tensor).map(|&maker| (maker, rows)))
            .collect();
        for &(maker, _) in &inputs {
            if self.steps[maker].readers.last() != Some(&index) {
                self.steps[maker].readers.push(index);
            }
        }
        let needed: Vec<usize> = operation
            .weights()
            .map(|weight| {
                *weights.entry(weight.tensor).or_insert_with(|| {
                    self.weights
                        .push(plan.tiling.footprint(weight.elements, weight.kind));
                    self.weights.len() - 1
                })
            })
            .collect();
        if let Some(output) = &operation.output {
            makers.insert(output.tensor, index);
        }
        let runs = plan.tiling.run_classes(operation);
        let (batches, rows) = (
            operation.grid.tiles(Dimension::B),
            operation.grid.tiles(Dimension::I),
        );
        self.steps.push(Step {
            layer: operation.layer,
            phase: operation.role.phase(),
            pieces: Pieces::new(batches, rows, plan.tiling.tile.x),
            cost: machine.cost(operation, &runs),
            output: output(plan, operation, runs.finishes_sums),
            inputs,
            readers: Vec::new(),
            weights: needed,
            moves: None,
            written_back: written_back(plan, operation),
            after: operation.after.map(|after| after.0 as usize),
        });
    }

    fn add_moves(&mut self, plan: &MachinePlan, operation: &Operation, words: &Words) {
        let moves = Moves::of(plan, operation, words);
        if let Some(row) = moves.as_ref().and_then(|moves| moves.table_row) {
            self.gathered_row = Some(self.gathered_row.map_or(row.0, |other| other.max(row.0)));
        }
        if let Some(step) = self.steps.last_mut() {
            step.moves = moves;
        }
    }
}

/// An update without a result works in the weight buffer: all its operands but the gradient, which is the first, go back.
fn written_back(plan: &MachinePlan, operation: &Operation) -> Option<[f64; 2]> {
    operation.updates_in_place().then(|| {
        let updated = operation.weights().skip(1);
        updated.fold([0.0; 2], |[data, masks], weight| {
            let [more_data, more_masks] = blocks_of(plan.tiling.footprint(weight.elements, weight.kind));
            [data + more_data, masks + more_masks]
        })
    })
}

fn output(plan: &MachinePlan, operation: &Operation, finishes_sums: bool) -> Option<Output> {
    let made = operation.output.as_ref()?;
    let items = made.batch.min(operation.grid.edge_at(Dimension::B, 0));
    let elements = u64::from(items) * u64::from(made.rows) * u64::from(made.columns);
    let Footprint { data, mask } = plan.tiling.footprint(elements, made.kind);
    Some(Output {
        sums_batch: operation.work.sums_batch(),
        partial: if finishes_sums {
            data
        } else {
            plan.tiling.partial_footprint(elements, made.kind).data
        },
        data,
        mask,
        readers: made.consumers,
    })
}
