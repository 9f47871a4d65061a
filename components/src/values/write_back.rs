//! How a result gets back into the buffers.

use std::sync::Arc;

use super::operands::range;
use super::store::{ValueStore, gone};
use crate::operation::{ActivationTensor, Operation};
use crate::runs::Run;
use crate::tile::{Dimension, TileCoordinate};

/// New words of what an operation updates in place.
#[derive(Clone, Debug, Default)]
pub(super) struct InPlace {
    /// Those of each tensor, one tensor after another.
    pub(super) words: Vec<f64>,
    /// Number of words still missing.
    pub(super) missing: usize,
}

impl ValueStore {
    /// A lane has finished its run: its sums leave it.
    pub(crate) fn finish_run(&mut self, lane: u32) -> Result<(), String> {
        let registers = self
            .lanes
            .remove(&lane)
            .ok_or("a lane finished a run that it never began")?;
        let key = (registers.run.operation.0, registers.run.first.packed());
        self.results.insert(key, registers);
        Ok(())
    }

    /// The post-compute module compresses a run's result and it goes back to the buffer, added to the partial
    /// sums that are there.
    pub(crate) fn write_back(&mut self, run: &Run) -> Result<(), String> {
        let key = (run.operation.0, run.first.packed());
        let registers = self
            .results
            .remove(&key)
            .ok_or("a result came that no lane had made")?;
        let operation = Arc::clone(&self.active(run.operation.0)?.operation);
        let tiles = if run.along == Dimension::K {
            u32::from(run.length)
        } else {
            1
        };
        for (tile, sums) in registers.sums {
            self.write_tile(&operation, tile, tiles, &sums)?;
        }
        Ok(())
    }

    fn write_tile(
        &mut self,
        operation: &Operation,
        tile: TileCoordinate,
        reduced: u32,
        sums: &[f64],
    ) -> Result<(), String> {
        match &operation.output {
            Some(made) => self.write_to_tensor(operation, made, tile, reduced, sums),
            None => self.write_in_place(operation, tile, sums),
        }
    }

    fn write_to_tensor(
        &mut self,
        operation: &Operation,
        made: &ActivationTensor,
        tile: TileCoordinate,
        reduced: u32,
        sums: &[f64],
    ) -> Result<(), String> {
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let owner = self
            .activations
            .get_mut(&made.tensor)
            .ok_or_else(|| gone(made.tensor))?;
        let items = if operation.work.sums_batch() {
            1
        } else {
            batch.len()
        };
        let complete = owner.book(tile, reduced)?;
        let (height, width) = (owner.rows, owner.columns);
        let slice = owner.slice_of(usize::from(tile.along(Dimension::B)));
        let words = owner.words_mut(slice)?;
        let mut sums = sums.iter();
        for item in 0..items {
            for row in rows.clone() {
                let row = &mut words[(item * height + row) * width..][columns.clone()];
                for (word, sum) in row.iter_mut().zip(&mut sums) {
                    *word = match complete {
                        true => self.rounder.round(*word + sum),
                        false => self.rounder.round_partial(*word + sum),
                    };
                }
            }
        }
        if complete {
            for item in 0..items {
                owner.note_made(slice, item, rows.clone(), columns.clone());
            }
        }
        Ok(())
    }

    fn write_in_place(
        &mut self,
        operation: &Operation,
        tile: TileCoordinate,
        results: &[f64],
    ) -> Result<(), String> {
        let [rows, columns] = [Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let [height, width] = [Dimension::I, Dimension::J].map(|d| operation.grid.extent(d) as usize);
        let size = (operation.operands.len() - 1) * height * width;
        let new = self.in_place.entry(operation.id.0).or_insert_with(|| InPlace {
            words: vec![0.0; size],
            missing: size,
        });
        let tensors = new.words.chunks_mut(height * width);
        for (words, results) in tensors.zip(results.chunks(rows.len() * columns.len())) {
            for (row, results) in rows.clone().zip(results.chunks(columns.len())) {
                let row = &mut words[row * width..][columns.clone()];
                for (word, result) in row.iter_mut().zip(results) {
                    *word = self.rounder.round(*result);
                }
            }
        }
        new.missing = new
            .missing
            .checked_sub(results.len())
            .ok_or("a weight was updated twice")?;
        Ok(())
    }
}
