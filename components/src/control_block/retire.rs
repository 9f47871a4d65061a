//! Retirement: from tiles that retire to rows, blocks and steps that are done.

use sim_core::Context;

use super::ControlBlock;
use super::places::{StayPlace, StepNumber};
use super::stays::StayState;
use super::transfers::{Placement, Purpose};
use crate::block_plan::{End, Room};
use crate::message::{Message, TransferPattern};
use crate::operation::Footprint;
use crate::runs::Run;
use crate::tile::Dimension;

impl ControlBlock {
    /// Counts down the tiles of a run and reports the rows that they complete.
    pub(super) fn count_retired(
        &mut self,
        number: StepNumber,
        run: &Run,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.window.entry_mut(number, context) else {
            return;
        };
        entry.tiles_missing = entry.tiles_missing.saturating_sub(u64::from(run.length));
        let (role, finished) = (entry.step.operation.role, entry.tiles_missing == 0);
        let edge = entry.step.operation.grid.edge(Dimension::I);
        let result = entry.result.clone();
        let columns = entry.step.operation.grid.edge(Dimension::J);
        self.roles.entry(role).or_default().retired += u64::from(run.length);
        for step in 0..run.length {
            // Along the reduction or a row all tiles count for one row.
            let (tile, tiles) = match run.along {
                Dimension::I | Dimension::B => (run.tile(step), 1),
                Dimension::J if result.len() > 1 => (run.tile(step), 1),
                Dimension::J | Dimension::K if step == 0 => (run.first, u32::from(run.length)),
                _ => break,
            };
            let [_, i, j, _] = tile.0.map(u32::from);
            self.count_tiles(&result, [i * edge, j * columns], tiles, context);
        }
        if finished {
            self.retire(number, context);
        }
    }

    /// Counts tiles of the row of tiles, and of the column of blocks, that begin at these elements.
    fn count_tiles(
        &mut self,
        result: &[StayPlace],
        [row, column]: [u32; 2],
        tiles: u32,
        context: &mut Context<'_, Message>,
    ) {
        for &place in result {
            let Some(stay) = self.stays.stay_mut(place, context) else {
                return;
            };
            if result.len() > 1 && !stay.block.columns.contains(&column) {
                continue;
            }
            if stay.count(row, tiles) {
                let woken = std::mem::take(&mut stay.waiting);
                self.make_all_issuable(woken);
            }
            return;
        }
    }

    /// All tiles of a step have retired, or all its data have moved: its blocks are free for what the plan has for them.
    pub(super) fn retire(&mut self, number: StepNumber, context: &mut Context<'_, Message>) {
        self.room_changed = true;
        let Some(entry) = self.window.entry_mut(number, context) else {
            return;
        };
        let ends = std::mem::take(&mut entry.step.ends);
        let completes = entry.step.completes;
        let result = entry.result.clone();
        let used: Vec<StayPlace> = entry
            .operands
            .iter()
            .flat_map(|operand| &operand.stays)
            .copied()
            .chain(result.iter().copied())
            .collect();
        let operation = entry.step.operation.clone();
        let tiles = entry.step.tiles.clone();
        self.with_numbers(context, |values| values.step_retired(&operation, &tiles));
        for end in &ends {
            self.note_end(number, end, context);
        }
        for &place in &result {
            if let Some(stay) = self.stays.stay_mut(place, context) {
                stay.makers -= 1;
                if completes {
                    stay.completes_with = Some(number);
                }
            }
            self.complete_if_made(place, context);
        }
        for place in used {
            if let Some(stay) = self.stays.stay_mut(place, context) {
                stay.users -= 1;
            }
            self.leave_if_over(place, context);
            if self.stays.is_idle(place) {
                self.evict_early(place, context);
            }
        }
        self.finish_if_done(number, context);
    }

    fn note_end(&mut self, number: StepNumber, end: &End, context: &mut Context<'_, Message>) {
        let (End::Compact { stay, .. } | End::WriteBack { stay, .. } | End::Drop { stay }) = end;
        let Some(place) = self.stays.place_of(*stay) else {
            return context.stop("a step ended the stay of a block that was not there");
        };
        let Some(owner) = self.stays.stay_mut(place, context) else {
            return;
        };
        match end {
            End::Compact { footprint, .. } => owner.complete = Some(*footprint),
            End::Drop { .. } => owner.ends_with = Some(number),
            End::WriteBack { write, .. } => {
                owner.writes += 1;
                let placement = Placement::of_block(&owner.block, *write);
                if let Some(entry) = self.window.unfinished_mut(number) {
                    entry.writes_missing += 1;
                }
                *self.writing.entry(write.data).or_default() += 1;
                let purpose = Purpose::WriteBack {
                    stay: place,
                    step: number,
                    address: write.data,
                };
                self.order(purpose, &placement, TransferPattern::Store, context);
            }
        }
    }

