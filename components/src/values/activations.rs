//! Activations: the words of each slice, where they are, and which rows of them are complete.

use std::ops::Range;

use crate::operation::ActivationTensor;
use crate::tile::{Dimension, TileCoordinate, TileGrid};

/// Where the words of a slice are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// In the activation buffer (or not allocated yet, and still empty).
    Buffer(Vec<f64>),
    /// In main memory.
    Memory,
    /// Freed: nothing will read them again.
    Freed,
}

/// A tensor of activations, slice by slice.
#[derive(Clone, Debug)]
pub(super) struct Activations {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) slices: Vec<Place>,
    grid: TileGrid,
    /// Whether all batch tiles add to one slice.
    sums_batch: bool,
    /// Tiles of the reduction that each result tile still lacks, by slice, row and column of tiles.
    missing: Vec<u32>,
    /// Result tiles that each row of tiles still lacks, by slice.
    row_missing: Vec<u32>,
    /// Parts in which each result tile was written back.
    parts: Vec<u32>,
}

impl Activations {
    /// The result of an operation over `grid`, all zero and no part of it complete. If it sums over the batch, there is one
    /// slice of one matrix.
    pub(super) fn new(made: &ActivationTensor, grid: TileGrid, sums_batch: bool) -> Self {
        let (rows, columns) = (made.rows as usize, made.columns as usize);
        let tiles = |dimension| grid.tiles(dimension);
        let (slices, batches_summed) = match sums_batch {
            true => (1, tiles(Dimension::B)),
            false => (tiles(Dimension::B), 1),
        };
        let blank = |b: u32| {
            let items = match sums_batch {
                true => 1,
                false => grid.edge_at(Dimension::B, b) as usize,
            };
            Place::Buffer(vec![0.0; items * rows * columns])
        };
        let in_rows = (slices * tiles(Dimension::I)) as usize;
        let all = in_rows * tiles(Dimension::J) as usize;
        Self {
            rows,
            columns,
            slices: (0..slices).map(blank).collect(),
            missing: vec![tiles(Dimension::K) * batches_summed; all],
            row_missing: vec![tiles(Dimension::J); in_rows],
            parts: vec![0; all],
            grid,
            sums_batch,
        }
    }

    /// The slice that batch tile `b` of its operation adds to.
    pub(super) fn slice_of(&self, b: usize) -> usize {
        if self.sums_batch { 0 } else { b }
    }

    /// The words of slice `b`, which must be in the buffer.
    pub(super) fn words(&self, b: usize) -> Result<&[f64], String> {
        match self.slices.get(b) {
            Some(Place::Buffer(words)) => Ok(words),
            Some(Place::Memory) => Err(format!("slice {b} was read while it was in main memory")),
            Some(Place::Freed) => Err(format!("slice {b} was read after it had been freed")),
            None => Err(format!("there is no slice {b}")),
        }
    }

    pub(super) fn words_mut(&mut self, b: usize) -> Result<&mut Vec<f64>, String> {
        match self.slices.get_mut(b) {
            Some(Place::Buffer(words)) => Ok(words),
            _ => Err(format!("slice {b} was written while it was not in the buffer")),
        }
    }

    fn row_of_tiles(&self, b: usize, i: usize) -> usize {
        b * self.grid.tiles(Dimension::I) as usize + i
    }

    /// Books `tiles` of the reduction for the result tile at `tile`, written back in one part; whether its sums are now
    /// complete.
    pub(super) fn book(&mut self, tile: TileCoordinate, tiles: u32) -> Result<bool, String> {
        let [b, i, j, _] = tile.0.map(usize::from);
        let b = self.slice_of(b);
        let row = self.row_of_tiles(b, i);
        let place = row * self.grid.tiles(Dimension::J) as usize + j;
        if self.missing[place] < tiles {
            return Err(format!(
                "the result tile ({b}, {i}, {j}) was summed up more than once"
            ));
        }
        self.missing[place] -= tiles;
        self.parts[place] += 1;
        if self.missing[place] == 0 {
            self.row_missing[row] -= 1;
        }
        Ok(self.missing[place] == 0)
    }

    /// Notes that all of slice `b` is complete.
    pub(super) fn complete(&mut self, b: usize) {
        for i in 0..self.grid.tiles(Dimension::I) as usize {
            let row = self.row_of_tiles(b, i);
            self.row_missing[row] = 0;
        }
    }

    /// Refuses to read rows (of elements) of slice `b` that are not complete.
    pub(super) fn check_complete(&self, b: usize, rows: Range<usize>) -> Result<(), String> {
        let edge = self.grid.edge_at(Dimension::I, 0) as usize;
        let tiles = rows.start / edge..=(rows.end.max(1) - 1) / edge;
        for i in tiles {
            if self.row_missing[self.row_of_tiles(b, i)] != 0 {
                return Err(format!(
                    "row {i} of tiles of slice {b} was read before it was complete"
                ));
            }
        }
        Ok(())
    }

    /// The largest number of parts in which a tile was written back.
    pub(super) fn parts(&self) -> u32 {
        self.parts.iter().copied().max().unwrap_or(0)
    }
}
