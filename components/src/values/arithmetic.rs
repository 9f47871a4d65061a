//! What lanes and modules compute.

use std::collections::VecDeque;
use std::sync::Arc;

use super::operands::{Operands, range};
use super::store::{LaneRegisters, PrunedWords, ValueStore};
use crate::operation::Operation;
use crate::runs::Run;
use crate::sparsity::product::ProductTile;
use crate::tile::{Dimension, TileCoordinate};
use crate::work::{Indexing, RunKind};

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

    /// A tile's operands pass DynaProp and the pre-compute module and wait for the lane: the number of pairs of
    /// which neither is zero. `None` if the lane does not multiply.
    pub(crate) fn match_operands(&mut self, lane: u32, tile: TileCoordinate) -> Result<Option<u32>, String> {
        let run = self
            .lanes
            .get(&lane)
            .ok_or("a tile came to a lane without a run")?
            .run;
        let operation = Arc::clone(&self.active(run.operation.0)?.operation);
        let profile = operation.work.profile();
        if profile.run_kind() != Some(RunKind::MultiplyAccumulate) {
            return Ok(None);
        }
        match profile.indexing {
            Indexing::Product => {
                let operands = self.product_operands(&operation, tile)?;
                let pairs: u64 = operands
                    .iter()
                    .map(|operands| operands.product().surviving_pairs())
                    .sum();
                self.count_zeros(&operation, &operands);
                let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
                registers.waiting.push_back((tile, operands));
                Ok(Some(u32::try_from(pairs).unwrap_or(u32::MAX)))
            }
            Indexing::Convolution | Indexing::KernelGradient => {
                self.count_kernel_zeros(&operation, tile)?;
                self.kernel_pairs(&operation, tile).map(Some)
            }
            Indexing::Elementwise => Ok(None),
        }
    }

    fn count_zeros(&mut self, operation: &Operation, items: &[Operands]) {
        for item in items {
            for (operand, tile) in operation.operands.iter().zip([&item.left, &item.right]) {
                let words = tile.extents().elements() as u64;
                let zeros = words - tile.data().len() as u64;
                self.totals.count(operand, PrunedWords { words, zeros });
            }
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
        let profile = operation.work.profile();
        match (profile.run_kind(), profile.indexing) {
            (Some(RunKind::MultiplyAccumulate), Indexing::Product) => {
                let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
                let next = registers
                    .waiting
                    .pop_front()
                    .filter(|(matched, _)| *matched == tile);
                let (_, operands) = next.ok_or("a lane worked on a tile that was not next in its FIFO")?;
                if profile.sums_batch {
                    for item in &operands {
                        item.product().accumulate(&mut sums);
                    }
                } else {
                    let size = sums.len() / operands.len();
                    for (operands, sums) in operands.iter().zip(sums.chunks_mut(size)) {
                        operands.product().accumulate(sums);
                    }
                }
            }
            (Some(RunKind::MultiplyAccumulate), Indexing::Convolution | Indexing::KernelGradient) => {
                self.for_kernel_pairs(&operation, tile, |place, left, right| sums[place] += left * right)?;
            }
            _ if profile.updates => self.update_tile(&operation, tile, &mut sums)?,
            _ => self.elementwise(&operation, tile, &mut sums)?,
        }
        let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
        registers.sums.push((result_tile(&operation, tile), sums));
        Ok(())
    }

    /// The sums of the result tile that `tile` belongs to: those in flight in the lane, or zeros.
    fn register(
        &mut self,
        lane: u32,
        operation: &Operation,
        tile: TileCoordinate,
    ) -> Result<Vec<f64>, String> {
        let registers = self.lanes.get_mut(&lane).ok_or("a lane lost its run")?;
        let key = result_tile(operation, tile);
        if let Some(place) = registers.sums.iter().position(|(known, _)| *known == key) {
            return Ok(registers.sums.swap_remove(place).1);
        }
        let [items, rows, columns] = [Dimension::B, Dimension::I, Dimension::J]
            .map(|dimension| range(operation, tile, dimension).len());
        let matrices = match operation.work {
            work if work.sums_batch() => 1,
            // All operands but the gradient.
            work if work.profile().updates && operation.output.is_none() => operation.operands.len() - 1,
            _ => items,
        };
        Ok(vec![0.0; matrices * rows * columns])
    }
}

impl Operands {
    fn product(&self) -> ProductTile<'_> {
        ProductTile::new(&self.left, &self.right)
    }
}

/// The result tile that a tile of the loop nest adds to.
fn result_tile(operation: &Operation, tile: TileCoordinate) -> TileCoordinate {
    let [b, i, j, _] = tile.0;
    let b = if operation.work.sums_batch() { 0 } else { b };
    TileCoordinate([b, i, j, 0])
}
