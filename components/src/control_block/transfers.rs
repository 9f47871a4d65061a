//! Orders to the DMA: data and mask of a block move together, for one purpose.

use sim_core::Context;

use super::ControlBlock;
use super::moves::buffer_of;
use super::places::{StayPlace, StepNumber};
use crate::block_plan::{BlockName, Move};
use crate::buffer_kind::BufferKind;
use crate::data_order::DataOrder;
use crate::message::{Message, Traffic, Transfer, TransferId, TransferPattern, traffic_of};
use crate::trace_event::Event;

/// What transfers were ordered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A block comes into its buffer, for a step, from an address.
    Arrival {
        stay: StayPlace,
        step: StepNumber,
        address: u64,
    },
    /// A block leaves its buffer, to make room for a step, for the bytes from an address on.
    Departure {
        stay: StayPlace,
        step: StepNumber,
        address: u64,
        bytes: u64,
    },
    /// What a step of the DMA moves.
    Data { step: StepNumber },
    /// A block that a step has updated.
    WriteBack {
        stay: StayPlace,
        step: StepNumber,
        address: u64,
    },
}

impl Purpose {
    /// The step that needs it.
    fn step(self) -> StepNumber {
        match self {
            Self::Arrival { step, .. }
            | Self::Departure { step, .. }
            | Self::Data { step }
            | Self::WriteBack { step, .. } => step,
        }
    }
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
    pub(super) moved: Move,
    pub(super) traffic: [Traffic; 2],
    /// The buffer of the data. Masks are always in the mask buffer.
    pub(super) buffer: BufferKind,
}

impl Placement {
    /// Of a block that comes or leaves.
    pub(super) fn of_block(block: &BlockName, moved: Move) -> Self {
        let traffic = match (block.is_weight, block.is_kept) {
            (true, _) => [traffic_of(block.kind), Traffic::Masks],
            (false, true) => [Traffic::Kept; 2],
            (false, false) => [Traffic::Spills; 2],
        };
        Self {
            moved,
            traffic,
            buffer: buffer_of(block.is_weight),
        }
    }
}

impl ControlBlock {
    /// Orders the transfers of `purpose`: data and mask, those of them that are not empty.
    pub(super) fn order(
        &mut self,
        purpose: Purpose,
        placement: &Placement,
        pattern: TransferPattern,
        context: &mut Context<'_, Message>,
    ) {
        let buffers = [self.buffer(placement.buffer), self.buffer(BufferKind::Mask)];
        let Move {
            data,
            masks,
            footprint,
        } = placement.moved;
        let parts = [(data, footprint.data), (masks, footprint.mask)];
        // Rows may share their bytes with those before them.
        let is_empty = parts.iter().all(|(_, bytes)| bytes.0 == 0);
        let rows = pattern.token_rows();
        let moves_nothing = is_empty || rows.is_some_and(|rows| rows.rows(&self.words) == 0);
        if moves_nothing {
            let group = self.pending.begin(purpose, 1);
            self.trace_order(Event::NothingMoves, purpose.step(), group * PARTS, context);
            let done = Message::TransferDone(TransferId(group * PARTS));
            return context.send(context.me(), self.parameters.clock.period(), done);
        }
        let present = parts.iter().filter(|(_, bytes)| bytes.0 > 0).count() as u32;
        let group = self.pending.begin(purpose, present);
        self.trace_order(Event::TransferOrdered, purpose.step(), group * PARTS, context);
        // Reads go in the order of the steps that need them, and so do blocks that leave early; other writes go with the oldest
        // step, which may wait for their room.
        let is_early = matches!(purpose, Purpose::Departure { step, .. } if step > self.turn());
        let turn = match pattern.is_outward() && !is_early {
            true => self.window.oldest().min(purpose.step()),
            false => purpose.step(),
        };
        for (part, (address, bytes)) in parts.into_iter().enumerate() {
            if bytes.0 == 0 {
                continue;
            }
            self.phases
                .note_moved(pattern.bytes_touched(address, bytes, &self.words));
            let transfer = Transfer {
                id: TransferId(group * PARTS + part as u32),
                turn: turn.0,
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

    /// Orders what a step of the DMA moves.
    pub(super) fn order_data(&mut self, number: StepNumber, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry(number, context) else {
            return;
        };
        let orders = DataOrder::of(&entry.step.operation, &entry.step.tiles, &self.parameters.tiling);
        if orders.is_empty() {
            return context.stop("a step that units work on was taken for one of the DMA");
        }
        if let Some(entry) = self.window.unfinished_mut(number) {
            entry.tiles_missing = orders.len() as u64;
            entry.is_ordered = true;
        }
        for order in orders {
            let placement = Placement {
                moved: order.moved,
                traffic: order.traffic,
                buffer: BufferKind::Activation,
            };
            self.order(Purpose::Data { step: number }, &placement, order.pattern, context);
        }
    }
}
