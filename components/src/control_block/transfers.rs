//! Orders to the DMA: data and mask of a tensor or slice move together, for one purpose.

use sim_core::Context;

use super::{ControlBlock, ControlBlockParameters};
use crate::message::{Message, TokenRows, Traffic, Transfer, TransferId, TransferPattern};
use crate::operation::{Footprint, Operand, Operation, TensorId, TensorKind, WeightTensor, Work};
use crate::tile::Dimension;
use crate::trace_event::Event;
use crate::units::BLOCK;

/// What transfers were ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Weight(TensorId),
    /// A spill or a reload.
    Slice {
        tensor: usize,
        b: u32,
    },
    /// Slice `b` of what the operation at `place` loads.
    Fill {
        place: usize,
        b: u32,
    },
    Store {
        place: usize,
        b: u32,
    },
    /// A weight that the operation at `place` has updated.
    WriteBack {
        place: usize,
    },
}

/// Transfers under way: data and mask of one purpose form a group, which is done with its last part.
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
    /// Whether no transfer is under way.
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

/// Where the two parts of something lie in main memory, and for whom they move.
pub(super) struct Placement {
    pub(super) data: u64,
    pub(super) masks: u64,
    pub(super) traffic: [Traffic; 2],
    /// The buffer of the data: 0 activation, 1 weight. Masks are always in the mask buffer.
    pub(super) buffer: usize,
}

impl ControlBlock {
    /// Orders the transfers of `purpose`: data and mask, as far as there is any.
    pub(super) fn order(
        &mut self,
        purpose: Purpose,
        footprint: Footprint,
        placement: Placement,
        pattern: TransferPattern,
        context: &mut Context<'_, Message>,
    ) {
        let buffers = [
            self.parameters.buffers[placement.buffer],
            self.parameters.buffers[2],
        ];
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
    pub(super) fn order_data(&mut self, place: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_ref() else {
            return;
        };
        let Some(order) = DataOrder::of(&entry.operation, b, &self.parameters) else {
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
    pub(super) fn write_back_weights(&mut self, place: usize, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        // The first operand is the gradient.
        let updated: Vec<WeightTensor> = entry.operation.weights().skip(1).copied().collect();
        entry.write_backs_missing = updated.len() as u32;
        for weight in updated {
            let footprint = self.parameters.footprint(weight.elements, weight.kind);
            let placement = Placement {
                data: weight.data,
                masks: weight.masks,
                traffic: [traffic_of(weight.kind), Traffic::Masks],
                buffer: 1,
            };
            let purpose = Purpose::WriteBack { place };
            self.order(purpose, footprint, placement, TransferPattern::Store, context);
        }
    }
}

/// For whom a tensor of the weight buffer, or a gradient of weights, moves.
pub(super) fn traffic_of(kind: TensorKind) -> Traffic {
    match kind {
        TensorKind::Weight => Traffic::Weights,
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
    fn of(operation: &Operation, b: u32, parameters: &ControlBlockParameters) -> Option<Self> {
        let grid = &operation.grid;
        let (items, rows) = (grid.edge_at(Dimension::B, b), grid.extent(Dimension::I));
        let columns = u64::from(grid.extent(Dimension::J));
        let moved = operation.output.as_ref().map(|made| made.kind);
        let kind = moved.or_else(|| operation.operands.first().map(Operand::kind))?;
        let token_rows = |once| TokenRows {
            first_token: b * grid.edge_at(Dimension::B, 0) * rows,
            tokens: items * rows,
            once,
        };
        let (data, masks, pattern) = match operation.work {
            Work::Gather {
                once, data, masks, ..
            } => (data, masks, TransferPattern::Gather(token_rows(once))),
            Work::Scatter {
                accumulates,
                data,
                masks,
                ..
            } => {
                let pattern = match accumulates {
                    true => TransferPattern::Accumulate(token_rows(false)),
                    false => TransferPattern::Scatter(token_rows(true)),
                };
                (data, masks, pattern)
            }
            Work::Load { data, masks } => (data, masks, TransferPattern::Load),
            Work::Store { data, masks } => (data, masks, TransferPattern::Store),
            _ => return None,
        };
        let of_table = matches!(operation.work, Work::Gather { .. } | Work::Scatter { .. });
        let elements = |items: u32| u64::from(items) * u64::from(rows) * columns;
        let whole = parameters.footprint(elements(grid.edge_at(Dimension::B, 0)), kind);
        let (footprint, slice) = if of_table {
            (parameters.footprint(columns, kind), 0)
        } else {
            (parameters.footprint(elements(items), kind), u64::from(b))
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
                buffer: 0,
            },
            pattern,
        })
    }
}
