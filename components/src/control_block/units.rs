//! The lanes and modules that are free to take a run.

use std::collections::VecDeque;

use sim_core::Tick;

use crate::work::UnitClass;

/// A lane or module: the PE's number and the unit's number within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) pe: u16,
    pub(crate) unit: u16,
    /// When its last tile is done: a lane reports itself free when that tile enters the multipliers.
    pub(crate) busy_until: Tick,
}

impl Unit {
    fn idle(pe: u16, unit: u16) -> Self {
        Self {
            pe,
            unit,
            busy_until: Tick::ZERO,
        }
    }
}

/// Free units by class. The one that has waited longest goes first, so work spreads evenly.
#[derive(Clone, Debug)]
pub(crate) struct FreeUnits {
    units: [VecDeque<Unit>; 3],
    /// When the last tiles of free lanes end, and how many end then; in order.
    last_tiles: VecDeque<(Tick, u64)>,
    /// How many free lanes work on their last tile.
    working: u64,
}

impl FreeUnits {
    /// All units of `pes` PEs. Neighbouring places in the queue lie in different PEs, so that a few runs spread over
    /// many operand buses.
    pub(crate) fn new(pes: u16, lanes: u16, softmax: u16) -> Self {
        let all = |units: u16| {
            (0..units)
                .flat_map(|unit| (0..pes).map(move |pe| Unit::idle(pe, unit)))
                .collect()
        };
        Self {
            units: [all(lanes), all(softmax), all(1)],
            last_tiles: VecDeque::new(),
            working: 0,
        }
    }

    pub(crate) fn count(&self, class: UnitClass) -> u64 {
        self.units[class as usize].len() as u64
    }

    #[inline]
    pub(crate) fn take(&mut self, class: UnitClass, now: Tick) -> Option<Unit> {
        let unit = self.units[class as usize].pop_front()?;
        if class == UnitClass::Lane && unit.busy_until > now {
            let place = self.place_of(unit.busy_until);
            if let Some((_, lanes)) = self.last_tiles.get_mut(place) {
                *lanes -= 1;
                self.working -= 1;
            }
        }
        Some(unit)
    }

    #[inline]
    pub(crate) fn put(&mut self, class: UnitClass, unit: Unit, now: Tick) {
        let end = unit.busy_until;
        self.units[class as usize].push_back(unit);
        if class != UnitClass::Lane || end <= now {
            return;
        }
        let place = self.place_of(end);
        match self.last_tiles.get_mut(place) {
            Some((there, lanes)) if *there == end => *lanes += 1,
            _ => self.last_tiles.insert(place, (end, 1)),
        }
        self.working += 1;
    }

    /// The place of the last tiles that end at `end`.
    #[inline]
    fn place_of(&self, end: Tick) -> usize {
        self.last_tiles.partition_point(|&(there, _)| there < end)
    }

    /// Lane-ticks that free lanes worked on their last tiles between `from` and `to`. Tiles that end by then are forgotten:
    /// the next question begins at `to`.
    #[inline]
    pub(crate) fn worked_last(&mut self, from: Tick, to: Tick) -> u128 {
        let mut worked = 0;
        while let Some(&(end, lanes)) = self.last_tiles.front()
            && end <= to
        {
            worked += u128::from(end.since(from).0) * u128::from(lanes);
            self.working -= lanes;
            self.last_tiles.pop_front();
        }
        worked + u128::from(to.since(from).0) * u128::from(self.working)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(busy_until: u64) -> Unit {
        Unit {
            busy_until: Tick(busy_until),
            ..Unit::idle(0, 0)
        }
    }

    #[test]
    fn free_lanes_work_until_their_last_tiles_end_unless_they_are_taken() {
        let mut units = FreeUnits::new(0, 0, 0);
        for end in [30, 10, 20, 20, 5] {
            units.put(UnitClass::Lane, lane(end), Tick(5));
        }
        units.put(UnitClass::Softmax, lane(100), Tick(5));
        assert_eq!(units.worked_last(Tick(5), Tick(5)), 0);
        // Four lanes until 10, three until 15.
        assert_eq!(units.worked_last(Tick(5), Tick(15)), 4 * 5 + 3 * 5);
        // The one until 30 and the one that has ended are taken: two are left, until 20.
        let taken = [(); 2].map(|()| units.take(UnitClass::Lane, Tick(15)).map(|unit| unit.busy_until));
        assert_eq!(taken, [Some(Tick(30)), Some(Tick(10))]);
        assert_eq!(units.worked_last(Tick(15), Tick(40)), 2 * 5);
        assert_eq!(units.worked_last(Tick(40), Tick(50)), 0);
        assert_eq!(units.count(UnitClass::Lane), 3);
    }
}
