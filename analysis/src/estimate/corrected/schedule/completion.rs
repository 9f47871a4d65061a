//! Completion: from pieces that are done to operations, slices and weights that are needed no longer.

use super::activations::Motion;
use super::{FRACTIONS, Schedule};

impl Schedule<'_> {
    pub(super) fn piece_done(&mut self, index: usize, piece: usize) {
        let count = self.pieces.count();
        let step = &self.steps.steps[index];
        let progress = &mut self.progress[index];
        let end = match step.cost {
            Some(_) => piece + 1,
            None => self.pieces.end_of_batch(piece),
        };
        progress.missing -= end - piece;
        if step.cost.as_ref().is_none_or(|cost| cost.by_rows) {
            progress.done[piece..end].fill(true);
        } else if progress.missing == 0 {
            progress.done[..count].fill(true);
        }
        let of_slice = &mut progress.missing_of[self.pieces.slice_of(piece)];
        *of_slice -= end - piece;
        let (slice_complete, finished) = (*of_slice == 0, progress.missing == 0);
        self.free_slices(index, piece, slice_complete);
        if finished {
            self.finish(index);
        }
        let readers: Vec<usize> = self.steps.steps[index].readers.clone();
        readers.into_iter().for_each(|reader| self.consider(reader));
    }

    /// A piece is over: what it read is needed no longer with the last piece of its batch tile.
    fn free_slices(&mut self, index: usize, piece: usize, slice_complete: bool) {
        let slices = self.slices(index, piece);
        self.activations.unpin(&slices);
        if !slice_complete {
            return;
        }
        let step = &self.steps.steps[index];
        let batch = self.pieces.slice_of(piece);
        if let Some(output) = step.output {
            self.activations.compact((index, batch), output.data);
        }
        for &(maker, _) in &step.inputs {
            self.activations.release((maker, batch));
        }
    }

    fn finish(&mut self, index: usize) {
        let now = self.now as f64 / FRACTIONS;
        self.timeline.finished[index] = now;
        self.timeline.cycles = self.timeline.cycles.max(now);
        self.room.release(&self.steps.steps[index].weights, index);
        while self.oldest < self.admitted && self.progress[self.oldest].missing == 0 {
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
