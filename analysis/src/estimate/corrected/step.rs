//! The program as the schedule sees it: operations with their costs, and who waits for whom.

use std::collections::BTreeMap;

use components::operation::{Operation, RowAccess, TensorId, Work};
use components::tile::{Dimension, TileGrid};
use components::units::Bytes;
use components::word;
use scenarios::system::MachinePlan;

use super::cost::{Cost, Machine};

/// An operation.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) layer: u32,
    /// None if it only moves data.
    pub(super) cost: Option<Cost>,
    /// Steps whose results it reads, and which of their rows.
    pub(super) inputs: Vec<(usize, RowAccess)>,
    /// Steps that read its result.
    pub(super) readers: Vec<usize>,
    /// What it makes; a write-back makes nothing.
    pub(super) output: Option<Output>,
    /// Weights it needs, by number.
    pub(super) weights: Vec<usize>,
    /// What the DMA moves for it by itself.
    pub(super) moves: Move,
}

/// What one batch tile of a result takes in the activation buffer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Output {
    /// While sums are partial; the same as `data` if they never are.
    pub(super) partial: Bytes,
    pub(super) data: Bytes,
    pub(super) mask: Bytes,
    /// Operations that read it.
    pub(super) readers: u32,
}

/// Blocks that the DMA moves for an operation by itself, for each batch tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Move {
    Nothing,
    Gather { data: f64, masks: f64 },
    Store { data: f64, masks: f64 },
}

/// A weight tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weight {
    pub(super) data: Bytes,
    pub(super) mask: Bytes,
}

/// All of a program.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    pub(super) steps: Vec<Step>,
    pub(super) weights: Vec<Weight>,
    pub(super) batches: u32,
    pub(super) rows: u32,
    /// Elements of a row of tiles.
    pub(super) row_edge: u32,
    /// Bytes of an embedding's row, if rows are gathered.
    pub(super) gathered_row: Option<u64>,
}

impl Steps {
    /// The program of `plan`.
    pub(super) fn of(plan: &MachinePlan) -> Self {
        let machine = Machine::of(plan);
        let mut found = Self {
            row_edge: plan.mapper.tile.x,
            ..Self::default()
        };
        let (mut makers, mut weights) = (BTreeMap::new(), BTreeMap::new());
        for operation in plan.program() {
            found.add(plan, &machine, &operation, &mut makers, &mut weights);
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
        (self.batches, self.rows) = (
            operation.grid.tiles(Dimension::B),
            operation.grid.tiles(Dimension::I),
        );
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
                    let data = plan.mapper.word.data(weight.elements, plan.mapper.weight_density);
                    let mask = word::mask(weight.elements);
                    self.weights.push(Weight { data, mask });
                    self.weights.len() - 1
                })
            })
            .collect();
        if let Some(output) = &operation.output {
            makers.insert(output.tensor, index);
        }
        let moves = self.moves(plan, operation);
        let runs = plan.run_classes(operation);
        self.steps.push(Step {
            layer: operation.layer,
            cost: machine.cost(operation, &runs),
            output: output(plan, operation, runs.finishes_sums),
            inputs,
            readers: Vec::new(),
            weights: needed,
            moves,
        });
    }

    fn moves(&mut self, plan: &MachinePlan, operation: &Operation) -> Move {
        let grid: &TileGrid = &operation.grid;
        let items = u64::from(grid.edge_at(Dimension::B, 0));
        let (rows, columns) = (
            u64::from(grid.extent(Dimension::I)),
            u64::from(grid.extent(Dimension::J)),
        );
        let (format, mapper) = (plan.mapper.word, &plan.mapper);
        match operation.work {
            Work::Gather { .. } => {
                let data = format.data(columns, mapper.weight_density);
                let mask = word::mask(columns);
                self.gathered_row = Some(data.0);
                let gathered = (items * rows) as f64;
                Move::Gather {
                    data: gathered * blocks_of_row(data),
                    masks: gathered * blocks_of_row(mask),
                }
            }
            Work::Store { .. } => {
                let elements = items * rows * columns;
                let data = format.data(elements, mapper.activation_density);
                Move::Store {
                    data: data.blocks() as f64,
                    masks: word::mask(elements).blocks() as f64,
                }
            }
            _ => Move::Nothing,
        }
    }
}

fn output(plan: &MachinePlan, operation: &Operation, finishes_sums: bool) -> Option<Output> {
    let made = operation.output.as_ref()?;
    let items = u64::from(operation.grid.edge_at(Dimension::B, 0));
    let elements = items * u64::from(made.rows) * u64::from(made.columns);
    let data = plan.mapper.word.data(elements, plan.mapper.activation_density);
    Some(Output {
        partial: if finishes_sums {
            data
        } else {
            plan.mapper.word.dense(elements)
        },
        data,
        mask: word::mask(elements),
        readers: made.consumers,
    })
}

/// Blocks that a row of a table touches, rows directly after one another: the mean over where in a block it may begin.
fn blocks_of_row(row: Bytes) -> f64 {
    const BLOCK: u64 = 64;
    let touched = (0..BLOCK).map(|index| {
        let start = index * row.0 % BLOCK;
        (start + row.0).div_ceil(BLOCK)
    });
    touched.sum::<u64>() as f64 / BLOCK as f64
}
