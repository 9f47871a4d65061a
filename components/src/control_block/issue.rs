//! Issuing: finding the next run whose needs are met, and describing it to a PE.

use sim_core::{Context, Tick, Ticks};

use super::units::{Unit, UnitClass};
use super::{ControlBlock, Entry, SchedulingPolicy, StallCause, tensors::SliceState};
use crate::message::Message;
use crate::run::Run;
use crate::tile::{Dimension, TileCoordinate};

/// Why a run cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A weight that is not in the buffer.
    Weight(crate::operation::TensorId),
    /// Rows of a tensor that are not ready or on their way.
    Rows(usize),
    /// A slice that was pushed out.
    Reload(usize, u32),
    /// A slice of the result that has no room yet.
    Room(usize, u32),
}

impl ControlBlock {
    /// Issues runs to units of `class` until there is no free unit or no operation that can use one.
    pub(super) fn issue_class(&mut self, class: UnitClass, context: &mut Context<'_, Message>) {
        while self.units.count(class) > 0 {
            let start = match self.parameters.policy {
                SchedulingPolicy::StaggeredHeads => self.place_of(self.oldest),
                SchedulingPolicy::EqualPriority => self.turn[class as usize],
            };
            let Some(place) = self.issuable[class as usize].first_from(start) else {
                return;
            };
            if self.try_issue(place, context) {
                self.turn[class as usize] = (place + 1) % self.entries.len();
            }
        }
    }

    /// Issues the next run of the operation at `place`, or notes what it waits for.
    fn try_issue(&mut self, place: usize, context: &mut Context<'_, Message>) -> bool {
        loop {
            let Some(entry) = self.entries[place].as_ref() else {
                return false;
            };
            let Some((first, longest)) = entry.cursor.peek() else {
                return false;
            };
            match self.issuable_length(entry, first, longest) {
                Ok(length) => {
                    self.issue(place, first, length, context);
                    return true;
                }
                Err(need) => {
                    if let Some(cause) = self.meet(place, need, context) {
                        self.block(place, cause);
                        return false;
                    }
                }
            }
        }
    }

    /// How many tiles from `first` on have all they need; at least one, or the need of the first.
    fn issuable_length(&self, entry: &Entry, first: TileCoordinate, longest: u16) -> Result<u16, Need> {
        if let Some(&tensor) = entry
            .weights
            .iter()
            .find(|&&tensor| !self.weights.is_resident(tensor))
        {
            return Err(Need::Weight(tensor));
        }
        let along = entry.cursor.along();
        let (b, i) = (
            u32::from(first.along(Dimension::B)),
            u32::from(first.along(Dimension::I)),
        );
        self.check_row(entry, b, i)?;
        if matches!(along, Dimension::J | Dimension::K) {
            return Ok(longest);
        }
        let ready = (1..u32::from(longest)).take_while(|step| {
            let (b, i) = if along == Dimension::B {
                (b + step, i)
            } else {
                (b, i + step)
            };
            self.check_row(entry, b, i).is_ok()
        });
        Ok(1 + ready.count() as u16)
    }

    /// Whether row `row` of batch tile `b` has its inputs ready and in the buffer, and room for its result.
    fn check_row(&self, entry: &Entry, b: u32, row: u32) -> Result<(), Need> {
        for input in &entry.inputs {
            let Some(tensor) = &self.tensors[input.tensor] else {
                return Err(Need::Rows(input.tensor));
            };
            if !tensor.is_ready(b, row, input.rows) {
                return Err(Need::Rows(input.tensor));
            }
            self.check_slice(input.tensor, b)?;
        }
        entry
            .output
            .map_or(Ok(()), |output| self.check_slice(output, entry.output_slice(b)))
    }

    pub(super) fn check_slice(&self, place: usize, b: u32) -> Result<(), Need> {
        let Some(tensor) = &self.tensors[place] else {
            return Err(Need::Rows(place));
        };
        match tensor.slices[b as usize].state {
            SliceState::Resident => Ok(()),
            SliceState::Unallocated => Err(Need::Room(place, b)),
            SliceState::Spilled => Err(Need::Reload(place, b)),
            SliceState::Spilling | SliceState::Reloading | SliceState::Freed => Err(Need::Rows(place)),
        }
    }

