//! Activations: the words of each slice, where they are, and which rows of them are complete.

use std::ops::Range;

use crate::block_plan::BlockName;
use crate::operation::ActivationTensor;
use crate::tile::{Dimension, TileCoordinate, TileGrid};

/// The words of a slice.
#[derive(Clone, Debug)]
pub(super) struct Slice {
    /// In the buffer; NaN where no block is there.
    words: Vec<f64>,
    /// As the operation made them, wherever they are now.
    made: Vec<f64>,
    /// Operations that have not finished with it.
    readers: u32,
}

/// A tensor of activations, slice by slice.
#[derive(Clone, Debug)]
pub(super) struct Activations {
    pub(super) rows: usize,
    pub(super) columns: usize,
    slices: Vec<Slice>,
    grid: TileGrid,
    /// Whether all batch tiles add to one slice.
    sums_batch: bool,
    /// Tiles of the reduction that each result tile still lacks, by slice, row and column of tiles.
    missing: Vec<u32>,
    /// Parts in which each result tile was written back.
    parts: Vec<u32>,
}

impl Activations {
    /// The result of an operation over `grid`, no part of which is in the buffer. If it sums over the batch, there is one
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
            let size = items * rows * columns;
            Slice {
                words: vec![f64::NAN; size],
                made: vec![0.0; size],
                readers: made.consumers,
            }
        };
        let in_rows = (slices * tiles(Dimension::I)) as usize;
        let all = in_rows * tiles(Dimension::J) as usize;
        Self {
            rows,
            columns,
            slices: (0..slices).map(blank).collect(),
            missing: vec![tiles(Dimension::K) * batches_summed; all],
            parts: vec![0; all],
            grid,
            sums_batch,
        }
    }

    /// The slice that batch tile `b` of its operation adds to.
    pub(super) fn slice_of(&self, b: usize) -> usize {
        if self.sums_batch { 0 } else { b }
    }

    /// The words of slice `b` in the buffer: NaN where no block is there.
    pub(super) fn words(&self, b: usize) -> Result<&[f64], String> {
        self.slice(b).map(|slice| slice.words.as_slice())
    }

    /// The words of slice `b` as its operation made them.
    pub(super) fn as_made(&self, b: usize) -> Result<&[f64], String> {
        self.slice(b).map(|slice| slice.made.as_slice())
    }

    fn slice(&self, b: usize) -> Result<&Slice, String> {
        let slice = self.slices.get(b);
        slice
            .filter(|slice| !slice.words.is_empty())
            .ok_or_else(|| format!("slice {b} was used after its last reader had finished"))
    }

    pub(super) fn words_mut(&mut self, b: usize) -> Result<&mut [f64], String> {
        match self.slices.get_mut(b) {
            Some(slice) if !slice.words.is_empty() => Ok(&mut slice.words),
            _ => Err(format!(
                "slice {b} was written after its last reader had finished"
            )),
        }
    }

    /// Notes that these rows and columns of item `item` of slice `b` are final.
    pub(super) fn note_made(&mut self, b: usize, item: usize, rows: Range<usize>, columns: Range<usize>) {
        let (height, width) = (self.rows, self.columns);
        let Some(slice) = self.slices.get_mut(b) else {
            return;
        };
        for row in rows {
            let start = (item * height + row) * width;
            let place = start + columns.start..start + columns.end;
            slice.made[place.clone()].copy_from_slice(&slice.words[place]);
        }
    }

    /// The words of `block` in the buffer, item by item and row by row.
    pub(super) fn block(&self, block: &BlockName) -> Result<Vec<f64>, String> {
        let words = self.words(block.b as usize)?;
        let rows = self.rows_of(block, words.len());
        Ok(rows
            .into_iter()
            .flat_map(|place| words[place].iter().copied())
            .collect())
    }

    /// Fills `block` in the buffer with words, as many as it has.
    pub(super) fn set_block(&mut self, block: &BlockName, from: &mut dyn Iterator<Item = f64>) {
        let Some(slice) = self.slices.get_mut(block.b as usize) else {
            return;
        };
        let (height, width) = (self.rows, self.columns);
        for place in rows_of(block, height, width, slice.words.len()) {
            slice.words[place]
                .iter_mut()
                .zip(&mut *from)
                .for_each(|(word, new)| *word = new);
        }
    }

    fn rows_of(&self, block: &BlockName, words: usize) -> Vec<Range<usize>> {
        rows_of(block, self.rows, self.columns, words)
    }

    /// An operation has finished with slice `b`; whether none is left that reads any of the tensor.
    pub(super) fn reader_done(&mut self, b: usize) -> bool {
        let b = b.min(self.slices.len() - 1);
        let slice = &mut self.slices[b];
        slice.readers = slice.readers.saturating_sub(1);
        if slice.readers == 0 {
            slice.words = Vec::new();
            slice.made = Vec::new();
        }
        self.is_over()
    }

    /// Whether all slices have been read for the last time.
    fn is_over(&self) -> bool {
        self.slices.iter().all(|slice| slice.readers == 0)
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
        Ok(self.missing[place] == 0)
    }

    /// Notes that these rows of tiles of slice `b` are complete.
    pub(super) fn complete(&mut self, b: usize, rows: Range<usize>) {
        for i in rows {
            let columns = self.grid.tiles(Dimension::J) as usize;
            let first = self.row_of_tiles(b, i) * columns;
            self.missing[first..first + columns].fill(0);
        }
    }

    /// Refuses to read rows and columns (of elements) of slice `b` that are not complete.
    pub(super) fn check_complete(
        &self,
        b: usize,
        rows: Range<usize>,
        columns: Range<usize>,
    ) -> Result<(), String> {
        let tiles = |range: Range<usize>, dimension| {
            let edge = self.grid.edge(dimension) as usize;
            range.start / edge..range.end.div_ceil(edge)
        };
        let width = self.grid.tiles(Dimension::J) as usize;
        for i in tiles(rows, Dimension::I) {
            for j in tiles(columns.clone(), Dimension::J) {
                if self.missing[self.row_of_tiles(b, i) * width + j] != 0 {
                    return Err(format!(
                        "tile ({i}, {j}) of slice {b} was read before it was complete"
                    ));
                }
            }
        }
        Ok(())
    }

    /// The largest number of parts in which a tile was written back.
    pub(super) fn parts(&self) -> u32 {
        self.parts.iter().copied().max().unwrap_or(0)
    }
}

/// Where the rows of `block` lie in a slice of `words` words, item by item.
fn rows_of(block: &BlockName, height: usize, width: usize, words: usize) -> Vec<Range<usize>> {
    let items = words / (height * width).max(1);
    (0..items)
        .flat_map(|item| {
            block.rows.clone().map(move |row| {
                let start = (item * height + row as usize) * width;
                start + block.columns.start as usize..start + block.columns.end as usize
            })
        })
        .collect()
}
