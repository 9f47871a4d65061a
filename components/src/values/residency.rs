//! Transfers between main memory and the buffers.

use std::ops::Range;

use super::store::{ValueStore, gone};
use crate::block_plan::{BlockName, columns_of};
use crate::operation::{Operand, Operation, TensorId, TensorKind};
use crate::tile::Dimension;
use crate::work::{MovedRows, Movement};

impl ValueStore {
    /// A block that an operation makes has room in the activation buffer: sums begin at zero.
    pub(crate) fn block_made(&mut self, block: &BlockName) {
        if let Some(owner) = self.activations.get_mut(&block.tensor) {
            owner.set_block(block, &mut std::iter::repeat(0.0));
        }
        self.copy_comes(block);
    }

    /// Blocks by what they hold.
    fn name_of(block: &BlockName) -> (TensorId, [u32; 3]) {
        (block.tensor, [block.b, block.rows.start, block.columns.start])
    }

    fn copy_comes(&mut self, block: &BlockName) {
        *self.copies.entry(Self::name_of(block)).or_default() += 1;
    }

    /// Whether a copy that goes was the last one.
    fn last_copy_goes(&mut self, block: &BlockName) -> bool {
        let name = Self::name_of(block);
        if let Some(copies) = self.copies.get_mut(&name).filter(|copies| **copies > 1) {
            *copies -= 1;
            return false;
        }
        self.copies.remove(&name);
        true
    }

    /// A block has arrived in its buffer from `address`.
    pub(crate) fn block_loaded(&mut self, block: &BlockName, address: u64) -> Result<(), String> {
        if block.is_weight {
            return self.constant_loaded(block);
        }
        let (_, words) = self.spilled.get(&address).ok_or_else(|| {
            format!(
                "a block of tensor {} is not in main memory at {address:#x} any more",
                block.tensor.0
            )
        })?;
        let owner = self
            .activations
            .get_mut(&block.tensor)
            .ok_or_else(|| gone(block.tensor))?;
        owner.set_block(block, &mut words.iter().copied());
        self.copy_comes(block);
        Ok(())
    }

    /// A block is now in main memory, in the `bytes` from `address` on, and no more in the buffer.
    pub(crate) fn block_spilled(
        &mut self,
        block: &BlockName,
        address: u64,
        bytes: u64,
    ) -> Result<(), String> {
        let owner = self
            .activations
            .get_mut(&block.tensor)
            .ok_or_else(|| gone(block.tensor))?;
        let words = owner.block(block)?;
        if words.iter().any(|word| word.is_nan()) {
            return Err(format!(
                "a block of tensor {} was spilled that is not in the buffer",
                block.tensor.0
            ));
        }
        if self.last_copy_goes(block)
            && let Some(owner) = self.activations.get_mut(&block.tensor)
        {
            owner.set_block(block, &mut std::iter::repeat(f64::NAN));
        }
        // Whatever was there before is overwritten.
        self.spilled
            .retain(|&start, (length, _)| start + *length <= address || address + bytes <= start);
        self.spilled.insert(address, (bytes, words));
        Ok(())
    }

    /// A block has left its buffer without a write.
    pub(crate) fn block_dropped(&mut self, block: &BlockName) {
        if !self.last_copy_goes(block) {
            return;
        }
        if block.is_weight {
            self.constant_dropped(block);
        } else if let Some(owner) = self.activations.get_mut(&block.tensor) {
            owner.set_block(block, &mut std::iter::repeat(f64::NAN));
        }
    }

    /// Width of a constant as it lies in main memory.
    fn width_of(&self, tensor: TensorId) -> Option<usize> {
        let (operation, _, operand) = self.origins.get(&tensor)?;
        Some(columns_of(operation, *operand) as usize)
    }

    fn constant_loaded(&mut self, block: &BlockName) -> Result<(), String> {
        self.copy_comes(block);
        let tensor = block.tensor;
        let (operation, ordinal, operand) = self
            .origins
            .get(&tensor)
            .ok_or_else(|| format!("constant {} arrived, but no operation waits for it", tensor.0))?;
        let Operand::Weight(weight) = operation.operands[*operand] else {
            return Err(format!("tensor {} is no weight", tensor.0));
        };
        if self
            .memory
            .read(weight.whole, weight.first, weight.elements)
            .is_none()
        {
            let words = match weight.kind {
                TensorKind::OptimizerState => vec![0.0; weight.elements as usize],
                TensorKind::Weight | TensorKind::Constant if weight.whole == weight.data => {
                    let words = self.constants.tensor(operation, *ordinal, *operand);
                    words.into_iter().map(|word| self.rounder.nearest(word)).collect()
                }
                _ => {
                    return Err(format!(
                        "a {} read words that were never written to main memory at {:#x}",
                        operation.role, weight.data
                    ));
                }
            };
            self.memory.write(weight.whole, weight.first, &words);
        }
        let width = columns_of(operation, *operand) as usize;
        let stored = self
            .memory
            .read(weight.whole, weight.first, weight.elements)
            .unwrap_or_default();
        let words = self
            .weights
            .entry(tensor)
            .or_insert_with(|| vec![f64::NAN; weight.elements as usize]);
        for row in block.rows.clone() {
            let start = row as usize * width;
            let place = start + block.columns.start as usize..start + block.columns.end as usize;
            words[place.clone()].copy_from_slice(&stored[place]);
        }
        Ok(())
    }

