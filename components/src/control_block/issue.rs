//! Issuing: finding the next run whose needs are met, and describing it to a PE.

use std::ops::Bound;

use sim_core::{Context, Tick, Ticks};

use super::places::{StayPlace, StepNumber};
use super::stays::StayState;
use super::window::{Entry, OperandStays};
use super::{ControlBlock, SchedulingPolicy, StallCause};
use crate::buffer_kind::BufferKind;
use crate::message::Message;
use crate::operation::Footprint;
use crate::runs::{Run, RunGroup};
use crate::tile::Dimension;
use crate::units::Bytes;
use crate::work::UnitClass;

/// Why a run cannot be issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    /// A block that is on its way, or rows of it that are not ready.
    Block(StayPlace),
    /// A block that is gone, which cannot happen: the run has been stopped.
    Impossible,
}

impl ControlBlock {
    /// Issues runs to units of `class` until there is no free unit or no step that can use one.
    pub(super) fn issue_class(&mut self, class: UnitClass, context: &mut Context<'_, Message>) {
        while self.units.count(class) > 0 {
            let issuable = &self.issuable[class as usize];
            let turn = match self.parameters.policy {
                SchedulingPolicy::StaggeredHeads => StepNumber(0),
                SchedulingPolicy::EqualPriority => self.turns[class as usize],
            };
            let next = issuable.range((Bound::Included(turn), Bound::Unbounded)).next();
            let Some(&number) = next.or_else(|| issuable.first()) else {
                return;
            };
            if self.try_issue(number, context) {
                self.turns[class as usize] = number.next();
            }
        }
    }

    /// Issues the next run of step `number`, or notes what it waits for.
    fn try_issue(&mut self, number: StepNumber, context: &mut Context<'_, Message>) -> bool {
        let Some(entry) = self.window.entry(number, context) else {
            self.withdraw(number);
            return false;
        };
        let Some(group) = entry.cursor.peek_group() else {
            context.stop("a step whose runs were all issued was to issue another");
            self.withdraw(number);
            return false;
        };
        let is_reserved = entry.progress.is_reserved;
        let length = match is_reserved {
            true => self.issuable_length(entry, &group, context),
            false => {
                let mut rows = group.rows_at_once();
                rows.try_for_each(|row| self.check_operands(entry, row, context))
                    .map(|()| 0)
            }
        };
        match length {
            Ok(0) => {
                // Once there is room for its results, it can issue.
                if let Err(cause) = self.reserve_results(number, context) {
                    self.block(number, cause, context);
                }
                false
            }
            Ok(length) => {
                self.issue(number, &RunGroup { length, ..group }, context);
                true
            }
            Err(need) => {
                let cause = self.wait_for(number, need, context);
                self.block(number, cause, context);
                false
            }
        }
    }

    /// How many tiles of each run have everything they need: at least one, or else what the first one needs. Lanes that work in
    /// lockstep begin together, once all of their rows are there.
    fn issuable_length(
        &self,
        entry: &Entry,
        group: &RunGroup,
        context: &mut Context<'_, Message>,
    ) -> Result<u16, Need> {
        let mut rows = group.rows_at_once();
        let row = rows.start;
        rows.try_for_each(|row| self.check_row(entry, row, context))?;
        if group.along != Dimension::I || !group.present.is_single() {
            return Ok(group.length);
        }
        let ready = (1..group.length)
            .take_while(|&step| self.check_row(entry, row + u32::from(step), context).is_ok());
        Ok(1 + ready.count() as u16)
    }

    /// Whether row `row` of tiles has its inputs ready and in the buffer.
    fn check_operands(
        &self,
        entry: &Entry,
        row: u32,
        context: &mut Context<'_, Message>,
    ) -> Result<(), Need> {
        let rows = entry.step.operation.grid.elements(Dimension::I, row, row + 1);
        let mut operands = entry.operands.iter();
        operands.try_for_each(|operand| self.check_operand(operand, [rows.start, rows.end], context))
    }

    /// Whether row `row` of tiles has its inputs ready and in the buffer, and room for its result.
    fn check_row(&self, entry: &Entry, row: u32, context: &mut Context<'_, Message>) -> Result<(), Need> {
        self.check_operands(entry, row, context)?;
        for &place in &entry.result {
            let stay = self.stays.stay(place, context).ok_or(Need::Impossible)?;
            if stay.state != StayState::Resident {
                return Err(Need::Block(place));
            }
        }
        Ok(())
    }

    fn check_operand(
        &self,
        operand: &OperandStays,
        [first, end]: [u32; 2],
        context: &mut Context<'_, Message>,
    ) -> Result<(), Need> {
        for &place in &operand.stays {
            let stay = self.stays.stay(place, context).ok_or(Need::Impossible)?;
            let has_rows = match operand.need.radius() {
                None => stay.is_ready(),
                Some(radius) => stay.has_rows(first.saturating_sub(radius), end + radius),
            };
            if stay.state != StayState::Resident || !has_rows {
                return Err(Need::Block(place));
            }
        }
        Ok(())
    }