    /// Once every step that adds to a block has retired, all of it is ready, and it takes only its zero-free data.
    fn complete_if_made(&mut self, place: StayPlace, context: &mut Context<'_, Message>) {
        let Some(stay) = self.stays.stay_mut(place, context) else {
            return;
        };
        let Some(last) = stay.completes_with.filter(|_| stay.makers == 0) else {
            return;
        };
        stay.completes_with = None;
        stay.set_ready();
        let woken = std::mem::take(&mut stay.waiting);
        let before = stay.footprint;
        let is_weight = stay.block.is_weight;
        if let Some(after) = stay.complete.take() {
            stay.footprint = after;
            let freed = Footprint {
                data: before.data - after.data,
                mask: before.mask - after.mask,
            };
            self.give_back(freed, is_weight, context);
            self.room.free_through(last.0, Room::of(freed, is_weight));
        }
        self.make_all_issuable(woken);
    }

    /// Ends a stay that the plan has ended, if nothing uses the block any more.
    fn leave_if_over(&mut self, place: StayPlace, context: &mut Context<'_, Message>) {
        let Some(stay) = self.stays.stay_mut(place, context) else {
            return;
        };
        let Some(last) = stay.ends_with.filter(|_| stay.users == 0 && stay.writes == 0) else {
            return;
        };
        let (block, footprint) = (stay.block.clone(), stay.footprint);
        self.room
            .free_through(last.0, Room::of(footprint, block.is_weight));
        self.with_numbers(context, |values| {
            values.block_dropped(&block);
            Ok(())
        });
        self.leave(place, context);
    }

    /// Takes a step out of the window whose tiles have retired and whose updated blocks are written back.
    fn finish_if_done(&mut self, number: StepNumber, context: &mut Context<'_, Message>) {
        if !self
            .window
            .entry(number, context)
            .is_some_and(super::window::Entry::is_finished)
        {
            return;
        }
        if self.window.take(number, context).is_none() {
            return;
        }
        let oldest = self.window.iter().next();
        if self.first_batch_at.is_none() && oldest.is_some_and(|entry| entry.step.batch > 0) {
            self.first_batch_at = Some(context.now());
        }
        let woken = std::mem::take(&mut self.awaiting_older);
        self.make_all_issuable(woken);
        self.admit(context);
    }

    /// A block is in its buffer.
    pub(super) fn arrived(&mut self, place: StayPlace, address: u64, context: &mut Context<'_, Message>) {
        count_down(&mut self.reading, address);
        let Some(stay) = self.stays.stay_mut(place, context) else {
            return;
        };
        stay.state = StayState::Resident;
        let is_whole = stay.makers == 0 || stay.block.is_weight;
        if is_whole {
            stay.set_ready();
        }
        let woken = std::mem::take(&mut stay.waiting);
        let block = stay.block.clone();
        self.with_numbers(context, |values| values.block_loaded(&block, address));
        self.make_all_issuable(woken);
    }

    /// A block has left its buffer for main memory.
    pub(super) fn departed(
        &mut self,
        place: StayPlace,
        step: StepNumber,
        [address, bytes]: [u64; 2],
        context: &mut Context<'_, Message>,
    ) {
        count_down(&mut self.writing, address);
        self.leaving -= 1;
        let Some(stay) = self.stays.stay(place, context) else {
            return;
        };
        let block = stay.block.clone();
        let room = Room::of(stay.footprint, block.is_weight);
        self.room.free_before(step.0, room);
        self.with_numbers(context, |values| values.block_spilled(&block, address, bytes));
        self.leave(place, context);
    }

    /// A block that a step has updated is in main memory.
    pub(super) fn written_back(
        &mut self,
        place: StayPlace,
        number: StepNumber,
        address: u64,
        context: &mut Context<'_, Message>,
    ) {
        count_down(&mut self.writing, address);
        if let Some(stay) = self.stays.stay_mut(place, context) {
            stay.writes -= 1;
        }
        self.leave_if_over(place, context);
        if self.stays.is_idle(place) {
            self.evict_early(place, context);
        }
        if let Some(entry) = self.window.entry_mut(number, context) {
            entry.writes_missing -= 1;
        }
        self.finish_if_done(number, context);
    }

    /// One movement of a step of the DMA is done.
    pub(super) fn data_moved(&mut self, number: StepNumber, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry_mut(number, context) else {
            return;
        };
        entry.tiles_missing -= 1;
        if entry.tiles_missing == 0 {
            let (operation, tiles) = (entry.step.operation.clone(), entry.step.tiles.clone());
            self.with_numbers(context, |values| values.moved(&operation, &tiles));
            self.retire(number, context);
        }
    }
}

fn count_down(moves: &mut std::collections::BTreeMap<u64, u32>, address: u64) {
    if let Some(count) = moves.get_mut(&address) {
        *count -= 1;
        if *count == 0 {
            moves.remove(&address);
        }
    }
}
