//! The lanes and modules that are free to take a run.

use std::collections::VecDeque;

use sim_core::Tick;

use super::free_of_class::FreeOfClass;
use crate::pe::PeLayout;
use crate::work::UnitClass;

/// A module, or a group of lanes: the PE's number and the unit's number within it, of lanes the first one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) pe: u16,
    pub(crate) unit: u16,
    /// When its last tile is done: a lane reports itself free when that tile enters the multipliers.
    pub(crate) busy_until: Tick,
    /// Lanes that work on it.
    pub(crate) lanes: u16,
}

impl Unit {
    fn idle(pe: u16, unit: u16) -> Self {
        Self {
            pe,
            unit,
            busy_until: Tick::ZERO,
            lanes: 1,
        }
    }
}

/// A group of lanes at work.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    /// Lanes that were given a run, and those of them that have not reported themselves free.
    lanes: u16,
    busy: u16,
    /// When the last tiles of the others end.
    until: Tick,
}

/// Free units by class, taken so that work spreads evenly over PEs. Lanes are taken by groups; a group is free once all of its
/// lanes are.
#[derive(Clone, Debug)]
pub(crate) struct FreeUnits {
    units: [FreeOfClass<Unit>; 3],
    /// When the last tiles of free lanes end, and how many end then; in order.
    last_tiles: VecDeque<(Tick, u64)>,
    /// How many free lanes work on their last tile.
    working: u64,
    /// Lanes of a group, and groups of a PE.
    group: u16,
    groups_of_pe: u16,
    /// Groups of several lanes, by PE.
    groups: Vec<Group>,
}

impl FreeUnits {
    /// All units of `pes` PEs.
    pub(crate) fn new(pes: u16, layout: PeLayout) -> Self {
        let group = layout.group.lanes().max(1);
        let groups_of_pe = layout.lanes as u16 / group;
        let all = |units: u16, lanes: u16| {
            let mut free = FreeOfClass::new(pes);
            let each = (0..units).flat_map(|unit| (0..pes).map(move |pe| Unit::idle(pe, unit * lanes)));
            each.for_each(|unit| free.put(unit.pe, unit));
            free
        };
        Self {
            units: [all(groups_of_pe, group), all(layout.softmax as u16, 1), all(1, 1)],
            last_tiles: VecDeque::new(),
            working: 0,
            group,
            groups_of_pe,
            groups: match group {
                1 => Vec::new(),
                _ => vec![Group::default(); usize::from(pes) * usize::from(groups_of_pe)],
            },
        }
    }

    pub(crate) fn count(&self, class: UnitClass) -> u64 {
        self.units[class as usize].count()
    }

    /// Lanes of the groups that are free.
    #[inline]
    pub(crate) fn free_lanes(&self) -> u64 {
        self.count(UnitClass::Lane) * u64::from(self.group)
    }

    /// A unit has reported itself free: the unit that can be taken again, which is a lane's group if it was the last one.
    #[inline]
    pub(crate) fn freed(&mut self, class: UnitClass, unit: Unit) -> Option<Unit> {
        if class != UnitClass::Lane || self.groups.is_empty() {
            return Some(unit);
        }
        let first = unit.unit - unit.unit % self.group;
        let group = self.group_mut(unit.pe, first)?;
        group.busy = group.busy.saturating_sub(1);
        group.until = group.until.max(unit.busy_until);
        (group.busy == 0).then_some(Unit {
            unit: first,
            busy_until: group.until,
            lanes: group.lanes,
            ..unit
        })
    }

    /// The group of several lanes of which lane `first` is the first.
    fn group_mut(&mut self, pe: u16, first: u16) -> Option<&mut Group> {
        let place = usize::from(pe) * usize::from(self.groups_of_pe) + usize::from(first / self.group);
        self.groups.get_mut(place)
    }

