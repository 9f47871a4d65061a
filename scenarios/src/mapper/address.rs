//! Where tensors lie in main memory: one after another, each from a block boundary on.

use components::operation::{TensorId, TensorKind, WeightTensor};
use components::runs::Tiling;
use components::units::{BLOCK, Bytes};
use components::word;

/// A bump allocator over main memory.
#[derive(Clone, Debug)]
pub(super) struct AddressSpace {
    tiling: Tiling,
    first: u64,
    next: u64,
}

impl AddressSpace {
    /// The main memory from address `first` on.
    pub(super) fn new(tiling: Tiling, first: u64) -> Self {
        Self {
            tiling,
            first,
            next: first,
        }
    }

    /// A tensor that the weight buffer takes as a whole.
    pub(super) fn weight(&mut self, tensor: TensorId, kind: TensorKind, elements: u64) -> WeightTensor {
        let footprint = self.tiling.footprint(elements, kind);
        let data = self.take(footprint.data);
        WeightTensor {
            tensor,
            kind,
            transposed: false,
            elements,
            data,
            masks: self.take(footprint.mask),
            whole: data,
            first: 0,
        }
    }

    /// `elements` of `whole` from element `start` on, as a tensor of their own.
    pub(super) fn part(
        &self,
        whole: &WeightTensor,
        tensor: TensorId,
        start: u64,
        elements: u64,
    ) -> WeightTensor {
        let before = self.tiling.footprint(start, whole.kind);
        let block = |bytes: Bytes| bytes.0 / BLOCK.0 * BLOCK.0;
        WeightTensor {
            tensor,
            elements,
            data: whole.data + block(before.data),
            masks: whole.masks + block(before.mask),
            first: whole.first + start,
            ..*whole
        }
    }

    /// A table of `rows` rows that are read one by one: data and masks of each row directly after the one before.
    pub(super) fn table(&mut self, rows: u32, columns: u32, kind: TensorKind) -> (u64, u64) {
        let row = self.tiling.footprint(u64::from(columns), kind);
        (
            self.take(row.data * u64::from(rows)),
            self.take(row.mask * u64::from(rows)),
        )
    }

    /// Room for a result, each batch tile from a block boundary on.
    pub(super) fn result(&mut self, batch: u32, rows: u32, columns: u32) -> (u64, u64) {
        let (slices, elements) = self.slices(batch, rows, columns);
        let slice = self.tiling.footprint(elements, TensorKind::Activation);
        let whole_blocks = |bytes: Bytes| BLOCK * (bytes.blocks() * slices);
        let data = self.take(whole_blocks(slice.data));
        (data, self.take(whole_blocks(slice.mask)))
    }

    /// Room for a tensor that is kept for the backward pass: data and mask of each batch tile, from a block boundary on,
    /// and large enough for partial sums with zeros in place.
    pub(super) fn kept(&mut self, batch: u32, rows: u32, columns: u32) -> u64 {
        let (slices, elements) = self.slices(batch, rows, columns);
        let blocks = self.tiling.word.dense(elements).blocks() + word::mask(elements).blocks();
        self.take(BLOCK * (blocks * slices))
    }

    /// Batch tiles, and elements of a full one.
    fn slices(&self, batch: u32, rows: u32, columns: u32) -> (u64, u64) {
        let items = self.tiling.tile.b.min(batch);
        (
            u64::from(batch.div_ceil(self.tiling.tile.b)),
            u64::from(items) * u64::from(rows) * u64::from(columns),
        )
    }

    fn take(&mut self, bytes: Bytes) -> u64 {
        let start = self.next;
        self.next += bytes.blocks() * BLOCK.0;
        start
    }

    pub(super) fn used(&self) -> u64 {
        self.next - self.first
    }
}
