//! Admission: operations of the program enter the window, and their weights and results become known.

use sim_core::Context;

use super::tensors::Tensor;
use super::units::UnitClass;
use super::{ControlBlock, Entry, Input, StallCause};
use crate::message::Message;
use crate::operation::{Operation, Work};
use crate::runs::cursor::Cursor;
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
        self.note_phase(context.now());
        if self.program_ended && self.oldest == self.admitted {
            self.finish(context);
        }
    }

    fn admit_operation(&mut self, operation: Operation) {
        let place = self.place_of(operation.id.0);
        let class = class_of(operation.work);
        let lanes = u64::from(self.parameters.pes) * u64::from(self.parameters.layout.lanes);
        let cursor = Cursor::new(&operation, self.parameters.loop_order, lanes);
        let inputs: Vec<Input> = operation
            .inputs()
            .filter_map(|(tensor, rows)| {
                self.tensor_places
                    .get(&tensor)
                    .map(|&tensor| Input { tensor, rows })
            })
            .collect();
        for weight in operation.weights() {
            let footprint = self.parameters.footprint(weight.elements, weight.kind);
            self.weights
                .want(*weight, footprint, operation.id.0, operation.after);
        }
        let weights = operation.weights().map(|weight| weight.tensor).collect();
        let output = self.admit_output(&operation, cursor.finishes_sums(), class);
        for tensor in inputs.iter().map(|input| input.tensor).chain(output) {
            if let Some(tensor) = self.tensors[tensor].as_mut() {
                tensor.users.push(operation.id.0);
            }
        }
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
            write_backs_missing: 0,
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
        let footprint = |elements: u64| {
            if final_sums {
                parameters.footprint(elements, made.kind)
            } else {
                parameters.partial_footprint(elements, made.kind)
            }
        };
        let mut tensor = Tensor::new(made, parameters.tile, footprint, producer);
        tensor.spill_address = match made.kept_at {
            Some(address) => address,
            None => self.spill_address(tensor.spill_size()),
        };
        let place = self.free_tensor_places.pop().unwrap_or_else(|| {
            self.tensors.push(None);
            self.tensors.len() - 1
        });
        self.tensor_places.insert(made.tensor, place);
        self.tensors[place] = Some(tensor);
        Some(place)
    }

    /// Room for spills of a tensor that is not kept for the backward pass. The region is used as a ring; the plan of a
    /// machine makes sure that it is large enough for all tensors that can be alive at once.
    fn spill_address(&mut self, bytes: u64) -> u64 {
        let (start, size) = self.parameters.spill_region;
        if self.spill_offset + bytes > size {
            self.spill_offset = 0;
        }
        let address = start + self.spill_offset;
        self.spill_offset += bytes;
        address
    }
}

fn class_of(work: Work) -> Option<UnitClass> {
    match work {
        Work::Softmax | Work::SoftmaxGradient => Some(UnitClass::Softmax),
        Work::LayerNorm | Work::LayerNormGradient => Some(UnitClass::LayerNorm),
        _ if work.is_compute() => Some(UnitClass::Lane),
        _ => None,
    }
}
