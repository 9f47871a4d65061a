//! The stays of blocks in the buffers: where each is, which of its rows are ready, and who waits for it.

use std::collections::BTreeMap;

use sim_core::Context;

use super::places::{StayPlace, StepNumber};
use super::stopped_without;
use crate::block_plan::{BlockName, Eviction, StayNumber};
use crate::message::Message;
use crate::operation::Footprint;
use crate::stall_cause::StallCause;

/// How far a stay has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StayState {
    /// The plan has it, but it has no room yet.
    Planned,
    /// On its way from main memory.
    Loading,
    /// In the buffer.
    Resident,
    /// On its way to main memory.
    Leaving,
}

/// A block's stay in a buffer.
#[derive(Clone, Debug)]
pub(super) struct Stay {
    pub(super) number: StayNumber,
    pub(super) block: BlockName,
    pub(super) state: StayState,
    /// What it takes now.
    pub(super) footprint: Footprint,
    /// The first step of the window by which a module reads it.
    pub(super) module_reader: Option<StepNumber>,
    /// Uses of it by steps of the window that have not retired.
    pub(super) users: u32,
    /// Those of them that add to it.
    pub(super) makers: u32,
    /// The last step that adds to it, if that has retired, but not all of them have.
    pub(super) completes_with: Option<StepNumber>,
    /// What it takes once complete, if less.
    pub(super) complete: Option<Footprint>,
    /// The last step that uses it, if that has retired: it leaves once all users have.
    pub(super) ends_with: Option<StepNumber>,
    /// The eviction that ends it, if a step of the window asks for one.
    pub(super) eviction: Option<Eviction>,
    /// Writes of it to main memory in flight.
    pub(super) writes: u32,
    /// What those wait for that need rows of it.
    pub(super) cause: StallCause,
    /// Elements of a row of tiles.
    edge: u32,
    /// Tiles missing from each row of tiles; empty if rows are ready all at once.
    missing: Vec<u32>,
    /// Rows of tiles that are not ready.
    rows_missing: u32,
    /// Steps that wait for it.
    pub(super) waiting: Vec<StepNumber>,
}

impl Stay {
    /// A stay that is planned.
    pub(super) fn planned(
        number: StayNumber,
        block: BlockName,
        footprint: Footprint,
        cause: StallCause,
    ) -> Self {
        Self {
            number,
            block,
            state: StayState::Planned,
            footprint,
            module_reader: None,
            users: 0,
            makers: 0,
            completes_with: None,
            complete: None,
            ends_with: None,
            eviction: None,
            writes: 0,
            cause,
            edge: 1,
            missing: Vec::new(),
            rows_missing: 1,
            waiting: Vec::new(),
        }
    }

    /// Its rows of tiles of `edge` elements become ready one by one, each once so many tiles of it have retired.
    pub(super) fn by_rows(mut self, edge: u32, tiles_each: u32) -> Self {
        let rows = (self.block.rows.end - self.block.rows.start).div_ceil(edge);
        self.edge = edge;
        self.missing = vec![tiles_each; rows as usize];
        self.rows_missing = rows;
        self
    }

    /// Whether all of it is in the buffer and final.
    #[inline]
    pub(super) fn is_ready(&self) -> bool {
        self.rows_missing == 0
    }

    /// Whether these of its element rows are.
    #[inline]
    pub(super) fn has_rows(&self, first: u32, end: u32) -> bool {
        if self.rows_missing == 0 {
            return true;
        }
        let (start, stop) = (self.block.rows.start.max(first), self.block.rows.end.min(end));
        if start >= stop {
            return true;
        }
        let base = self.block.rows.start;
        let rows = (start - base) / self.edge..(stop - base).div_ceil(self.edge);
        !self.missing.is_empty() && rows.into_iter().all(|row| self.missing[row as usize] == 0)
    }

    /// Counts `tiles` that have retired of the row of tiles that begins at element `first`; whether that makes it ready.
    pub(super) fn count(&mut self, first: u32, tiles: u32) -> bool {
        let row = (first - self.block.rows.start) / self.edge;
        let Some(missing) = self.missing.get_mut(row as usize) else {
            return false;
        };
        *missing = missing.saturating_sub(tiles);
        let ready = *missing == 0;
        self.rows_missing -= u32::from(ready);
        ready
    }

    /// All of it is ready.
    pub(super) fn set_ready(&mut self) {
        self.rows_missing = 0;
    }
}

/// The stays that steps of the window begin or use.
#[derive(Debug, Default)]
pub(super) struct Stays {
    stays: Vec<Option<Stay>>,
    places: BTreeMap<StayNumber, StayPlace>,
    free: Vec<StayPlace>,
}

const NO_STAY: &str = "the control block was to work on a block that is not in its buffers";

impl Stays {
    /// The place of a stay by its number, if it is known.
    pub(super) fn place_of(&self, number: StayNumber) -> Option<StayPlace> {
        self.places.get(&number).copied()
    }

    /// The stay at `place`; if there is none, the run stops.
    #[inline]
    pub(super) fn stay(&self, place: StayPlace, context: &mut Context<'_, Message>) -> Option<&Stay> {
        stopped_without(self.stays[place.0 as usize].as_ref(), NO_STAY, context)
    }

    /// As [`Self::stay`], to change it.
    #[inline]
    pub(super) fn stay_mut(
        &mut self,
        place: StayPlace,
        context: &mut Context<'_, Message>,
    ) -> Option<&mut Stay> {
        stopped_without(self.stays[place.0 as usize].as_mut(), NO_STAY, context)
    }

    /// The stay at `place`, if there is one.
    pub(super) fn known(&self, place: StayPlace) -> Option<&Stay> {
        self.stays[place.0 as usize].as_ref()
    }

    /// Whether there is a stay at `place` that nothing uses, and whose end is planned.
    pub(super) fn is_idle(&self, place: StayPlace) -> bool {
        let stay = self.stays[place.0 as usize].as_ref();
        stay.is_some_and(|stay| stay.users == 0 && stay.writes == 0 && stay.eviction.is_some())
    }

    /// Gives a new stay a place.
    pub(super) fn insert(&mut self, stay: Stay) -> StayPlace {
        let place = self.free.pop().unwrap_or_else(|| {
            self.stays.push(None);
            StayPlace(self.stays.len() as u32 - 1)
        });
        self.places.insert(stay.number, place);
        self.stays[place.0 as usize] = Some(stay);
        place
    }

    /// Forgets the stay at `place`.
    pub(super) fn remove(&mut self, place: StayPlace) -> Option<Stay> {
        let stay = self.stays[place.0 as usize].take()?;
        self.places.remove(&stay.number);
        self.free.push(place);
        Some(stay)
    }
}
