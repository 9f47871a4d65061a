//! Blocks in the buffers: where each is, which of its rows are ready, and who waits for it.

use components::block_plan::{BlockName, Eviction, StayNumber};
use components::operation::Footprint;

/// The number of a step, in the order of the plan.
pub(super) type StepNumber = u32;

/// The place of a stay among those that are known; it is reused once the stay is over.
pub(super) type StayPlace = u32;

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
    /// Element rows of a chunk, in which rows become ready.
    chunk: u32,
    /// Tiles missing from each chunk; empty if all rows are ready at once.
    missing: Vec<u32>,
    is_ready: bool,
    /// Steps that wait for it.
    pub(super) waiting: Vec<StepNumber>,
}

impl Stay {
    pub(super) fn planned(number: StayNumber, block: BlockName, footprint: Footprint) -> Self {
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
            chunk: 1,
            missing: Vec::new(),
            is_ready: false,
            waiting: Vec::new(),
        }
    }

    /// Chunks of `chunk` tile rows, each of `edge` elements and of `tiles` tile operations, become ready one by one.
    pub(super) fn by_rows(mut self, edge: u32, chunk: u32, tiles: u32) -> Self {
        let rows = (self.block.rows.end - self.block.rows.start).div_ceil(edge);
        self.chunk = chunk * edge;
        self.missing = (0..rows.div_ceil(chunk))
            .map(|place| (rows - place * chunk).min(chunk) * tiles)
            .collect();
        self
    }

    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// Whether all of it is final.
    pub(super) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// Whether these of its element rows are final.
    pub(super) fn has_rows(&self, first: u32, end: u32) -> bool {
        if self.is_ready {
            return true;
        }
        let (first, end) = (first.max(self.block.rows.start), end.min(self.block.rows.end));
        if first >= end {
            return true;
        }
        let base = self.block.rows.start;
        let chunks = ((first - base) / self.chunk) as usize..((end - base).div_ceil(self.chunk)) as usize;
        let missing = self.missing.get(chunks);
        missing.is_some_and(|missing| missing.iter().all(|&tiles| tiles == 0))
    }

    /// Counts `tiles` for each row of tiles of `edge` elements from element `first` up to `end`; whether that completes any chunk.
    pub(super) fn count(&mut self, first: u32, end: u32, edge: u32, tiles: u32) -> bool {
        let base = self.block.rows.start;
        let mut completes = false;
        for (place, missing) in self.missing.iter_mut().enumerate() {
            let start = base + place as u32 * self.chunk;
            let (from, to) = (first.max(start), end.min(start + self.chunk));
            if from < to && *missing > 0 {
                *missing = missing.saturating_sub((to - from).div_ceil(edge) * tiles);
                completes |= *missing == 0;
            }
        }
        if completes && self.missing.iter().all(|&tiles| tiles == 0) {
            self.is_ready = true;
        }
        completes
    }
}

/// The stays that steps of the window begin or use.
#[derive(Debug, Default)]
pub(super) struct Stays {
    stays: Vec<Option<Stay>>,
    /// By number of the stay.
    places: Vec<StayPlace>,
    free: Vec<StayPlace>,
}

const NOWHERE: StayPlace = StayPlace::MAX;

impl Stays {
    pub(super) fn place_of(&self, number: StayNumber) -> Option<StayPlace> {
        let place = self.places.get(number.0 as usize).copied();
        place.filter(|&place| place != NOWHERE)
    }

    pub(super) fn get(&self, place: StayPlace) -> Option<&Stay> {
        self.stays.get(place as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, place: StayPlace) -> Option<&mut Stay> {
        self.stays.get_mut(place as usize)?.as_mut()
    }

    pub(super) fn insert(&mut self, stay: Stay) {
        let place = self.free.pop().unwrap_or_else(|| {
            self.stays.push(None);
            self.stays.len() as StayPlace - 1
        });
        let number = stay.number.0 as usize;
        if self.places.len() <= number {
            self.places.resize(number + 1, NOWHERE);
        }
        self.places[number] = place;
        self.stays[place as usize] = Some(stay);
    }

    pub(super) fn remove(&mut self, place: StayPlace) -> Option<Stay> {
        let stay = self.stays.get_mut(place as usize)?.take()?;
        self.places[stay.number.0 as usize] = NOWHERE;
        self.free.push(place);
        Some(stay)
    }
}

#[cfg(test)]
mod tests {
    use components::operation::{TensorId, TensorKind};

    use super::*;

    /// A block of 40 rows of elements, in tiles of 16, two of them together.
    fn stay() -> Stay {
        let block = BlockName {
            tensor: TensorId(0),
            kind: TensorKind::Activation,
            is_weight: false,
            is_kept: false,
            b: 0,
            rows: 100..140,
            columns: 0..32,
        };
        Stay::planned(StayNumber(0), block, Footprint::default()).by_rows(16, 2, 6)
    }

    #[test]
    fn rows_are_final_once_all_their_tiles_are_done() {
        let mut stay = stay();
        assert!(!stay.count(100, 132, 16, 4));
        assert!(!stay.has_rows(100, 116));
        assert!(stay.count(100, 132, 16, 2));
        assert!(stay.has_rows(100, 116) && stay.has_rows(0, 132));
        assert!(!stay.has_rows(100, 133) && !stay.is_ready());
        // The last tile is ragged.
        assert!(stay.count(132, 140, 16, 6));
        assert!(stay.is_ready());
    }

    #[test]
    fn places_are_used_again() {
        let mut stays = Stays::default();
        stays.insert(stay());
        let place = stays.place_of(StayNumber(0));
        assert!(place.and_then(|place| stays.remove(place)).is_some());
        assert_eq!(stays.place_of(StayNumber(0)), None);
        stays.insert(Stay {
            number: StayNumber(7),
            ..stay()
        });
        assert_eq!(stays.place_of(StayNumber(7)), place);
    }
}
