//! The steps of the plan that are looked at together.

use std::collections::VecDeque;
use std::ops::Range;
use std::rc::Rc;

use components::block_plan::{Progress, Step};
use components::control_block::InView;
use components::operation::RowAccess;
use components::tile::Dimension;

use super::stays::{StayPlace, StepNumber};
use components::run_cost::Cost;

/// A step in the window. Units work on it in pieces: some rows of tiles each.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) step: Step,
    /// `None` if the DMA does it alone.
    pub(super) cost: Option<Rc<Cost>>,
    pub(super) operands: Vec<(StayPlace, RowAccess)>,
    pub(super) result: Vec<StayPlace>,
    pub(super) progress: Progress,
    /// Rows of tiles of a piece.
    rows_each: u32,
    /// The piece that issues next, and those that there are.
    pub(super) next: u32,
    pub(super) pieces: u32,
    /// Runs of that piece that have not been issued, by kind.
    pub(super) left: Vec<u64>,
    /// When the runs of it that were issued are done.
    pub(super) done_at: u64,
    /// Pieces that are not done; of a step of the DMA, transfers that have not been ordered or are in flight.
    pub(super) missing: u32,
    /// Updated blocks on their way back to main memory.
    pub(super) writes: u32,
    /// The row of layers that it belongs to.
    pub(super) layer: usize,
}

impl Entry {
    pub(super) fn new(step: Step, cost: Option<Rc<Cost>>, most_pieces: u32) -> Self {
        let rows = rows_of(&step);
        let by_rows = cost.as_ref().is_some_and(|cost| cost.by_rows);
        let rows_each = if by_rows {
            chunk_of(rows, most_pieces)
        } else {
            rows
        };
        let mut entry = Self {
            rows_each,
            pieces: rows.div_ceil(rows_each),
            missing: rows.div_ceil(rows_each),
            cost,
            operands: Vec::new(),
            result: Vec::new(),
            progress: Progress::of(&step),
            next: 0,
            left: Vec::new(),
            done_at: 0,
            writes: 0,
            layer: 0,
            step,
        };
        entry.take_up_piece();
        entry
    }

    /// Fills `left` with the runs of the next piece.
    pub(super) fn take_up_piece(&mut self) {
        let Some(cost) = &self.cost else { return };
        let rows = u64::from(rows_of(&self.step));
        let before = |piece: u32| u64::from(piece * self.rows_each).min(rows);
        let (first, end) = (before(self.next), before(self.next + 1));
        let share = |count: u64, rows_before: u64| {
            (u128::from(count) * u128::from(rows_before) / u128::from(rows)) as u64
        };
        self.left.clear();
        let kinds = cost.kinds.iter();
        self.left
            .extend(kinds.map(|kind| share(kind.count, end) - share(kind.count, first)));
        self.done_at = 0;
    }

    pub(super) fn runs_left(&self) -> u64 {
        self.left.iter().sum()
    }

    /// Element rows of the result, or of what is summed up, that `piece` covers.
    pub(super) fn rows(&self, piece: u32) -> Range<u32> {
        let tiles = &self.step.tiles[Dimension::I as usize];
        let (start, stop) = (u32::from(tiles.start), u32::from(tiles.end));
        let first = start + piece * self.rows_each;
        let grid = &self.step.operation.grid;
        grid.elements(Dimension::I, first, (first + self.rows_each).min(stop))
    }

    pub(super) fn has_work_to_issue(&self) -> bool {
        self.next < self.pieces
    }

    pub(super) fn is_finished(&self) -> bool {
        self.missing == 0 && self.writes == 0
    }
}

/// Rows of tiles of a step.
fn rows_of(step: &Step) -> u32 {
    let tiles = &step.tiles[Dimension::I as usize];
    u32::from(tiles.end - tiles.start).max(1)
}

/// Rows of tiles that become ready together, of `rows` in all.
pub(super) fn chunk_of(rows: u32, most_pieces: u32) -> u32 {
    rows.div_ceil(most_pieces).max(1)
}

/// The steps in the window, oldest first.
#[derive(Debug, Default)]
pub(super) struct Window {
    entries: VecDeque<Option<Entry>>,
    first: StepNumber,
    in_view: InView,
}

impl Window {
    /// The oldest step that is not finished; if there is none, the next to come.
    pub(super) fn oldest(&self) -> StepNumber {
        self.first
    }

    pub(super) fn end(&self) -> StepNumber {
        self.first + self.entries.len() as u32
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What the steps in the window amount to.
    pub(super) fn in_view(&self) -> &InView {
        &self.in_view
    }

    pub(super) fn get(&self, number: StepNumber) -> Option<&Entry> {
        self.entries
            .get(number.checked_sub(self.first)? as usize)?
            .as_ref()
    }

    pub(super) fn get_mut(&mut self, number: StepNumber) -> Option<&mut Entry> {
        self.entries
            .get_mut(number.checked_sub(self.first)? as usize)?
            .as_mut()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().flatten()
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.in_view.enter(&entry.step);
        self.entries.push_back(Some(entry));
    }

    /// Takes out a step that is finished, and moves on to the oldest that is not.
    pub(super) fn take(&mut self, number: StepNumber) -> Option<Entry> {
        let place = number.checked_sub(self.first)? as usize;
        let entry = self.entries.get_mut(place)?.take()?;
        self.in_view.leave(&entry.step);
        while self.entries.front().is_some_and(Option::is_none) {
            self.entries.pop_front();
            self.first += 1;
        }
        Some(entry)
    }
}
