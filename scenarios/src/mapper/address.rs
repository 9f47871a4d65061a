//! Where tensors lie in main memory: one after another, each from a block boundary on.

use components::density::Density;
use components::operation::{TensorId, WeightTensor};
use components::units::{BLOCK, Bytes};
use components::word::{self, WordFormat};

use super::MapperParameters;

/// A bump allocator over main memory.
#[derive(Clone, Debug)]
pub(super) struct AddressSpace {
    base: u64,
    next: u64,
    word: WordFormat,
    weight_density: Density,
    activation_density: Density,
    batch_tile: u32,
}

impl AddressSpace {
    pub(super) fn new(parameters: &MapperParameters) -> Self {
        Self {
            base: parameters.first_address,
            next: parameters.first_address,
            word: parameters.word,
            weight_density: parameters.weight_density,
            activation_density: parameters.activation_density,
            batch_tile: parameters.tile.b,
        }
    }

    pub(super) fn weight(&mut self, tensor: TensorId, elements: u64) -> WeightTensor {
        let data = self.take(self.word.data(elements, self.weight_density));
        let masks = self.take(word::mask(elements));
        WeightTensor {
            tensor,
            elements,
            data,
            masks,
        }
    }

    /// A table of `rows` rows that are read one by one: data and masks of each row directly after the one before.
    pub(super) fn table(&mut self, rows: u32, columns: u32) -> (u64, u64) {
        let row = self.word.data(u64::from(columns), self.weight_density);
        let row_mask = word::mask(u64::from(columns));
        (
            self.take(row * u64::from(rows)),
            self.take(row_mask * u64::from(rows)),
        )
    }

    /// Room for a result, each batch tile from a block boundary on.
    pub(super) fn result(&mut self, batch: u32, rows: u32, columns: u32) -> (u64, u64) {
        let slices = u64::from(batch.div_ceil(self.batch_tile));
        let elements = u64::from(self.batch_tile.min(batch)) * u64::from(rows) * u64::from(columns);
        let whole_blocks = |bytes: Bytes| BLOCK * (bytes.blocks() * slices);
        let data = self.take(whole_blocks(self.word.data(elements, self.activation_density)));
        (data, self.take(whole_blocks(word::mask(elements))))
    }

    fn take(&mut self, bytes: Bytes) -> u64 {
        let start = self.next;
        self.next += bytes.blocks() * BLOCK.0;
        start
    }

    pub(super) fn used(&self) -> u64 {
        self.next - self.base
    }
}
