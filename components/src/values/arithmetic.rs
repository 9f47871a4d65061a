//! What lanes and modules compute.

use std::collections::VecDeque;

use super::NonLinearFunction;
use super::operands::{Operands, range};
use super::store::{LaneRegisters, ValueStore, gone};
use crate::operation::{Operand, Operation, Work};
use crate::run::Run;
use crate::sparsity::product::ProductTile;
use crate::tile::{Dimension, TileCoordinate};

impl ValueStore {
    /// A lane begins a run.
    pub(crate) fn begin_run(&mut self, lane: u32, run: Run) {
        let registers = LaneRegisters {
            run,
            waiting: VecDeque::new(),
            sums: Vec::new(),
        };
        self.lanes.insert(lane, registers);
    }

    /// A tile's operands pass DynaProp and the pre-compute module and wait for the lane: the pairs of which neither is
    /// zero. None if the lane's work is not multiplying.
    pub(crate) fn match_operands(&mut self, lane: u32, tile: TileCoordinate) -> Result<Option<u32>, String> {
        let run = self
            .lanes
            .get(&lane)
            .ok_or("a tile came to a lane without a run")?
            .run;
        let active = self.active(run.operation.0)?;
        match active.operation.work {
            Work::Product => {
                let operands = self.product_operands(&active.operation, tile)?;
                let pairs: u64 = operands
                    .iter()
                    .map(|operands| operands.product().surviving_pairs())
                    .sum();
                self.count_zeros(&operands);
                let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
                registers.waiting.push_back((tile, operands));
                Ok(Some(u32::try_from(pairs).unwrap_or(u32::MAX)))
            }
            Work::Convolution { kernel } => self.convolution_pairs(&active.operation, tile, kernel).map(Some),
            _ => Ok(None),
        }
    }

    fn count_zeros(&mut self, operands: &[Operands]) {
        for tile in operands
            .iter()
            .flat_map(|operands| [&operands.left, &operands.right])
        {
            let words = tile.extents().elements() as u64;
            self.totals.words += words;
            self.totals.zeros += words - tile.data().len() as u64;
        }
    }

    /// A lane works on a tile.
    pub(crate) fn compute_tile(&mut self, lane: u32, tile: TileCoordinate) -> Result<(), String> {
        let run = self
            .lanes
            .get(&lane)
            .ok_or("a tile came to a lane without a run")?
            .run;
        let operation = self.active(run.operation.0)?.operation.clone();
        let mut sums = self.register(lane, &operation, tile)?;
        match operation.work {
            Work::Product => {
                let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
                let next = registers
                    .waiting
                    .pop_front()
                    .filter(|(matched, _)| *matched == tile);
                let (_, operands) = next.ok_or("a lane worked on a tile that was not next in its FIFO")?;
                let size = sums.len() / operands.len();
                for (operands, sums) in operands.iter().zip(sums.chunks_mut(size)) {
                    operands.product().accumulate(sums);
                }
            }
            Work::Convolution { kernel } => {
                self.convolve(&operation, tile, kernel, |place, word, tap| {
                    sums[place] += word * tap
                })?;
            }
            Work::Add { .. } => self.add_terms(&operation, tile, &mut sums)?,
            Work::NonLinearity => {
                self.add_terms(&operation, tile, &mut sums)?;
                let function: NonLinearFunction = self.settings.function;
                sums.iter_mut().for_each(|sum| *sum = function.at(*sum));
            }
            _ => {
                return Err(format!(
                    "a lane cannot do the {} of a transformer",
                    operation.role
                ));
            }
        }
        let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
        registers.sums.push((result_tile(tile), sums));
        Ok(())
    }

    /// The sums of the result tile that `tile` belongs to: those under way in the lane, or zeros.
    fn register(
        &mut self,
        lane: u32,
        operation: &Operation,
        tile: TileCoordinate,
    ) -> Result<Vec<f64>, String> {
        let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
        let key = result_tile(tile);
        if let Some(place) = registers.sums.iter().position(|(known, _)| *known == key) {
            return Ok(registers.sums.swap_remove(place).1);
        }
        let elements: usize = [Dimension::B, Dimension::I, Dimension::J]
            .map(|dimension| range(operation, tile, dimension).len())
            .iter()
            .product();
        Ok(vec![0.0; elements])
    }

    /// Adds the tile's part of each operand.
    fn add_terms(&self, operation: &Operation, tile: TileCoordinate, sums: &mut [f64]) -> Result<(), String> {
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let b = usize::from(tile.along(Dimension::B));
        let width = operation.grid.extent(Dimension::J) as usize;
        let tile_size = rows.len() * columns.len();
        for operand in &operation.operands {
            let (words, stride) = match operand {
                Operand::Weight(weight) => {
                    let words = self.weights.get(&weight.tensor);
                    (words.ok_or_else(|| gone(weight.tensor))?.as_slice(), 0)
                }
                Operand::Activation { tensor, .. } => {
                    let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                    owner.check_complete(b, rows.clone())?;
                    (owner.words(b)?, owner.rows * owner.columns)
                }
            };
            for item in 0..batch.len() {
                let sums = &mut sums[item * tile_size..][..tile_size];
                for (row, sums) in rows.clone().zip(sums.chunks_mut(columns.len())) {
                    let row = &words[item * stride + row * width..][columns.clone()];
                    sums.iter_mut().zip(row).for_each(|(sum, word)| *sum += word);
                }
            }
        }
        Ok(())
    }

    /// A lane is done with its run: its sums are on their way out.
    pub(crate) fn finish_run(&mut self, lane: u32) -> Result<(), String> {
        let registers = self
            .lanes
            .remove(&lane)
            .ok_or("a lane finished a run that it never began")?;
        let key = (registers.run.operation.0, registers.run.first.packed());
        self.results.insert(key, registers);
        Ok(())
    }

    /// The post-compute module compresses a run's result and it goes back to the buffer, added to what is there of
    /// partial sums.
    pub(crate) fn write_back(&mut self, run: &Run) -> Result<(), String> {
        let key = (run.operation.0, run.first.packed());
        let registers = self
            .results
            .remove(&key)
            .ok_or("a result came that no lane had made")?;
        let operation = self.active(run.operation.0)?.operation.clone();
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
        let made = operation.output.ok_or("an operation makes nothing")?;
        let [batch, rows, columns] =
            [Dimension::B, Dimension::I, Dimension::J].map(|d| range(operation, tile, d));
        let owner = self
            .activations
            .get_mut(&made.tensor)
            .ok_or_else(|| gone(made.tensor))?;
        let complete = owner.book(tile, reduced)?;
        let (height, width) = (owner.rows, owner.columns);
        let words = owner.words_mut(usize::from(tile.along(Dimension::B)))?;
        let mut sums = sums.iter();
        for item in 0..batch.len() {
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
        Ok(())
    }
}

impl Operands {
    fn product(&self) -> ProductTile<'_> {
        ProductTile::new(&self.left, &self.right)
    }
}

/// The result tile that a tile of the loop nest adds to.
fn result_tile(tile: TileCoordinate) -> TileCoordinate {
    let [b, i, j, _] = tile.0;
    TileCoordinate([b, i, j, 0])
}
