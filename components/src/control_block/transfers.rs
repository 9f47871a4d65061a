//! Orders to the DMA: data and mask of a tensor or slice move together, for one purpose.

use sim_core::Context;

use super::ControlBlock;
use super::places::{BatchTile, TensorPlace, WindowPlace};
use crate::buffer_kind::BufferKind;
use crate::message::{Message, TokenRows, Traffic, Transfer, TransferId, TransferPattern};
use crate::operation::{Footprint, Operation, TensorId, TensorKind, WeightTensor};
use crate::runs::Tiling;
use crate::tile::Dimension;
use crate::trace_event::Event;
use crate::units::BLOCK;
use crate::work::{MovedRows, Movement};

/// What transfers were ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Weight(TensorId),
    /// A spill or a reload.
    Slice {
        tensor: TensorPlace,
        b: BatchTile,
    },
    /// Slice `b` of what the operation at `place` loads.
    Fill {
        place: WindowPlace,
        b: BatchTile,
    },
    Store {
        place: WindowPlace,
        b: BatchTile,
    },
    /// A weight that the operation at `place` has updated.
    WriteBack {
        place: WindowPlace,
    },
}

/// Transfers in flight: data and mask of one purpose form a group, which is done with its last part.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    groups: Vec<Group>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    purpose: Purpose,
    parts: u32,
}

/// Transfer numbers of a group: twice its place, plus one for the mask.
const PARTS: u32 = 2;

impl Pending {
    /// Whether no transfer is in flight.
    pub(super) fn is_empty(&self) -> bool {
        self.free.len() == self.groups.len()
    }

    fn begin(&mut self, purpose: Purpose, parts: u32) -> u32 {
        let group = Group { purpose, parts };
        if let Some(place) = self.free.pop() {
            self.groups[place as usize] = group;
            return place;
        }
        self.groups.push(group);
        self.groups.len() as u32 - 1
    }

    /// The purpose that `transfer` completes, if it was its last part.
    pub(super) fn finish(&mut self, transfer: TransferId) -> Option<Purpose> {
        let place = transfer.0 / PARTS;
        let group = self.groups.get_mut(place as usize)?;
        group.parts = group.parts.saturating_sub(1);
        (group.parts == 0).then(|| {
            self.free.push(place);
            group.purpose
        })
    }
}

/// Where data and mask lie in main memory, and what they count as.
pub(super) struct Placement {
    pub(super) data: u64,
    pub(super) masks: u64,
    pub(super) traffic: [Traffic; 2],
    /// The buffer of the data. Masks are always in the mask buffer.
    pub(super) buffer: BufferKind,
}

impl ControlBlock {
    /// Orders the transfers of `purpose`: data and mask, those of them that are not empty.
    pub(super) fn order(
        &mut self,
        purpose: Purpose,
        footprint: Footprint,
        placement: Placement,
        pattern: TransferPattern,
        context: &mut Context<'_, Message>,
    ) {
        let buffers = [self.buffer(placement.buffer), self.buffer(BufferKind::Mask)];
        let parts = [
            (placement.data, footprint.data),
            (placement.masks, footprint.mask),
        ];
        let nothing_moves = pattern
            .token_rows()
            .is_some_and(|rows| rows.rows(&self.words) == 0);
        if nothing_moves {
            let group = self.pending.begin(purpose, 1);
            self.trace_order(Event::NothingMoves, purpose, group * PARTS, context);
            let done = Message::TransferDone(TransferId(group * PARTS));
            return context.send(context.me(), self.parameters.clock.period(), done);
        }
        let present = parts.iter().filter(|(_, bytes)| bytes.0 > 0).count() as u32;
        let group = self.pending.begin(purpose, present);
        self.trace_order(Event::TransferOrdered, purpose, group * PARTS, context);
        for (part, (address, bytes)) in parts.into_iter().enumerate() {
            if bytes.0 == 0 {
                continue;
            }
            self.phases.note_moved(pattern.bytes_moved(bytes, &self.words));
            let transfer = Transfer {
                id: TransferId(group * PARTS + part as u32),
                address,
                bytes: bytes.0,
                pattern,
                traffic: placement.traffic[part],
                buffer: buffers[part],
            };
            context.send(
                self.parameters.dma,
                self.parameters.clock.period(),
                Message::Transfer(transfer),
            );
        }
    }

