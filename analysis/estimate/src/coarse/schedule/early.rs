//! Room that loads take before their turn.
//!
//! A load may overtake steps whose room has not been taken if it fits beside what the plan has in the buffers during each of
//! them. All that was ever taken early, less what was for steps up to `i`, is what lies beside step `i`; the largest of planned
//! room and this is kept as a sliding maximum.

use std::collections::VecDeque;

use components::block_plan::Room;
use components::operation::Footprint;

use super::stays::StepNumber;

#[derive(Debug, Default)]
pub(super) struct EarlyRoom {
    /// All that was ever taken early, in each buffer.
    taken: [i64; 3],
    /// Steps and the room planned for each, less what had been taken early up to it; a candidate for the maximum each.
    peaks: [VecDeque<(StepNumber, i64)>; 3],
    /// The room planned for steps that the loads have not reached, oldest first.
    ahead: VecDeque<Room>,
}

impl EarlyRoom {
    /// Notes a step that enters the window.
    pub(super) fn push(&mut self, room: Room) {
        self.ahead.push_back(room);
    }

    /// The loads are past step `number`: what is taken from now on is taken beside it, too.
    pub(super) fn pass(&mut self, number: StepNumber) {
        let Some(room) = self.ahead.pop_front() else {
            return;
        };
        for ((peaks, taken), planned) in self.peaks.iter_mut().zip(self.taken).zip(room.0) {
            let peak = planned.0 as i64 - taken;
            while peaks.back().is_some_and(|&(_, other)| other <= peak) {
                peaks.pop_back();
            }
            peaks.push_back((number, peak));
        }
    }

    /// Forgets the steps before `turn`.
    pub(super) fn forget(&mut self, turn: StepNumber) {
        for peaks in &mut self.peaks {
            while peaks.front().is_some_and(|&(number, _)| number < turn) {
                peaks.pop_front();
            }
        }
    }

    /// Whether `footprint` fits beside every step that a load would overtake.
    pub(super) fn fits(&self, footprint: Footprint, is_weight: bool, capacity: &Room) -> bool {
        let wanted = parts(footprint, is_weight);
        (0..3).all(|buffer| {
            let peak = self.peaks[buffer].front();
            let fits = |&(_, peak): &(StepNumber, i64)| {
                peak + self.taken[buffer] + wanted[buffer] <= capacity.0[buffer].0 as i64
            };
            wanted[buffer] == 0 || peak.is_none_or(fits)
        })
    }

    pub(super) fn take(&mut self, footprint: Footprint, is_weight: bool) {
        for (taken, wanted) in self.taken.iter_mut().zip(parts(footprint, is_weight)) {
            *taken += wanted;
        }
    }
}

fn parts(footprint: Footprint, is_weight: bool) -> [i64; 3] {
    let (data, mask) = (footprint.data.0 as i64, footprint.mask.0 as i64);
    match is_weight {
        true => [0, data, mask],
        false => [data, 0, mask],
    }
}

#[cfg(test)]
mod tests {
    use components::units::Bytes;

    use super::*;

    #[test]
    fn a_load_fits_beside_each_step_that_it_overtakes() {
        let room = |bytes| Room([Bytes(bytes), Bytes(0), Bytes(0)]);
        let load = |bytes| Footprint {
            data: Bytes(bytes),
            mask: Bytes(0),
        };
        let mut early = EarlyRoom::default();
        [60, 90, 40].into_iter().for_each(|bytes| early.push(room(bytes)));
        let capacity = room(100);
        assert!(early.fits(load(100), false, &capacity), "it overtakes none");
        (0..2).for_each(|step| early.pass(step));
        assert!(early.fits(load(10), false, &capacity) && !early.fits(load(11), false, &capacity));
        early.take(load(10), false);
        assert!(!early.fits(load(1), false, &capacity));
        // Step 1 has its room by now.
        early.forget(2);
        early.pass(2);
        assert!(early.fits(load(60), false, &capacity) && !early.fits(load(61), false, &capacity));
    }
}
