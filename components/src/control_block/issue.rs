//! Issuing: finding the next run whose needs are met, and describing it to a PE.

use sim_core::{Context, Tick, Ticks};

use super::places::{BatchTile, TensorPlace, WindowPlace};
use super::tensors::{Slice, SliceState, Tensor};
use super::units::Unit;
use super::{ControlBlock, Entry, SchedulingPolicy, StallCause};
use crate::buffer::BufferKind;
use crate::message::Message;
use crate::operation::{Footprint, TensorId};
use crate::runs::Run;
use crate::tile::{Dimension, TileCoordinate};
use crate::units::Bytes;
use crate::work::UnitClass;

/// Why a run cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// A weight that is not in the buffer.
    Weight(TensorId),
    /// Rows of a tensor that are not ready or on their way.
    Rows(TensorPlace),
    /// A slice that was spilled.
    Reload(TensorPlace, BatchTile),
    /// A slice of the result that has no room yet.
    Room(TensorPlace, BatchTile),
    /// A tensor that is gone, which cannot happen: the run has been stopped.
    Impossible,
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
                self.turn[class as usize] = self.window.after(place);
            }
        }
    }

    /// Issues the next run of the operation at `place`, or notes what it waits for.
    fn try_issue(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) -> bool {
        loop {
            let Some(entry) = self.window.entry(place, context) else {
                self.withdraw(place);
                return false;
            };
            let Some((first, longest)) = entry.cursor.peek() else {
                context.stop("an operation whose runs were all issued was to issue another");
                self.withdraw(place);
                return false;
            };
            match self.issuable_length(entry, first, longest, context) {
                Ok(length) => {
                    self.issue(place, first, length, context);
                    return true;
                }
                Err(need) => {
                    if let Some(cause) = self.meet(place, need, context) {
                        self.block(place, cause, context);
                        return false;
                    }
                }
            }
        }
    }

    /// How many tiles from `first` on have everything they need: at least one, or else what the first one needs.
    fn issuable_length(
        &self,
        entry: &Entry,
        first: TileCoordinate,
        longest: u16,
        context: &mut Context<'_, Message>,
    ) -> Result<u16, Need> {
        if let Some(&tensor) = entry
            .weights
            .iter()
            .find(|&&tensor| !self.weights.is_resident(tensor))
        {
            return Err(Need::Weight(tensor));
        }
        let along = entry.cursor.along();
        let (b, i) = (
            BatchTile(u32::from(first.along(Dimension::B))),
            u32::from(first.along(Dimension::I)),
        );
        self.check_row(entry, b, i, context)?;
        if matches!(along, Dimension::J | Dimension::K) {
            return Ok(longest);
        }
        let ready = (1..u32::from(longest)).take_while(|step| {
            let (b, i) = if along == Dimension::B {
                (b.stepped(*step), i)
            } else {
                (b, i + step)
            };
            self.check_row(entry, b, i, context).is_ok()
        });
        Ok(1 + ready.count() as u16)
    }

    /// Whether row `row` of batch tile `b` has its inputs ready and in the buffer, and room for its result.
    fn check_row(
        &self,
        entry: &Entry,
        b: BatchTile,
        row: u32,
        context: &mut Context<'_, Message>,
    ) -> Result<(), Need> {
        for input in &entry.inputs {
            let tensor = self
                .tensors
                .tensor(input.tensor, context)
                .ok_or(Need::Impossible)?;
            if !tensor.is_ready(b, row, input.rows) {
                return Err(Need::Rows(input.tensor));
            }
            check_slice(tensor, input.tensor, b)?;
        }
        let Some(output) = entry.output else {
            return Ok(());
        };
        let tensor = self.tensors.tensor(output, context).ok_or(Need::Impossible)?;
        check_slice(tensor, output, entry.output_slice(b))
    }

    /// Takes an operation out of the issuable ones until it is unblocked.
    fn block(&mut self, place: WindowPlace, cause: StallCause, context: &mut Context<'_, Message>) {
        self.withdraw(place);
        if let Some(entry) = self.window.entry_mut(place, context) {
            entry.blocked = Some(cause);
        }
    }

    /// Takes `place` out of the sets of issuable operations, whichever it is in.
    fn withdraw(&mut self, place: WindowPlace) {
        self.issuable.iter_mut().for_each(|set| set.remove(place));
        self.data_issuable.remove(place);
    }

    fn issue(
        &mut self,
        place: WindowPlace,
        first: TileCoordinate,
        length: u16,
        context: &mut Context<'_, Message>,
    ) {
        let tiling = &self.parameters.tiling;
        let Some(entry) = self.window.entry_mut(place, context) else {
            return;
        };
        let Some(kind) = entry.kind else {
            self.withdraw(place);
            return context.stop("an operation that only moves data was issued to a PE");
        };
        let run = tiling.describe(&entry.operation, kind, &entry.cursor, first, length);
        entry.cursor.advance(length);
        let (role, exhausted) = (entry.operation.role, entry.cursor.is_exhausted());
        let class = kind.unit();
        let Some(taken) = self.units.take(class) else {
            return context.stop("a run was issued, but no unit was free to take it");
        };
        self.roles.entry(role).or_default().issued += u64::from(length);
        self.pin(place, &run, context);
        self.runs_issued += 1;
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

    /// Advances to the oldest operation with work to issue, which may from now on spill slices of others.
    pub(super) fn advance_leader(&mut self, now: Tick) {
        let before = self.leader;
        while self.leader < self.admitted {
            if self
                .window
                .unfinished(self.leader)
                .is_some_and(Entry::has_work_to_issue)
            {
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

    /// Issues data operations: the DMA takes any number, so each goes as far as it can.
    pub(super) fn issue_data(&mut self, context: &mut Context<'_, Message>) {
        let start = self.place_of(self.oldest);
        while let Some(place) = self.data_issuable.first_from(start) {
            self.try_issue_data(place, context);
        }
    }

    fn try_issue_data(&mut self, place: WindowPlace, context: &mut Context<'_, Message>) {
        let Some(entry) = self.window.entry(place, context) else {
            return self.withdraw(place);
        };
        if !entry.has_work_to_issue() {
            self.data_issuable.remove(place);
            return self.advance_leader(context.now());
        }
        if entry.operation.after.is_some_and(|after| after.0 >= self.oldest) {
            self.awaiting_older.push(place);
            return self.block(place, StallCause::Memory, context);
        }
        let b = entry.next_batch;
        match self.check_row(entry, b, 0, context) {
            Ok(()) => {
                self.for_slices_at(place, b, context, |slice| slice.pins += 1);
                self.order_data(place, b, context);
                if let Some(entry) = self.window.entry_mut(place, context) {
                    entry.next_batch = b.stepped(1);
                }
            }
            Err(need) => {
                if let Some(cause) = self.meet(place, need, context) {
                    self.block(place, cause, context);
                }
            }
        }
    }

    fn pin(&mut self, place: WindowPlace, run: &Run, context: &mut Context<'_, Message>) {
        self.clock_of_use += 1;
        let stamp = self.clock_of_use;
        self.for_slices_of(place, run, context, |slice| {
            slice.pins += 1;
            slice.last_used = stamp;
        });
    }

    pub(super) fn unpin(&mut self, place: WindowPlace, run: &Run, context: &mut Context<'_, Message>) {
        self.for_slices_of(place, run, context, |slice| slice.pins -= 1);
        self.wake_leader_for_room();
    }

    /// Unblocks the leader if it waits for room: a slice can be spilled again.
    pub(super) fn wake_leader_for_room(&mut self) {
        let leader = self.place_of(self.leader);
        if !self.space_waiting.is_empty() && self.space_waiting.contains(&leader) {
            self.make_issuable(leader);
        }
    }

    /// Ends the use of slices `b` by a transfer of a data operation.
    pub(super) fn unpin_data(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
    ) {
        self.for_slices_at(place, b, context, |slice| slice.pins -= 1);
        self.wake_leader_for_room();
    }

    /// Applies `apply` to slice `b` of all that the operation at `place` reads and makes.
    fn for_slices_at(
        &mut self,
        place: WindowPlace,
        b: BatchTile,
        context: &mut Context<'_, Message>,
        mut apply: impl FnMut(&mut Slice),
    ) {
        let Some(entry) = self.window.entry(place, context) else {
            return;
        };
        for tensor in entry.inputs.iter().map(|input| input.tensor).chain(entry.output) {
            let Some(tensor) = self.tensors.tensor_mut(tensor, context) else {
                return;
            };
            apply(&mut tensor.slices[b.index()]);
        }
    }

    /// Applies `apply` to all slices that `run` reads and writes.
    fn for_slices_of(
        &mut self,
        place: WindowPlace,
        run: &Run,
        context: &mut Context<'_, Message>,
        mut apply: impl FnMut(&mut Slice),
    ) {
        let Some(entry) = self.window.entry(place, context) else {
            return;
        };
        let b = BatchTile(u32::from(run.first.along(Dimension::B)));
        let slices = if run.along == Dimension::B {
            usize::from(run.length)
        } else {
            1
        };
        let inputs = entry.inputs.iter().map(|input| (input.tensor, b));
        // Runs of sums over the batch stay within an item, and their result has one slice.
        let output = entry.output.map(|output| (output, entry.output_slice(b)));
        for (tensor, first) in inputs.chain(output) {
            let Some(tensor) = self.tensors.tensor_mut(tensor, context) else {
                return;
            };
            tensor.slices[first.index()..first.index() + slices]
                .iter_mut()
                .for_each(&mut apply);
        }
    }

    /// Sends `message` about the data of `footprint` to `buffer`, and about its mask to the mask buffer.
    pub(super) fn send_to_buffers(
        &self,
        buffer: BufferKind,
        footprint: Footprint,
        message: fn(Bytes) -> Message,
        context: &mut Context<'_, Message>,
    ) {
        context.send(self.buffer(buffer), Ticks::ZERO, message(footprint.data));
        context.send(
            self.buffer(BufferKind::Mask),
            Ticks::ZERO,
            message(footprint.mask),
        );
    }
}

/// Whether slice `b` of `tensor`, which is at `place`, is in the buffer.
fn check_slice(tensor: &Tensor, place: TensorPlace, b: BatchTile) -> Result<(), Need> {
    match tensor.slices[b.index()].state {
        SliceState::Resident => Ok(()),
        SliceState::Unallocated => Err(Need::Room(place, b)),
        SliceState::Spilled => Err(Need::Reload(place, b)),
        SliceState::Spilling | SliceState::Reloading | SliceState::Freed => Err(Need::Rows(place)),
    }
}
