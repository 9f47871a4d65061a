//! What main memory holds besides spills: weights, gradients of weights, the optimiser's state, tables of words.

use std::collections::BTreeMap;

/// The tensors and tables in main memory, by the address of their data. It outlives a run: the next training step
/// begins with what the last one left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemoryImage {
    tensors: BTreeMap<u64, Vec<f64>>,
    tables: BTreeMap<u64, BTreeMap<u32, Vec<f64>>>,
}

impl MemoryImage {
    /// `count` words from word `first` on of the tensor at `address`; `None` if they were never written.
    #[must_use]
    pub fn read(&self, address: u64, first: u64, count: u64) -> Option<&[f64]> {
        let words = self.tensors.get(&address)?;
        words.get(first as usize..(first + count) as usize)
    }

    /// Writes words of the tensor at `address` from word `first` on. Words before them that were never written are 0.
    pub fn write(&mut self, address: u64, first: u64, words: &[f64]) {
        let tensor = self.tensors.entry(address).or_default();
        let (start, end) = (first as usize, first as usize + words.len());
        if tensor.len() < end {
            tensor.resize(end, 0.0);
        }
        tensor[start..end].copy_from_slice(words);
    }

    /// Row `row` of the table at `address`; `None` if it was never written.
    #[must_use]
    pub fn row(&self, address: u64, row: u32) -> Option<&[f64]> {
        Some(self.tables.get(&address)?.get(&row)?)
    }

    /// Writes a row of the table at `address`.
    pub fn write_row(&mut self, address: u64, row: u32, words: Vec<f64>) {
        self.tables.entry(address).or_default().insert(row, words);
    }
}
