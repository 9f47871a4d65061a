//! Completion: from tiles that retire to rows, batch tiles and operations that are done.

use sim_core::Context;

use super::ControlBlock;
use super::places::{BatchTile, WindowPlace};
use crate::message::Message;
use crate::runs::Run;
use crate::tile::Dimension;

impl ControlBlock {
    /// Counts down the tiles of a run and reports the rows that they complete.
    pub(super) fn count_retired(
        &mut self,
        place: WindowPlace,
        run: &Run,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.window.entry(place, context) else {
            return;
        };
        let (role, rows) = (entry.operation.role, entry.rows());
        self.roles.entry(role).or_default().retired += u64::from(run.length);
        let (b, i) = (
            u32::from(run.first.along(Dimension::B)),
            u32::from(run.first.along(Dimension::I)),
        );
        let (pieces, tiles_each) = match run.along {
            Dimension::B | Dimension::I => (u32::from(run.length), 1),
            Dimension::J | Dimension::K => (1, u32::from(run.length)),
        };
        for step in 0..pieces {
            let (b, i) = if run.along == Dimension::B {
                (b + step, i)
            } else {
                (b, i + step)
            };
            let Some(entry) = self.window.entry_mut(place, context) else {
                return;
            };
            let missing = &mut entry.tiles_missing[(b * rows + i) as usize];
            *missing -= tiles_each;
            if *missing == 0 {
                self.finish_row(place, BatchTile(b), i, context);
            }
        }
    }

    fn finish_row(&mut self, place: WindowPlace, b: BatchTile, row: u32, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry_mut(place, context) else {
            return;
        };
        entry.rows_missing[b.index()] -= 1;
        let batch_complete = entry.rows_missing[b.index()] == 0;
        // A sum over the batch has no row that is ready before the last item.
        let output = entry.output.filter(|_| !entry.operation.work.sums_batch());
        if let Some(output) = output {
            let Some(tensor) = self.tensors.tensor_mut(output, context) else {
                return;
            };
            tensor.set_ready(b, row);
            let woken = std::mem::take(&mut tensor.waiting);
            self.make_all_issuable(woken);
        }
        if batch_complete {
            self.finish_batch(place, b, context);
        }
    }

    /// All of batch tile `b` of an operation is done: it no longer needs its inputs.
    pub(super) fn finish_batch(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.window.entry_mut(place, context) else {
            return;
        };
        entry.batches_missing -= 1;
        let complete = entry.batches_missing == 0;
        let (inputs, output) = (entry.inputs.clone(), entry.output);
        let id = entry.operation.id.0;
        let (sums_batch, slice) = (entry.operation.work.sums_batch(), entry.output_slice(b));
        let in_place = entry.operation.updates_in_place();
        self.with_numbers(context, |values| values.batch_finished(id, b.0));
        if let Some(output) = output.filter(|_| complete || !sums_batch) {
            self.compact_slice(output, slice, context);
        }
        for input in inputs {
            self.release_slice(input.tensor, b, context);
        }
        if !complete {
            return;
        }
        if sums_batch {
            self.all_rows_ready(place, BatchTile::FIRST, context);
        }
        if in_place {
            self.write_back_weights(place, context);
        } else {
            self.finish_operation(place, context);
        }
    }

    /// Marks all rows of slice `b` of the result of the operation at `place` ready.
    pub(super) fn all_rows_ready(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(output) = self.window.entry(place, context).map(|entry| entry.output) else {
            return;
        };
        let Some(output) = output else {
            return context.stop("an operation that makes nothing was to complete its result");
        };
        let Some(tensor) = self.tensors.tensor_mut(output, context) else {
            return;
        };
        for row in 0..tensor.rows() {
            tensor.set_ready(b, row);
        }
        let woken = std::mem::take(&mut tensor.waiting);
        self.make_all_issuable(woken);
    }

    /// One of the weights that the operation at `place` updated is back in main memory.
    pub(super) fn weight_written_back(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry_mut(place, context) else {
            return;
        };
        entry.write_backs_missing -= 1;
        if entry.write_backs_missing == 0 {
            self.finish_operation(place, context);
        }
    }

    fn finish_operation(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.take(place, context) else {
            return;
        };
        let id = entry.operation.id.0;
        self.with_numbers(context, |values| {
            values.operation_finished(id);
            Ok(())
        });
        for tensor in entry.weights {
            self.weights.release(tensor, entry.operation.id.0);
        }
        while self.oldest < self.admitted && self.window.unfinished(self.oldest).is_none() {
            self.oldest += 1;
        }
        self.weights.finished_before(self.oldest);
        let woken = std::mem::take(&mut self.awaiting_older);
        self.make_all_issuable(woken);
        self.admit(context);
    }
}
