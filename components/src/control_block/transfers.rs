//! Orders to the DMA: data and mask of a tensor or slice move together, for one purpose.

use sim_core::Context;

use super::ControlBlock;
use crate::message::{Message, Traffic, Transfer, TransferId, TransferPattern};
use crate::operation::{Footprint, TensorId, Work};
use crate::tile::Dimension;
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
    Gather {
        place: usize,
        b: u32,
    },
    Store {
        place: usize,
        b: u32,
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
        let present = parts.iter().filter(|(_, bytes)| bytes.0 > 0).count() as u32;
        let group = self.pending.begin(purpose, present);
        for (part, (address, bytes)) in parts.into_iter().enumerate() {
            if bytes.0 == 0 {
                continue;
            }
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
        let grid = entry.operation.grid;
        let (items, rows) = (grid.edge_at(Dimension::B, b), grid.extent(Dimension::I));
        let columns = u64::from(grid.extent(Dimension::J));
        match entry.operation.work {
            Work::Gather {
                table_rows,
                data,
                masks,
            } => {
                let pattern = TransferPattern::Gather {
                    rows: items * rows,
                    table_rows,
                    first_token: self.tokens_gathered,
                };
                let (id, first_token) = (entry.operation.id.0, self.tokens_gathered);
                self.with_numbers(context, |values| {
                    values.note_gather(id, b, first_token);
                    Ok(())
                });
                self.tokens_gathered += items * rows;
                let row = self.parameters.weight_footprint(columns);
                let placement = Placement {
                    data,
                    masks,
                    traffic: [Traffic::Embeddings, Traffic::Masks],
                    buffer: 0,
                };
                self.order(Purpose::Gather { place, b }, row, placement, pattern, context);
            }
            Work::Store { data, masks } => {
                let elements = u64::from(items) * u64::from(rows) * columns;
                let footprint = self.parameters.activation_footprint(elements, true);
                let placement = Placement {
                    data: data + u64::from(b) * footprint.data.blocks() * BLOCK.0,
                    masks: masks + u64::from(b) * footprint.mask.blocks() * BLOCK.0,
                    traffic: [Traffic::Activations, Traffic::Masks],
                    buffer: 0,
                };
                self.order(
                    Purpose::Store { place, b },
                    footprint,
                    placement,
                    TransferPattern::Store,
                    context,
                );
            }
            _ => context.stop("a compute operation was taken for a data operation"),
        }
    }
}