    /// Takes a unit of a PE that has as many free ones as any, for runs on so many lanes.
    #[inline]
    pub(crate) fn take(&mut self, class: UnitClass, lanes: u16, now: Tick) -> Option<Unit> {
        let unit = self.units[class as usize].take()?;
        if class == UnitClass::Lane && unit.busy_until > now {
            let place = self.place_of(unit.busy_until);
            if let Some((_, working)) = self.last_tiles.get_mut(place) {
                *working -= u64::from(unit.lanes);
                self.working -= u64::from(unit.lanes);
            }
        }
        if class == UnitClass::Lane
            && let Some(group) = self.group_mut(unit.pe, unit.unit)
        {
            *group = Group {
                lanes,
                busy: lanes,
                until: Tick::ZERO,
            };
        }
        Some(unit)
    }

    #[inline]
    pub(crate) fn put(&mut self, class: UnitClass, unit: Unit, now: Tick) {
        let (end, lanes) = (unit.busy_until, u64::from(unit.lanes));
        self.units[class as usize].put(unit.pe, unit);
        if class != UnitClass::Lane || end <= now {
            return;
        }
        let place = self.place_of(end);
        match self.last_tiles.get_mut(place) {
            Some((there, working)) if *there == end => *working += lanes,
            _ => self.last_tiles.insert(place, (end, lanes)),
        }
        self.working += lanes;
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
    use crate::runs::LaneGroup;

    fn layout(lanes: u32, group: LaneGroup) -> PeLayout {
        PeLayout {
            lanes,
            group,
            softmax: 0,
        }
    }

    fn lane(busy_until: u64) -> Unit {
        Unit {
            busy_until: Tick(busy_until),
            ..Unit::idle(0, 0)
        }
    }

    #[test]
    fn free_lanes_work_until_their_last_tiles_end_unless_they_are_taken() {
        let mut units = FreeUnits::new(1, layout(0, LaneGroup::SINGLE));
        for end in [30, 10, 20, 20, 5] {
            units.put(UnitClass::Lane, lane(end), Tick(5));
        }
        units.put(UnitClass::Softmax, lane(100), Tick(5));
        assert_eq!(units.worked_last(Tick(5), Tick(5)), 0);
        // Four lanes until 10, three until 15.
        assert_eq!(units.worked_last(Tick(5), Tick(15)), 4 * 5 + 3 * 5);
        // The one until 30 and the one that has ended are taken: two are left, until 20.
        let taken = [(); 2].map(|()| {
            units
                .take(UnitClass::Lane, 1, Tick(15))
                .map(|unit| unit.busy_until)
        });
        assert_eq!(taken, [Some(Tick(30)), Some(Tick(10))]);
        assert_eq!(units.worked_last(Tick(15), Tick(40)), 2 * 5);
        assert_eq!(units.worked_last(Tick(40), Tick(50)), 0);
        assert_eq!(units.count(UnitClass::Lane), 3);
    }

    #[test]
    fn a_group_is_free_once_all_of_its_lanes_are() {
        let group = LaneGroup { rows: 2, columns: 2 };
        let mut units = FreeUnits::new(1, layout(8, group));
        assert_eq!(units.free_lanes(), 8);
        let firsts = [(); 3].map(|()| units.take(UnitClass::Lane, 3, Tick(0)).map(|unit| unit.unit));
        assert_eq!(firsts, [Some(0), Some(4), None]);
        let of_second = |unit, busy_until| Unit {
            unit,
            busy_until: Tick(busy_until),
            ..Unit::idle(0, 0)
        };
        assert_eq!(units.freed(UnitClass::Lane, of_second(5, 30)), None);
        assert_eq!(units.freed(UnitClass::Lane, of_second(4, 10)), None);
        let free = units.freed(UnitClass::Lane, of_second(6, 20)).unwrap();
        assert_eq!((free.unit, free.busy_until, free.lanes), (4, Tick(30), 3));
        units.put(UnitClass::Lane, free, Tick(20));
        assert_eq!(
            (units.free_lanes(), units.worked_last(Tick(20), Tick(25))),
            (4, 3 * 5)
        );
    }
}
