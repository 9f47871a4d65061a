//! Admission: operations of the program enter the window, and their weights and results are registered.

use sim_core::Context;

use super::places::{BatchTile, TensorPlace};
use super::tensors::Tensor;
use super::{ControlBlock, Entry, Input, StallCause};
use crate::message::Message;
use crate::operation::Operation;
use crate::tile::Dimension;
use crate::work::RunKind;

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
            self.admit_operation(operation, context);
        }
        self.note_phase(context.now());
        if self.program_ended && self.oldest == self.admitted {
            self.finish(context);
        }
    }

    fn admit_operation(&mut self, operation: Operation, context: &mut Context<'_, Message>) {
        let place = self.place_of(operation.id.0);
        let kind = operation.work.profile().run_kind();
        let cursor = self.parameters.tiling.cursor(&operation);
        let mut inputs = Vec::new();
        for (tensor, rows) in operation.inputs() {
            let Some(place) = self.tensors.place_of(tensor) else {
                return context.stop(format!(
                    "operation {} reads tensor {}, which no operation before it has made or which is freed",
                    operation.id.0, tensor.0
                ));
            };
            inputs.push(Input { tensor: place, rows });
        }
        for weight in operation.weights() {
            let footprint = self.parameters.tiling.footprint(weight.elements, weight.kind);
            self.weights
                .want(*weight, footprint, operation.id.0, operation.after);
        }
        let weights = operation.weights().map(|weight| weight.tensor).collect();
        let output = self.admit_output(&operation, cursor.finishes_sums(), kind);
        for tensor in inputs.iter().map(|input| input.tensor).chain(output) {
            let Some(tensor) = self.tensors.tensor_mut(tensor, context) else {
                return;
            };
            tensor.users.push(operation.id.0);
        }
        let tiles = |dimension| operation.grid.tiles(dimension);
        let (batches, rows) = (tiles(Dimension::B), tiles(Dimension::I));
        let tiles_in_row = tiles(Dimension::J) * tiles(Dimension::K);
        self.window.insert(Entry {
            cursor,
            kind,
            inputs,
            weights,
            output,
            tiles_missing: vec![tiles_in_row; (batches * rows) as usize],
            rows_missing: vec![rows; batches as usize],
            batches_missing: batches,
            write_backs_missing: 0,
            next_batch: BatchTile::FIRST,
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
        kind: Option<RunKind>,
    ) -> Option<TensorPlace> {
        let made = operation.output.as_ref()?;
        let producer = StallCause::work_of(kind.map(RunKind::unit));
        let tiling = self.parameters.tiling;
        let footprint = |elements: u64| {
            if final_sums {
                tiling.footprint(elements, made.kind)
            } else {
                tiling.partial_footprint(elements, made.kind)
            }
        };
        let mut tensor = Tensor::new(made, tiling.tile, footprint, producer);
        tensor.spill_address = match made.kept_at {
            Some(address) => address,
            None => self.spill_address(tensor.spill_size()),
        };
        Some(self.tensors.insert(tensor))
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
