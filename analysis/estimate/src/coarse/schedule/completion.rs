//! Completion: from finished pieces to operations, slices and weights that are no longer needed.

use super::activations::Motion;
use super::{FRACTIONS, Schedule};

impl Schedule<'_> {
    pub(super) fn piece_done(&mut self, index: usize, piece: usize) {
        let step = &self.steps.steps[index];
        let pieces = &step.pieces;
        let progress = &mut self.progress[index];
        let end = match step.cost {
            Some(_) => piece + 1,
            None => pieces.end_of_batch(piece),
        };
        progress.missing -= end - piece;
        if step.is_ready_by_rows() {
            progress.done[piece..end].fill(true);
        } else if progress.missing == 0 {
            progress.done.fill(true);
        }
        let of_slice = &mut progress.missing_of[pieces.slice_of(piece)];
        *of_slice -= end - piece;
        let (slice_complete, all_done) = (*of_slice == 0, progress.missing == 0);
        self.free_slices(index, piece, slice_complete, all_done);
        match step.written_back {
            Some(blocks) if all_done => self.write_back(index, blocks),
            _ if all_done => self.finish(index),
            _ => {}
        }
        let readers: Vec<usize> = self.steps.steps[index].readers.clone();
        readers.into_iter().for_each(|reader| self.consider(reader));
    }

    /// A piece is done. After the last piece of its batch tile, what it read is no longer needed.
    fn free_slices(&mut self, index: usize, piece: usize, slice_complete: bool, all_done: bool) {
        let slices = self.slices(index, piece);
        self.activations.unpin(&slices);
        if !slice_complete {
            return;
        }
        let step = &self.steps.steps[index];
        let mut inputs = slices;
        if let Some(output) = step.output {
            // A sum over the batch is not final before the last item.
            let made = inputs.pop().filter(|_| all_done || !output.sums_batch);
            made.into_iter()
                .for_each(|made| self.activations.compact(made, output.data));
        }
        for input in inputs {
            self.activations.release(input);
        }
    }

    /// An operation has nothing left to do.
    pub(super) fn finish(&mut self, index: usize) {
        self.progress[index].finished = true;
        let now = self.now as f64 / FRACTIONS;
        self.timeline.finished[index] = now;
        self.timeline.cycles = self.timeline.cycles.max(now);
        self.room.release(&self.steps.steps[index].weights, index);
        while self.oldest < self.admitted && self.progress[self.oldest].finished {
            self.oldest += 1;
        }
        self.admit();
    }

    pub(super) fn weight_arrived(&mut self, weight: usize) {
        for user in self.room.arrived(weight) {
            self.progress[user].weights_missing -= 1;
            self.consider(user);
        }
    }

    pub(super) fn slice_moved(&mut self, motion: Motion) {
        self.activations.moved(motion);
    }
}
