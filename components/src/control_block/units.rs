//! The lanes and modules that are free to take a run.

use std::collections::VecDeque;

use sim_core::Tick;

use super::StallCause;
use crate::work::UnitClass;

/// A lane or module: the PE's number and the unit's number within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    pub(crate) pe: u16,
    pub(crate) unit: u16,
    /// When it reported itself free.
    pub(crate) freed_at: Tick,
    /// When its last tile is done: a lane reports itself free when that tile enters the multipliers.
    pub(crate) busy_until: Tick,
    /// What idle lanes were waiting for when it became free.
    pub(crate) cause: StallCause,
}

impl Unit {
    fn idle(pe: u16, unit: u16) -> Self {
        Self {
            pe,
            unit,
            freed_at: Tick::ZERO,
            busy_until: Tick::ZERO,
            cause: StallCause::Memory,
        }
    }
}

/// Free units by class. The one that has waited longest goes first, so work spreads evenly.
#[derive(Clone, Debug)]
pub(crate) struct FreeUnits([VecDeque<Unit>; 3]);

impl FreeUnits {
    /// All units of `pes` PEs. Neighbouring places in the queue lie in different PEs, so that a few runs spread over
    /// many operand buses.
    pub(crate) fn new(pes: u16, lanes: u16, softmax: u16) -> Self {
        let all = |units: u16| {
            (0..units)
                .flat_map(|unit| (0..pes).map(move |pe| Unit::idle(pe, unit)))
                .collect()
        };
        Self([all(lanes), all(softmax), all(1)])
    }

    pub(crate) fn count(&self, class: UnitClass) -> u64 {
        self.0[class as usize].len() as u64
    }

    /// The free units of a class.
    pub(crate) fn iter(&self, class: UnitClass) -> impl Iterator<Item = &Unit> {
        self.0[class as usize].iter()
    }

    pub(crate) fn take(&mut self, class: UnitClass) -> Option<Unit> {
        self.0[class as usize].pop_front()
    }

    pub(crate) fn put(&mut self, class: UnitClass, unit: Unit) {
        self.0[class as usize].push_back(unit);
    }
}
