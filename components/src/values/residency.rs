//! Transfers between main memory and the buffers.

use std::sync::Arc;

use super::activations::Place;
use super::store::{ValueStore, gone};
use crate::operation::{Operand, Operation, TensorId, TensorKind};
use crate::tile::Dimension;
use crate::work::{MovedRows, Movement};

impl ValueStore {
    /// A tensor has arrived in the weight buffer.
    pub(crate) fn weight_arrived(&mut self, tensor: TensorId) -> Result<(), String> {
        let (operation, ordinal, operand) = self
            .origins
            .get(&tensor)
            .ok_or_else(|| format!("constant {} arrived, but no operation waits for it", tensor.0))?;
        let Operand::Weight(weight) = operation.operands[*operand] else {
            return Err(format!("tensor {} is no weight", tensor.0));
        };
        let words = match self.memory.read(weight.whole, weight.first, weight.elements) {
            Some(words) => words.to_vec(),
            None if weight.kind == TensorKind::OptimizerState => vec![0.0; weight.elements as usize],
            None if matches!(weight.kind, TensorKind::Weight | TensorKind::Constant)
                && weight.whole == weight.data =>
            {
                let mut words = self.constants.tensor(operation, *ordinal, *operand);
                words
                    .iter_mut()
                    .for_each(|word| *word = self.rounder.nearest(*word));
                self.memory.write(weight.whole, 0, &words);
                words
            }
            None => {
                return Err(format!(
                    "a {} read words that were never written to main memory at {:#x}",
                    operation.role, weight.data
                ));
            }
        };
        self.weights.insert(tensor, words);
        Ok(())
    }

    /// A constant tensor was evicted.
    pub(crate) fn weight_evicted(&mut self, tensor: TensorId) {
        self.weights.remove(&tensor);
    }

    /// The data that batch tile `b` of a data operation loads has arrived.
    pub(crate) fn filled(&mut self, operation: u32, b: u32) -> Result<(), String> {
        let operation = Arc::clone(&self.active(operation)?.operation);
        let made = operation.output.ok_or("a load makes nothing")?;
        let movement = operation
            .work
            .profile()
            .movement()
            .ok_or("what units work on was loaded")?;
        let (rows, columns) = (made.rows as usize, made.columns as usize);
        let first_item = b * operation.grid.edge_at(Dimension::B, 0);
        let items = operation.grid.edge_at(Dimension::B, b);
        let mut words = Vec::with_capacity(items as usize * rows * columns);
        for item in first_item..first_item + items {
            match movement.rows {
                MovedRows::OfTable { once } => {
                    for row in 0..made.rows {
                        let token = item * made.rows + row;
                        words.extend(self.table_row(&operation, made.kind, movement.data, once, token)?);
                    }
                }
                MovedRows::AddedToTable => return Err("rows were added to a table by a load".to_owned()),
                // The only loads are those of what the result is compared with.
                MovedRows::Consecutive => {
                    let target = self.constants.target(&operation, item as usize);
                    words.extend(target.into_iter().map(|word| self.rounder.nearest(word)));
                }
            }
        }
        let owner = self.owner(made.tensor)?;
        *owner.words_mut(b as usize)? = words;
        owner.complete(b as usize);
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
        let words = owner.words(b as usize)?;
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
            self.weights.insert(weight.tensor, of_tensor.to_vec());
            words = rest;
        }
        Ok(())
    }

    /// A slice is now in main memory, in the `bytes` from `address` on.
    pub(crate) fn spilled(
        &mut self,
        tensor: TensorId,
        b: u32,
        address: u64,
        bytes: u64,
    ) -> Result<(), String> {
        let owner = self.owner(tensor)?;
        let Some(place @ Place::Buffer(_)) = owner.slices.get_mut(b as usize) else {
            return Err(format!(
                "slice {b} of tensor {} was spilled, but is not in the buffer",
                tensor.0
            ));
        };
        let Place::Buffer(words) = std::mem::replace(place, Place::Memory) else {
            return Ok(());
        };
        // Whatever was there before is overwritten.
        self.spilled
            .retain(|&start, (length, _)| start + *length <= address || address + bytes <= start);
        self.spilled.insert(address, (bytes, words));
        Ok(())
    }

    /// A slice has come back from main memory.
    pub(crate) fn reloaded(&mut self, tensor: TensorId, b: u32, address: u64) -> Result<(), String> {
        let (_, words) = self.spilled.get(&address).cloned().ok_or_else(|| {
            format!(
                "slice {b} of tensor {} is not in main memory at {address:#x} any more",
                tensor.0
            )
        })?;
        let owner = self.owner(tensor)?;
        match owner.slices.get_mut(b as usize) {
            Some(place @ Place::Memory) => *place = Place::Buffer(words),
            _ => {
                return Err(format!(
                    "slice {b} of tensor {} was reloaded, but was not away",
                    tensor.0
                ));
            }
        }
        Ok(())
    }

    /// The buffer evicted a slice that main memory holds at `address`.
    pub(crate) fn dropped(&mut self, tensor: TensorId, b: u32, address: u64) -> Result<(), String> {
        if !self.spilled.contains_key(&address) {
            return Err(format!(
                "slice {b} of tensor {} was given up, but is not in main memory at {address:#x}",
                tensor.0
            ));
        }
        match self.owner(tensor)?.slices.get_mut(b as usize) {
            Some(place @ Place::Buffer(_)) => *place = Place::Memory,
            _ => return Err(format!("slice {b} of tensor {} was given up twice", tensor.0)),
        }
        Ok(())
    }

    /// A slice is freed: nothing will read it again.
    pub(crate) fn freed(&mut self, tensor: TensorId, b: u32) {
        let Some(owner) = self.activations.get_mut(&tensor) else {
            return;
        };
        if let Some(place) = owner.slices.get_mut(b as usize) {
            *place = Place::Freed;
        }
        if owner.slices.iter().all(|place| *place == Place::Freed) {
            self.activations.remove(&tensor);
        }
    }
}
