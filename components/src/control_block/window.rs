//! The steps of the plan that the control block looks at together.

use std::collections::{BTreeMap, VecDeque};

use sim_core::Context;

use super::InView;
use super::places::{StayPlace, StepNumber};
use super::stopped_without;
use crate::block_plan::{Progress, Step};
use crate::message::Message;
use crate::operation::RowAccess;
use crate::runs::cursor::Cursor;
use crate::runs::{Run, RunKind};
use crate::stall_cause::StallCause;
use crate::tile::Dimension;
use crate::work::UnitClass;

/// The blocks of an operand.
#[derive(Clone, Debug)]
pub(super) struct OperandStays {
    pub(super) need: RowAccess,
    pub(super) stays: Vec<StayPlace>,
}

/// A step in the window.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) step: Step,
    /// How units work on its tiles; `None` for steps that the DMA does alone.
    pub(super) kind: Option<RunKind>,
    pub(super) cursor: Cursor,
    pub(super) operands: Vec<OperandStays>,
    pub(super) result: Vec<StayPlace>,
    pub(super) progress: Progress,
    /// Whether a step of the DMA has been ordered.
    pub(super) is_ordered: bool,
    /// Tiles that have not retired; of a step of the DMA, transfers that have not been ordered or are in flight.
    pub(super) tiles_missing: u64,
    /// Updated blocks on their way back to main memory.
    pub(super) writes_missing: u32,
    pub(super) blocked: Option<StallCause>,
}

impl Entry {
    /// A step that enters the window; nothing has happened before it yet.
    pub(super) fn new(
        step: Step,
        cursor: Cursor,
        operands: Vec<OperandStays>,
        result: Vec<StayPlace>,
    ) -> Self {
        let kind = step.operation.work.profile().run_kind();
        Self {
            kind,
            cursor,
            operands,
            result,
            progress: Progress::of(&step),
            is_ordered: false,
            tiles_missing: match kind {
                Some(_) => step.tile_operations(),
                None => 1,
            },
            writes_missing: 0,
            blocked: None,
            step,
        }
    }

    pub(super) fn number(&self) -> StepNumber {
        StepNumber(self.step.number)
    }

    /// The units that take its runs; `None` if the DMA does it alone.
    #[inline]
    pub(super) fn class(&self) -> Option<UnitClass> {
        self.kind.map(RunKind::unit)
    }

    pub(super) fn has_work_to_issue(&self) -> bool {
        match self.kind {
            Some(_) => !self.cursor.is_exhausted(),
            None => !self.is_ordered,
        }
    }

    pub(super) fn is_finished(&self) -> bool {
        self.tiles_missing == 0 && self.writes_missing == 0
    }
}

/// The steps in the window, oldest first.
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: VecDeque<Option<Entry>>,
    first: u32,
    in_view: InView,
    /// By operation: its steps in the window, by the place of their first tile among the operation's parts.
    parts: BTreeMap<u32, Parts>,
}

/// The steps of one operation in the window.
#[derive(Debug)]
struct Parts {
    cut: [u16; 4],
    steps: BTreeMap<u64, StepNumber>,
}

const NO_STEP: &str = "the control block was to work on a step that is not in its window";

impl Window {
    /// The oldest step that is not finished; if there is none, the next to come.
    pub(super) fn oldest(&self) -> StepNumber {
        StepNumber(self.first)
    }

    /// The number of the next step to come.
    pub(super) fn end(&self) -> StepNumber {
        StepNumber(self.first + self.entries.len() as u32)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Steps in the window, finished ones among them.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What the steps in the window amount to.
    pub(super) fn in_view(&self) -> &InView {
        &self.in_view
    }

    /// Step `number`, if it is in the window and not finished.
    #[inline]
    pub(super) fn unfinished(&self, number: StepNumber) -> Option<&Entry> {
        let place = number.0.checked_sub(self.first)?;
        self.entries.get(place as usize)?.as_ref()
    }

    /// As [`Self::unfinished`], to change it.
    #[inline]
    pub(super) fn unfinished_mut(&mut self, number: StepNumber) -> Option<&mut Entry> {
        let place = number.0.checked_sub(self.first)?;
        self.entries.get_mut(place as usize)?.as_mut()
    }

    /// Step `number`; if it is not there, the run stops.
    #[inline]
    pub(super) fn entry(&self, number: StepNumber, context: &mut Context<'_, Message>) -> Option<&Entry> {
        stopped_without(self.unfinished(number), NO_STEP, context)
    }

    /// As [`Self::entry`], to change it.
    #[inline]
    pub(super) fn entry_mut(
        &mut self,
        number: StepNumber,
        context: &mut Context<'_, Message>,
    ) -> Option<&mut Entry> {
        stopped_without(self.unfinished_mut(number), NO_STEP, context)
    }

    /// The unfinished steps, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten()
    }

    /// The step that a run belongs to.
    pub(super) fn step_of(&self, run: &Run) -> Option<StepNumber> {
        let parts = self.parts.get(&run.operation.0)?;
        parts.steps.get(&place_among(run.first.0, parts.cut)).copied()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.in_view.enter(&entry.step);
        if entry.kind.is_some() {
            let (first, cut) = (entry.step.first().0, entry.step.cut);
            let parts = self
                .parts
                .entry(entry.step.operation.id.0)
                .or_insert_with(|| Parts {
                    cut,
                    steps: BTreeMap::new(),
                });
            parts.steps.insert(place_among(first, cut), entry.number());
        }
        self.entries.push_back(Some(entry));
    }

    /// Takes out a step that is finished, and moves on to the oldest that is not.
    pub(super) fn take(&mut self, number: StepNumber, context: &mut Context<'_, Message>) -> Option<Entry> {
        let place = number.0.checked_sub(self.first).map(|place| place as usize);
        let entry = place
            .and_then(|place| self.entries.get_mut(place))
            .and_then(Option::take);
        let entry = stopped_without(entry, NO_STEP, context)?;
        self.in_view.leave(&entry.step);
        let operation = entry.step.operation.id.0;
        if let Some(parts) = self.parts.get_mut(&operation) {
            parts
                .steps
                .remove(&place_among(entry.step.first().0, entry.step.cut));
            if parts.steps.is_empty() {
                self.parts.remove(&operation);
            }
        }
        while self.entries.front().is_some_and(Option::is_none) {
            self.entries.pop_front();
            self.first += 1;
        }
        Some(entry)
    }
}

/// The place of the part that holds a tile, packed.
#[inline]
fn place_among(tile: [u16; 4], cut: [u16; 4]) -> u64 {
    Dimension::ALL.iter().fold(0, |packed, &dimension| {
        let index = dimension as usize;
        (packed << 16) | u64::from(tile[index] / cut[index].max(1))
    })
}