    /// Puts step `number` among those that `need` wakes; what it waits for.
    fn wait_for(&mut self, number: StepNumber, need: Need, context: &mut Context<'_, Message>) -> StallCause {
        let Need::Block(place) = need else {
            return StallCause::Dependence;
        };
        let Some(stay) = self.stays.stay_mut(place, context) else {
            return StallCause::Dependence;
        };
        if !stay.waiting.contains(&number) {
            stay.waiting.push(number);
        }
        match stay.state {
            // One that is loaded waits for memory; one that is made, for its maker.
            StayState::Resident | StayState::Planned => stay.cause,
            StayState::Loading | StayState::Leaving => StallCause::Memory,
        }
    }

    /// Takes a step out of the issuable ones until it is unblocked.
    fn block(&mut self, number: StepNumber, cause: StallCause, context: &mut Context<'_, Message>) {
        self.withdraw(number);
        if let Some(entry) = self.window.entry_mut(number, context) {
            entry.blocked = Some(cause);
        }
    }

    /// Takes step `number` out of the sets of issuable steps, whichever it is in.
    fn withdraw(&mut self, number: StepNumber) {
        for set in &mut self.issuable {
            set.remove(&number);
        }
        self.data_issuable.remove(&number);
    }

    fn issue(&mut self, number: StepNumber, group: &RunGroup, context: &mut Context<'_, Message>) {
        let mut runs = std::mem::take(&mut self.runs);
        let tiling = &self.parameters.tiling;
        let Some(entry) = self.window.entry_mut(number, context) else {
            return;
        };
        let Some(kind) = entry.kind else {
            self.withdraw(number);
            return context.stop("a step that only moves data was issued to a PE");
        };
        runs.clear();
        runs.extend((0..group.present.lanes()).map(|lane| {
            let (first, length) = group.run(lane);
            let run = tiling.describe(&entry.step.operation, kind, &entry.cursor, first, length);
            Run {
                group: group.present,
                ..run
            }
        }));
        entry.cursor.advance(group.advances());
        let (role, exhausted) = (entry.step.operation.role, entry.cursor.is_exhausted());
        let class = kind.unit();
        let Some(taken) = self.units.take(class, group.present.lanes(), context.now()) else {
            return context.stop("a run was issued, but no unit was free to take it");
        };
        let tiles: u64 = runs.iter().map(|run| u64::from(run.length)).sum();
        self.roles.entry(role).or_default().issued += tiles;
        self.runs_issued += runs.len() as u64;
        for (unit, run) in (taken.unit..).zip(&runs) {
            self.trace_issue(run, taken.pe, unit, context);
            context.send(
                self.pe_at(taken.pe),
                self.parameters.clock.period(),
                Message::IssueRun { unit, run: *run },
            );
        }
        self.runs = runs;
        if exhausted {
            self.issuable[class as usize].remove(&number);
            self.advance_leader(context.now());
        }
    }

    /// Advances to the oldest step with work to issue.
    pub(super) fn advance_leader(&mut self, now: Tick) {
        let before = self.leader;
        self.leader = self.leader.max(self.window.oldest());
        while self.leader < self.window.end() {
            let leader = self.window.unfinished(self.leader);
            if leader.is_some_and(Entry::has_work_to_issue) {
                break;
            }
            self.leader = self.leader.next();
        }
        if self.leader != before {
            self.note_phase(now);
        }
    }

    /// Issues steps of the DMA, which takes any number: each as soon as what it moves is ready.
    pub(super) fn issue_data(&mut self, context: &mut Context<'_, Message>) {
        while let Some(&number) = self.data_issuable.first() {
            self.try_issue_data(number, context);
        }
    }

    fn try_issue_data(&mut self, number: StepNumber, context: &mut Context<'_, Message>) {
        if self.waits_for_older(number) {
            self.awaiting_older.push(number);
            return self.block(number, StallCause::Memory, context);
        }
        let Some(entry) = self.window.entry(number, context) else {
            return self.withdraw(number);
        };
        let row = u32::from(entry.step.tiles[1].start);
        let is_reserved = entry.progress.is_reserved;
        let check = match is_reserved {
            true => self.check_row(entry, row, context),
            false => self.check_operands(entry, row, context),
        };
        if check.is_ok() && !is_reserved {
            if let Err(cause) = self.reserve_results(number, context) {
                self.block(number, cause, context);
            }
            return;
        }
        match check {
            Ok(()) => {
                self.withdraw(number);
                self.order_data(number, context);
                self.advance_leader(context.now());
            }
            Err(need) => {
                let cause = self.wait_for(number, need, context);
                self.block(number, cause, context);
            }
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
