//! Admission: operations of the program enter the window, and their weights and results become known.

use sim_core::Context;

use super::cursor::Cursor;
use super::tensors::Tensor;
use super::units::UnitClass;
use super::{ControlBlock, Entry, Input, StallCause};
use crate::message::Message;
use crate::operation::{Operation, Work};
use crate::tile::Dimension;

impl ControlBlock {
    /// Takes operations of the program into the window until it is full.
    pub(super) fn admit(&mut self, context: &mut Context<'_, Message>) {
        while !self.program_ended && self.admitted - self.oldest < self.parameters.window {
            let Some(operation) = self.program.next() else {
                self.program_ended = true;
                break;
            };
            self.with_numbers(context, |values| {
                values.admit(&operation);
                Ok(())
            });
            self.admit_operation(operation);
        }
        if self.program_ended && self.oldest == self.admitted {
            self.finish(context);
        }
    }

    fn admit_operation(&mut self, operation: Operation) {
        let place = self.place_of(operation.id.0);
        let class = match operation.work {
            Work::Product | Work::Convolution { .. } | Work::NonLinearity | Work::Add { .. } => {
                Some(UnitClass::Lane)
            }
            Work::Softmax => Some(UnitClass::Softmax),
            Work::LayerNorm => Some(UnitClass::LayerNorm),
            Work::Gather { .. } | Work::Store { .. } => None,
        };
        let lanes = u64::from(self.parameters.pes) * u64::from(self.parameters.layout.lanes);
        let cursor = Cursor::new(&operation, self.parameters.loop_order, lanes);
        let inputs = operation
            .inputs()
            .filter_map(|(tensor, rows)| {
                self.tensor_places
                    .get(&tensor)
                    .map(|&tensor| Input { tensor, rows })
            })
            .collect();
        for weight in operation.weights() {
            self.weights.want(
                *weight,
                self.parameters.weight_footprint(weight.elements),
                operation.id.0,
            );
        }
        let weights = operation.weights().map(|weight| weight.tensor).collect();
        let output = self.admit_output(&operation, cursor.finishes_sums(), class);
        let tiles = |dimension| operation.grid.tiles(dimension);
        let (batches, rows) = (tiles(Dimension::B), tiles(Dimension::I));
        let tiles_in_row = tiles(Dimension::J) * tiles(Dimension::K);
        self.entries[place] = Some(Entry {
            cursor,
            class,
            inputs,
            weights,
            output,
            tiles_missing: vec![tiles_in_row; (batches * rows) as usize],
            rows_missing: vec![rows; batches as usize],
            batches_missing: batches,
            next_batch: 0,
            blocked: None,
            operation,
        });
        self.admitted += 1;
        self.make_issuable(place);
    }

    fn admit_output(
        &mut self,
        operation: &Operation,
        final_sums: bool,
        class: Option<UnitClass>,
    ) -> Option<usize> {
        let made = operation.output.as_ref()?;
        let producer = match class {
            Some(UnitClass::Lane) => StallCause::Dependence,
            Some(UnitClass::Softmax) => StallCause::Softmax,
            Some(UnitClass::LayerNorm) => StallCause::LayerNorm,
            None => StallCause::Memory,
        };
        let parameters = self.parameters;
        let footprint = |elements: u64| parameters.activation_footprint(elements, final_sums);
        let mut tensor = Tensor::new(made, parameters.tile, footprint, producer);
        let (start, size) = parameters.spill_region;
        if self.spill_offset + tensor.spill_size() > size {
            self.spill_offset = 0;
        }
        tensor.spill_address = start + self.spill_offset;
        self.spill_offset += tensor.spill_size();
        let place = self.free_tensor_places.pop().unwrap_or_else(|| {
            self.tensors.push(None);
            self.tensors.len() - 1
        });
        self.tensor_places.insert(made.tensor, place);
        self.tensors[place] = Some(tensor);
        Some(place)
    }
}
