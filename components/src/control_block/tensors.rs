//! Activations: which rows are ready, and where each slice of them is.
//!
//! A slice is what one batch tile has of a tensor: the unit of allocation, spilling and freeing. Readiness is kept by
//! row of tiles, the unit of dependence.

use super::places::{BatchTile, WindowPlace};
use crate::operation::{ActivationTensor, Footprint, RowAccess, TensorId, TensorKind};
use crate::tile::TileShape;
use crate::units::{BLOCK, Bytes};

/// Where a slice is, or which way it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SliceState {
    /// No room taken yet.
    Unallocated,
    /// In the activation buffer.
    Resident,
    /// In flight to main memory.
    Spilling,
    /// In main memory.
    Spilled,
    /// In flight from main memory.
    Reloading,
    /// No longer needed.
    Freed,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Slice {
    pub(crate) state: SliceState,
    /// Runs in flight that read or write it.
    pub(crate) pins: u32,
    /// Readers that have not finished with it.
    pub(crate) consumers: u32,
    /// What it takes now: zeros in place while sums are partial, zero-free once they are final.
    pub(crate) footprint: Footprint,
    pub(crate) last_used: u64,
    pub(crate) elements: u64,
    /// Whether main memory holds an identical copy, so that it can be dropped without a write-back.
    pub(crate) saved: bool,
    ready_rows: u32,
}

/// A tensor that an operation of the window makes or reads.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    pub(crate) id: TensorId,
    pub(crate) slices: Vec<Slice>,
    ready: Vec<bool>,
    rows: u32,
    row_edge: u32,
    row_elements: u32,
    /// Main memory set aside for spills of slice 0; each other follows `spill_stride` after the one before.
    pub(crate) spill_address: u64,
    /// What the largest slice takes at its largest: data, then mask, in whole blocks.
    pub(crate) spill_stride: Bytes,
    /// Window places of operations that wait for rows of it.
    pub(crate) waiting: Vec<WindowPlace>,
    /// The cause of waiting for what makes it.
    pub(crate) producer: super::StallCause,
    /// What it holds.
    pub(crate) kind: TensorKind,
    /// Operations of the window that make or read it, oldest first.
    pub(crate) users: Vec<u32>,
    /// Whether the backward pass will read it again.
    pub(crate) kept: bool,
    /// Slices in the activation buffer.
    pub(crate) resident: u32,
    unfreed: u32,
}

impl Tensor {
    pub(crate) fn new(
        made: &ActivationTensor,
        tile: TileShape,
        footprint: impl Fn(u64) -> Footprint,
        producer: super::StallCause,
    ) -> Self {
        let rows = made.rows.div_ceil(tile.x);
        let slices: Vec<Slice> = (0..made.batch.div_ceil(tile.b))
            .map(|index| {
                let items = tile.b.min(made.batch - index * tile.b);
                let elements = u64::from(items) * u64::from(made.rows) * u64::from(made.columns);
                Slice {
                    state: SliceState::Unallocated,
                    pins: 0,
                    consumers: made.consumers,
                    footprint: footprint(elements),
                    last_used: 0,
                    elements,
                    saved: false,
                    ready_rows: 0,
                }
            })
            .collect();
        // The first slice is a full one, and its sums are not final yet.
        let largest = slices
            .first()
            .map_or(Footprint::default(), |slice| slice.footprint);
        Self {
            id: made.tensor,
            spill_stride: BLOCK * (largest.data.blocks() + largest.mask.blocks()),
            spill_address: 0,
            ready: vec![false; slices.len() * rows as usize],
            unfreed: slices.len() as u32,
            slices,
            rows,
            row_edge: tile.x,
            row_elements: made.rows,
            waiting: Vec::new(),
            producer,
            kind: made.kind,
            users: Vec::new(),
            kept: made.kept_at.is_some(),
            resident: 0,
        }
    }

    /// Whether the rows that row `row` of a result needs by `access` are ready in slice `b`.
    #[inline]
    pub(crate) fn is_ready(&self, b: BatchTile, row: u32, access: RowAccess) -> bool {
        let base = (b.0 * self.rows) as usize;
        match access {
            RowAccess::SameRow => self.ready[base + row as usize],
            RowAccess::AllRows => self.slices[b.index()].ready_rows == self.rows,
            RowAccess::Halo { radius } => {
                let first = (row * self.row_edge).saturating_sub(radius) / self.row_edge;
                let last_element = ((row + 1) * self.row_edge).min(self.row_elements) - 1;
                let last = (last_element + radius).min(self.row_elements - 1) / self.row_edge;
                (first..=last).all(|row| self.ready[base + row as usize])
            }
        }
    }

    /// Marks a row ready.
    pub(crate) fn set_ready(&mut self, b: BatchTile, row: u32) {
        let flag = &mut self.ready[(b.0 * self.rows + row) as usize];
        if !std::mem::replace(flag, true) {
            self.slices[b.index()].ready_rows += 1;
        }
    }

    /// Moves slice `b` to another state.
    pub(crate) fn set_state(&mut self, b: BatchTile, state: SliceState) {
        let slice = &mut self.slices[b.index()];
        self.resident -= u32::from(slice.state == SliceState::Resident);
        self.resident += u32::from(state == SliceState::Resident);
        slice.saved |= state == SliceState::Spilled && slice.ready_rows == self.rows;
        slice.state = state;
    }

    /// One reader of slice `b` is done; how many are left.
    pub(crate) fn reader_done(&mut self, b: BatchTile) -> u32 {
        let slice = &mut self.slices[b.index()];
        slice.consumers = slice.consumers.saturating_sub(1);
        slice.consumers
    }

    /// Where slice `b` goes in main memory.
    pub(crate) fn address_of(&self, b: BatchTile) -> u64 {
        self.spill_address + u64::from(b.0) * self.spill_stride.0
    }

    /// Main memory that spills of all slices take.
    pub(crate) fn spill_size(&self) -> u64 {
        self.spill_stride.0 * self.slices.len() as u64
    }

    /// Rows of tiles in a slice.
    pub(crate) fn rows(&self) -> u32 {
        self.rows
    }

    /// Notes that a slice is freed; returns whether it was the last.
    pub(crate) fn note_freed(&mut self) -> bool {
        self.unfreed -= 1;
        self.unfreed == 0
    }
}