    /// Takes an operation out of the running until what it waits for has come.
    pub(super) fn block(&mut self, place: usize, cause: StallCause) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        entry.blocked = Some(cause);
        match entry.class {
            Some(class) => self.issuable[class as usize].remove(place),
            None => self.data_issuable.remove(place),
        }
    }

    fn issue(
        &mut self,
        place: usize,
        first: TileCoordinate,
        length: u16,
        context: &mut Context<'_, Message>,
    ) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        let Some(class) = entry.class else { return };
        let run = self
            .parameters
            .describe(&entry.operation, &entry.cursor, first, length);
        entry.cursor.advance(length);
        let exhausted = entry.cursor.is_exhausted();
        self.roles.entry(entry.operation.role).or_default().issued += u64::from(length);
        self.pin(place, &run);
        self.runs_issued += 1;
        let Some(taken) = self.units.take(class) else {
            return;
        };
        self.discharge(class, &taken, context.now());
        let Unit { pe, unit, .. } = taken;
        self.trace_issue(&run, pe, unit, context);
        context.send(
            self.pe_at(pe),
            self.parameters.clock.period(),
            Message::IssueRun { unit, run },
        );
        if exhausted {
            self.issuable[class as usize].remove(place);
            self.advance_leader(context.now());
        }
    }

    /// Moves on to the oldest operation with work to issue; it may now push others' slices out.
    pub(super) fn advance_leader(&mut self, now: Tick) {
        let before = self.leader;
        while self.leader < self.admitted {
            let entry = self.entries[self.place_of(self.leader)].as_ref();
            if entry.is_some_and(|entry| entry.operation.id.0 == self.leader && entry.has_work_to_issue()) {
                break;
            }
            self.leader += 1;
        }
        if self.leader != before {
            self.note_phase(now);
        }
        if self.leader != before && self.leader < self.admitted {
            let place = self.place_of(self.leader);
            if self.space_waiting.contains(&place) {
                self.make_issuable(place);
            }
        }
    }

    /// Data operations: the DMA takes any number, so each goes as far as it can.
    pub(super) fn issue_data(&mut self, context: &mut Context<'_, Message>) {
        let start = self.place_of(self.oldest);
        while let Some(place) = self.data_issuable.first_from(start) {
            self.try_issue_data(place, context);
        }
    }

    fn try_issue_data(&mut self, place: usize, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_ref() else {
            return self.data_issuable.remove(place);
        };
        if !entry.has_work_to_issue() {
            self.data_issuable.remove(place);
            return self.advance_leader(context.now());
        }
        if entry.operation.after.is_some_and(|after| after.0 >= self.oldest) {
            self.awaiting_older.push(place);
            return self.block(place, StallCause::Memory);
        }
        let b = entry.next_batch;
        match self.check_row(entry, b, 0) {
            Ok(()) => {
                self.for_slices_at(place, b, |slice| slice.pins += 1);
                self.order_data(place, b, context);
                if let Some(entry) = self.entries[place].as_mut() {
                    entry.next_batch += 1;
                }
            }
            Err(need) => {
                if let Some(cause) = self.meet(place, need, context) {
                    self.block(place, cause);
                }
            }
        }
    }

    fn pin(&mut self, place: usize, run: &Run) {
        self.clock_of_use += 1;
        let stamp = self.clock_of_use;
        self.for_slices_of(place, run, |slice| {
            slice.pins += 1;
            slice.last_used = stamp;
        });
    }

    pub(super) fn unpin(&mut self, place: usize, run: &Run) {
        self.for_slices_of(place, run, |slice| slice.pins -= 1);
        self.wake_leader_for_room();
    }

    /// A slice that may be pushed out again is a chance for the leader, if that waits for room.
    pub(super) fn wake_leader_for_room(&mut self) {
        let leader = self.place_of(self.leader);
        if !self.space_waiting.is_empty() && self.space_waiting.contains(&leader) {
            self.make_issuable(leader);
        }
    }

    /// The transfer of a data operation has ended, which read or wrote slices `b`.
    pub(super) fn unpin_data(&mut self, place: usize, b: u32) {
        self.for_slices_at(place, b, |slice| slice.pins -= 1);
        self.wake_leader_for_room();
    }

    fn for_slices_at(&mut self, place: usize, b: u32, mut apply: impl FnMut(&mut super::tensors::Slice)) {
        let Some(entry) = self.entries[place].as_ref() else {
            return;
        };
        for tensor in entry.inputs.iter().map(|input| input.tensor).chain(entry.output) {
            if let Some(tensor) = self.tensors[tensor].as_mut() {
                apply(&mut tensor.slices[b as usize]);
            }
        }
    }

    fn for_slices_of(&mut self, place: usize, run: &Run, mut apply: impl FnMut(&mut super::tensors::Slice)) {
        let Some(entry) = self.entries[place].as_ref() else {
            return;
        };
        let b = usize::from(run.first.along(Dimension::B));
        let slices = if run.along == Dimension::B {
            usize::from(run.length)
        } else {
            1
        };
        for input in &entry.inputs {
            if let Some(tensor) = self.tensors[input.tensor].as_mut() {
                tensor.slices[b..b + slices].iter_mut().for_each(&mut apply);
            }
        }
        if let Some(tensor) = entry.output.and_then(|output| self.tensors[output].as_mut()) {
            // Runs of sums over the batch stay within an item, and their result has one slice.
            let first = entry.output_slice(b as u32) as usize;
            tensor.slices[first..first + slices]
                .iter_mut()
                .for_each(&mut apply);
        }
    }

    pub(super) fn send_to_buffers(
        &self,
        data: sim_core::ActorId,
        footprint: crate::operation::Footprint,
        message: fn(crate::units::Bytes) -> Message,
        context: &mut Context<'_, Message>,
    ) {
        context.send(data, Ticks::ZERO, message(footprint.data));
        context.send(self.parameters.buffers[2], Ticks::ZERO, message(footprint.mask));
    }
}
