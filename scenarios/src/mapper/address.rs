//! Where tensors lie in main memory: one after another in the order in which operations name them first, each from a block
//! boundary on.

use std::collections::BTreeMap;

use components::operation::{ActivationTensor, Operand, Operation, TensorKind, WeightTensor, Work};
use components::runs::Tiling;
use components::tile::TileGrid;
use components::units::{BLOCK, Bytes};
use components::word;

use super::MapperParameters;
use super::draft::{Draft, Task};
use super::stored::{DraftOperand, Region, Stored, WordTable};

/// A bump allocator over main memory.
#[derive(Clone, Debug)]
pub(super) struct AddressSpace {
    parameters: MapperParameters,
    tiling: Tiling,
    /// Where that lies which may be named again: data and masks.
    regions: BTreeMap<Region, (u64, u64)>,
    next: u64,
}

impl AddressSpace {
    /// The main memory from the first address of `parameters` on.
    pub(super) fn new(tiling: Tiling, parameters: MapperParameters) -> Self {
        Self {
            parameters,
            tiling,
            regions: BTreeMap::new(),
            next: parameters.first_address,
        }
    }

    /// The operation of `draft`, whose tensors get their addresses.
    pub(super) fn place(&mut self, draft: Draft, readers: u32, kept: bool) -> Operation {
        let operands = draft.operands.iter().map(|source| self.operand(source)).collect();
        let work = self.work(draft.task);
        let [rows, columns, reduction] = draft.extents;
        let batch = draft.batch.unwrap_or(self.parameters.batch);
        let output = draft.result.map(|tensor| ActivationTensor {
            tensor,
            batch: if work.sums_batch() { 1 } else { batch },
            rows,
            columns,
            kind: draft.kind,
            consumers: readers,
            kept_at: kept.then(|| self.kept(batch, rows, columns)),
        });
        Operation {
            id: draft.id,
            layer: draft.site.layer as u32,
            head: draft.site.head.map(|head| head as u32),
            role: draft.role,
            work,
            grid: TileGrid::new([batch, rows, columns, reduction], self.tiling.tile),
            operands,
            output,
            siblings: draft.site.siblings,
            after: draft.after,
        }
    }

    fn operand(&mut self, source: &DraftOperand) -> Operand {
        match *source {
            DraftOperand::Made {
                tensor,
                rows,
                kind,
                transposed,
            } => Operand::Activation {
                tensor,
                rows,
                kind,
                transposed,
            },
            DraftOperand::Weight {
                tensor,
                of,
                first,
                elements,
                transposed,
            } => {
                let kind = of.kind();
                let (data, masks) = self.region(&of);
                let before = self.tiling.footprint(first, kind);
                let block = |bytes: Bytes| bytes.0 / BLOCK.0 * BLOCK.0;
                Operand::Weight(WeightTensor {
                    tensor,
                    kind,
                    transposed,
                    elements,
                    data: data + block(before.data),
                    masks: masks + block(before.mask),
                    whole: data,
                    first,
                })
            }
        }
    }

    fn work(&mut self, task: Task) -> Work {
        match task {
            Task::Compute(work) => work,
            Task::Load(stored) => {
                let (data, masks) = self.region(&stored);
                Work::Load { data, masks }
            }
            Task::Store(stored) => {
                let (data, masks) = self.region(&stored);
                Work::Store { data, masks }
            }
            Task::Gather { table, once } => {
                let (data, masks) = self.region(&Stored::Table(table));
                Work::Gather {
                    table_rows: table.rows,
                    once,
                    data,
                    masks,
                }
            }
            Task::Scatter { table, accumulates } => {
                let (data, masks) = self.region(&Stored::Table(table));
                Work::Scatter {
                    table_rows: table.rows,
                    accumulates,
                    data,
                    masks,
                }
            }
        }
    }

    /// `elements` of `whole` from element `start` on, as a tensor of their own.
    fn region(&mut self, stored: &Stored) -> (u64, u64) {
        if let Some(place) = self.regions.get(&stored.region()) {
            return *place;
        }
        let place = match *stored {
            Stored::Dense { kind, elements, .. } => self.dense(elements, kind),
            Stored::Table(table) => self.table(&table),
            Stored::Result { columns } => self.result(columns),
        };
        self.regions.insert(stored.region(), place);
        place
    }

    fn dense(&mut self, elements: u64, kind: TensorKind) -> (u64, u64) {
        let footprint = self.tiling.footprint(elements, kind);
        (self.take(footprint.data), self.take(footprint.mask))
    }

    /// A table of `rows` rows that are read one by one: data and masks of each row directly after the one before.
    fn table(&mut self, table: &WordTable) -> (u64, u64) {
        let row = self.tiling.footprint(u64::from(table.columns), table.kind);
        let rows = u64::from(table.rows);
        (self.take(row.data * rows), self.take(row.mask * rows))
    }

    /// Room for a result, each batch tile from a block boundary on.
    fn result(&mut self, columns: u32) -> (u64, u64) {
        let (slices, elements) = self.slices(self.parameters.batch, self.parameters.sequence, columns);
        let slice = self.tiling.footprint(elements, TensorKind::Activation);
        let whole_blocks = |bytes: Bytes| BLOCK * (bytes.blocks() * slices);
        let data = self.take(whole_blocks(slice.data));
        (data, self.take(whole_blocks(slice.mask)))
    }

    /// Room for a tensor that is kept for the backward pass: data and mask of each batch tile, from a block boundary on,
    /// and large enough for partial sums with zeros in place.
    fn kept(&mut self, batch: u32, rows: u32, columns: u32) -> u64 {
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

    /// Forgets where weights lie that will not be named again; those that all layers share stay known.
    pub(super) fn forget_weights(&mut self) {
        self.regions
            .retain(|region, _| !matches!(region, Region::Tensor(_)));
    }

    /// Bytes taken so far.
    pub(super) fn used(&self) -> u64 {
        self.next - self.parameters.first_address
    }
}