    /// Orders what a data operation does for batch tile `b`.
    pub(super) fn order_data(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.window.entry(place, context) else {
            return;
        };
        let Some(order) = DataOrder::of(&entry.operation, b, &self.parameters.tiling) else {
            context.stop("a compute operation was taken for a data operation");
            return;
        };
        let purpose = if order.pattern.is_outward() {
            Purpose::Store { place, b }
        } else {
            Purpose::Fill { place, b }
        };
        self.order(purpose, order.footprint, order.placement, order.pattern, context);
    }

    /// Orders the write-back of all weights that the operation at `place` has updated in place.
    pub(super) fn write_back_weights(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry_mut(place, context) else {
            return;
        };
        // The first operand is the gradient.
        let updated: Vec<WeightTensor> = entry.operation.weights().skip(1).copied().collect();
        entry.write_backs_missing = updated.len() as u32;
        for weight in updated {
            let footprint = self.parameters.tiling.footprint(weight.elements, weight.kind);
            let placement = Placement {
                data: weight.data,
                masks: weight.masks,
                traffic: [traffic_of(weight.kind), Traffic::Masks],
                buffer: BufferKind::Weight,
            };
            let purpose = Purpose::WriteBack { place };
            self.order(purpose, footprint, placement, TransferPattern::Store, context);
        }
    }
}

/// The traffic that a tensor of the weight buffer, or a gradient of weights, counts as.
pub(super) fn traffic_of(kind: TensorKind) -> Traffic {
    match kind {
        TensorKind::Weight | TensorKind::Constant => Traffic::Weights,
        TensorKind::Activation => Traffic::Activations,
        TensorKind::Gradient | TensorKind::OptimizerState => Traffic::Gradients,
    }
}

/// What a data operation does for one batch tile.
struct DataOrder {
    footprint: Footprint,
    placement: Placement,
    pattern: TransferPattern,
}

impl DataOrder {
    fn of(operation: &Operation, b: BatchTile, tiling: &Tiling) -> Option<Self> {
        let grid = &operation.grid;
        let (items, rows) = (grid.edge_at(Dimension::B, b.0), grid.extent(Dimension::I));
        let columns = u64::from(grid.extent(Dimension::J));
        let kind = operation.moved_kind()?;
        let token_rows = |once| TokenRows {
            first_token: b.0 * grid.edge_at(Dimension::B, 0) * rows,
            tokens: items * rows,
            once,
        };
        let Movement {
            outward,
            rows: moved_rows,
            data,
            masks,
        } = operation.work.profile().movement()?;
        let pattern = match (moved_rows, outward) {
            (MovedRows::Consecutive, false) => TransferPattern::Load,
            (MovedRows::Consecutive, true) => TransferPattern::Store,
            (MovedRows::OfTable { once }, false) => TransferPattern::Gather(token_rows(once)),
            (MovedRows::OfTable { once }, true) => TransferPattern::Scatter(token_rows(once)),
            (MovedRows::AddedToTable, _) => TransferPattern::Accumulate(token_rows(false)),
        };
        let elements = |items: u32| u64::from(items) * u64::from(rows) * columns;
        let whole = tiling.footprint(elements(grid.edge_at(Dimension::B, 0)), kind);
        let (footprint, slice) = match moved_rows {
            MovedRows::Consecutive => (tiling.footprint(elements(items), kind), u64::from(b.0)),
            MovedRows::OfTable { .. } | MovedRows::AddedToTable => (tiling.footprint(columns, kind), 0),
        };
        let data_traffic = match kind {
            TensorKind::Weight => Traffic::Embeddings,
            other => traffic_of(other),
        };
        Some(Self {
            footprint,
            placement: Placement {
                data: data + slice * whole.data.blocks() * BLOCK.0,
                masks: masks + slice * whole.mask.blocks() * BLOCK.0,
                traffic: [data_traffic, Traffic::Masks],
                buffer: BufferKind::Activation,
            },
            pattern,
        })
    }
}
