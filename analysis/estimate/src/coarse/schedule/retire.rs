//! Retirement: from pieces that are done to blocks and steps that are.

use components::block_plan::{End, Room};
use components::operation::Footprint;
use components::tile::Dimension;

use super::Schedule;
use super::moves::Purpose;
use super::stays::{StayPlace, StayState, StepNumber};
use crate::coarse::schedule::FRACTIONS;

impl Schedule<'_> {
    /// All runs of a piece have been written back.
    pub(super) fn piece_done(&mut self, number: StepNumber, piece: u32) {
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        entry.missing -= 1;
        let is_last = entry.missing == 0;
        let rows = entry.rows(piece);
        let grid = &entry.step.operation.grid;
        let (edge, width) = (grid.edge(Dimension::I), grid.edge(Dimension::J));
        let tiles = |dimension| entry.step.tiles[dimension as usize].clone();
        let (j, k) = (tiles(Dimension::J), tiles(Dimension::K));
        let columns = grid.elements(Dimension::J, j.start.into(), j.end.into());
        let sums = u32::from(k.end - k.start);
        let is_alone = entry.result.len() == 1;
        let mut woken = Vec::new();
        for &place in &entry.result {
            let Some(stay) = self.stays.get_mut(place) else {
                continue;
            };
            let from = columns.start.max(stay.block.columns.start);
            let to = columns.end.min(stay.block.columns.end);
            let across = match is_alone {
                true => u32::from(j.end - j.start),
                false => to.saturating_sub(from).div_ceil(width),
            };
            if stay.count(rows.start, rows.end, edge, across * sums) {
                woken.append(&mut stay.waiting);
            }
        }
        self.consider_all(woken);
        if is_last {
            self.retire(number);
        }
    }

    /// A step is done: its blocks are free for what the plan has for them.
    fn retire(&mut self, number: StepNumber) {
        self.room_changed = true;
        let Some(entry) = self.window.get_mut(number) else {
            return;
        };
        let ends = std::mem::take(&mut entry.step.ends);
        let operands = std::mem::take(&mut entry.operands);
        let result = std::mem::take(&mut entry.result);
        let completes = entry.step.completes;
        for end in &ends {
            self.note_end(number, end);
        }
        for &place in &result {
            if let Some(stay) = self.stays.get_mut(place) {
                stay.makers -= 1;
                if completes {
                    stay.completes_with = Some(number);
                }
            }
            self.complete_if_made(place);
        }
        for place in operands.iter().map(|&(place, _)| place).chain(result) {
            if let Some(stay) = self.stays.get_mut(place) {
                stay.users -= 1;
            }
            self.leave_if_over(place);
            self.evict_early(place);
        }
        self.finish_if_done(number);
    }

    fn note_end(&mut self, number: StepNumber, end: &End) {
        let (End::Compact { stay, .. } | End::WriteBack { stay, .. } | End::Drop { stay }) = end;
        let Some(place) = self.stays.place_of(*stay) else {
            return;
        };
        let Some(stay) = self.stays.get_mut(place) else {
            return;
        };
        match end {
            End::Compact { footprint, .. } => stay.complete = Some(*footprint),
            End::Drop { .. } => stay.ends_with = Some(number),
            End::WriteBack { write, .. } => {
                stay.writes += 1;
                if let Some(entry) = self.window.get_mut(number) {
                    entry.writes += 1;
                }
                self.writing.insert(write.data);
                let purpose = Purpose::WriteBack {
                    stay: place,
                    step: number,
                    address: write.data,
                };
                self.move_block(purpose, number, place, *write);
            }
        }
    }

    /// Once every step that adds to a block has retired, all of it is ready, and it takes only its zero-free data.
    fn complete_if_made(&mut self, place: StayPlace) {
        let Some(stay) = self.stays.get_mut(place) else {
            return;
        };
        let Some(last) = stay.completes_with.filter(|_| stay.makers == 0) else {
            return;
        };
        stay.completes_with = None;
        stay.set_ready();
        if let Some(after) = stay.complete.take() {
            let freed = Footprint {
                data: stay.footprint.data - after.data,
                mask: stay.footprint.mask - after.mask,
            };
            stay.footprint = after;
            self.room.give_back(Room::of(freed, stay.block.is_weight));
            self.room
                .free_through(last, Room::of(freed, stay.block.is_weight));
        }
        let woken = std::mem::take(&mut stay.waiting);
        self.consider_all(woken);
    }

    /// Ends a stay that the plan has ended, if nothing uses the block any more.
    fn leave_if_over(&mut self, place: StayPlace) {
        let Some(stay) = self.stays.get(place) else {
            return;
        };
        if let Some(last) = stay.ends_with.filter(|_| stay.users == 0 && stay.writes == 0) {
            self.room
                .free_through(last, Room::of(stay.footprint, stay.block.is_weight));
            self.leave(place);
        }
    }

    /// Takes a step out of the window that has retired and whose updated blocks are written back.
    fn finish_if_done(&mut self, number: StepNumber) {
        if !self
            .window
            .get(number)
            .is_some_and(super::window::Entry::is_finished)
        {
            return;
        }
        if let Some(entry) = self.window.take(number) {
            let now = self.now as f64 / FRACTIONS;
            self.timeline.cycles = self.timeline.cycles.max(now);
            self.account.finished(entry.layer, now);
        }
        let woken = std::mem::take(&mut self.awaiting_older);
        self.consider_all(woken);
        self.admit();
    }

    /// A transfer is done.
    pub(super) fn moved(&mut self, purpose: Purpose) {
        self.room_changed = true;
        match purpose {
            Purpose::Arrival { stay } => self.arrived(stay),
            Purpose::Departure { stay, step, address } => {
                self.writing.remove(&address);
                if let Some(stay) = self.stays.get(stay) {
                    let room = Room::of(stay.footprint, stay.block.is_weight);
                    self.room.free_before(step, room);
                }
                self.leave(stay);
            }
            Purpose::Data { step } => {
                let Some(entry) = self.window.get_mut(step) else {
                    return;
                };
                entry.missing -= 1;
                if entry.missing == 0 {
                    self.retire(step);
                }
            }
            Purpose::WriteBack { stay, step, address } => {
                self.writing.remove(&address);
                if let Some(stay) = self.stays.get_mut(stay) {
                    stay.writes -= 1;
                }
                self.leave_if_over(stay);
                self.evict_early(stay);
                if let Some(entry) = self.window.get_mut(step) {
                    entry.writes -= 1;
                }
                self.finish_if_done(step);
            }
        }
    }

    /// A block is in its buffer.
    fn arrived(&mut self, place: StayPlace) {
        let Some(stay) = self.stays.get_mut(place) else {
            return;
        };
        stay.state = StayState::Resident;
        if stay.makers == 0 || stay.block.is_weight {
            stay.set_ready();
        }
        let woken = std::mem::take(&mut stay.waiting);
        self.consider_all(woken);
    }
}