    fn constant_dropped(&mut self, block: &BlockName) {
        let Some(width) = self.width_of(block.tensor) else {
            return;
        };
        let Some(words) = self.weights.get_mut(&block.tensor) else {
            return;
        };
        for row in block.rows.clone() {
            let start = row as usize * width;
            words[start + block.columns.start as usize..start + block.columns.end as usize].fill(f64::NAN);
        }
        if words.iter().all(|word| word.is_nan()) {
            self.weights.remove(&block.tensor);
        }
    }

    /// The data that a step loads for an operation that only moves data has arrived.
    pub(crate) fn moved(&mut self, operation: &Operation, tiles: &[Range<u16>; 4]) -> Result<(), String> {
        let Some(made) = operation.output else {
            return Ok(());
        };
        let movement = operation
            .work
            .profile()
            .movement()
            .ok_or("what units work on was loaded")?;
        let b = u32::from(tiles[0].start);
        let first_item = b * operation.grid.edge(Dimension::B);
        let items = operation.grid.edge_at(Dimension::B, b);
        let rows = operation
            .grid
            .elements(Dimension::I, tiles[1].start.into(), tiles[1].end.into());
        let width = made.columns as usize;
        for item in 0..items {
            let mut words = Vec::new();
            match movement.rows {
                MovedRows::OfTable { once } => {
                    for row in rows.clone() {
                        let token = (first_item + item) * made.rows + row;
                        words.extend(self.table_row(operation, made.kind, movement.data, once, token)?);
                    }
                }
                MovedRows::AddedToTable => return Err("rows were added to a table by a load".to_owned()),
                // The only loads are those of what the result is compared with.
                MovedRows::Consecutive => {
                    let target = self.constants.target(operation, (first_item + item) as usize);
                    let part = &target[rows.start as usize * width..rows.end as usize * width];
                    words.extend(part.iter().map(|&word| self.rounder.nearest(word)));
                }
            }
            let owner = self.owner(made.tensor)?;
            let start = (item as usize * owner.rows + rows.start as usize) * width;
            owner.words_mut(b as usize)?[start..start + words.len()].copy_from_slice(&words);
            let rows = rows.start as usize..rows.end as usize;
            owner.note_made(b as usize, item as usize, rows, 0..width);
        }
        let rows = usize::from(tiles[1].start)..usize::from(tiles[1].end);
        self.owner(made.tensor)?.complete(b as usize, rows);
        Ok(())
    }

    /// The row of the table at `data` that `token` reads.
    fn table_row(
        &mut self,
        operation: &Operation,
        kind: TensorKind,
        data: u64,
        once: bool,
        token: u32,
    ) -> Result<Vec<f64>, String> {
        let columns = operation.grid.extent(Dimension::J) as usize;
        if once && self.settings.words.repeats(token) {
            return Ok(vec![0.0; columns]);
        }
        let row = self.settings.words.row(token);
        if let Some(words) = self.memory.row(data, row) {
            return Ok(words.to_vec());
        }
        match kind {
            TensorKind::Weight => {
                let words = self.constants.table_row(operation, row);
                Ok(words.into_iter().map(|word| self.rounder.nearest(word)).collect())
            }
            TensorKind::OptimizerState => Ok(vec![0.0; columns]),
            _ => Err(format!(
                "row {row} of the table at {data:#x} was read, but never written"
            )),
        }
    }

    /// What batch tile `b` of an operation leaves in main memory: a write-back's tensor or rows. The weights that an update
    /// changed in the weight buffer are there, too, when its write-back ends; nothing reads them earlier.
    pub(super) fn leave_in_memory(&mut self, operation: &Operation, b: u32) -> Result<(), String> {
        if operation.updates_in_place() {
            return self.update_in_place(operation);
        }
        let movement = operation.work.profile().movement();
        let Some(Movement { rows, data, .. }) = movement.filter(|movement| movement.outward) else {
            return Ok(());
        };
        let Some(Operand::Activation { tensor, .. }) = operation.operands.first() else {
            return Err(format!("a {} has nothing to write", operation.role));
        };
        let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
        let (height, columns) = (owner.rows, owner.columns);
        let first_item = b * operation.grid.edge_at(Dimension::B, 0);
        let words = owner.as_made(b as usize)?;
        if rows == MovedRows::Consecutive {
            let first = u64::from(first_item) * (height * columns) as u64;
            self.memory.write(data, first, words);
            return Ok(());
        }
        let words = words.to_vec();
        for (token, words) in (first_item * height as u32..).zip(words.chunks(columns)) {
            self.scatter_row(data, token, words, rows == MovedRows::AddedToTable);
        }
        Ok(())
    }

    fn scatter_row(&mut self, data: u64, token: u32, words: &[f64], accumulates: bool) {
        let row = self.settings.words.row(token);
        let adds = accumulates && !self.begun_rows.insert((data, row));
        if adds {
            let old = self.memory.row(data, row).unwrap_or_default();
            let mut sums: Vec<f64> = old.iter().zip(words).map(|(old, word)| old + word).collect();
            sums.iter_mut().for_each(|sum| *sum = self.rounder.nearest(*sum));
            self.memory.write_row(data, row, sums);
        } else if accumulates || !self.settings.words.repeats(token) {
            self.memory.write_row(data, row, words.to_vec());
        }
    }

    fn update_in_place(&mut self, operation: &Operation) -> Result<(), String> {
        let new = self
            .in_place
            .remove(&operation.id.0)
            .ok_or("an update made no new words")?;
        let mut words = new.words.as_slice();
        // The gradient comes first, and stays as it is.
        for weight in operation.weights().skip(1) {
            let (of_tensor, rest) = words
                .split_at_checked(weight.elements as usize)
                .ok_or("an update made too few words")?;
            self.memory.write(weight.whole, weight.first, of_tensor);
            words = rest;
        }
        Ok(())
    }
}
