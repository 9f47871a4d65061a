//! The account of the buffers' room while the plan runs: what is taken, what the plan has for steps to come, and what is
//! promised.
//!
//! Steps take room in the order of the plan, or earlier where what they take fits beside the planned room of every step that
//! they overtake ([`PlannedRoom`]). That alone would let small steps take all the room that the plan leaves, and those that
//! make much of it wait for their turn: scores of many waves of rows, none of which finds room for its softmax. So
//!
//! - steps that are ready to make their results, but for room, queue up: none that comes early passes an older one;
//! - a step that makes a block early for a softmax or layer-norm module leaves room for what the module makes of it. That
//!   room is *promised*: others that come early leave it, too.
//!
//! A step whose turn has come asks for no more than its own room, so neither can block it.

use std::collections::BTreeSet;

use super::planned_room::PlannedRoom;
use super::progress::Progress;
use super::step::Room;

/// The account of a machine's room.
#[derive(Debug)]
pub struct Ledger {
    capacity: Room,
    planned: PlannedRoom,
    /// The oldest step that has not got its room.
    turn: u32,
    /// Room that is taken.
    taken: Room,
    /// Room that is promised to steps that have not taken it.
    promised: Room,
    /// Steps that are ready but for the room of their results.
    queue: BTreeSet<u32>,
}

impl Ledger {
    /// Of empty buffers of this `capacity`.
    #[must_use]
    pub fn new(capacity: Room) -> Self {
        Self {
            capacity,
            planned: PlannedRoom::default(),
            turn: 0,
            taken: Room::default(),
            promised: Room::default(),
            queue: BTreeSet::new(),
        }
    }

    /// The oldest step that has not got its room.
    #[must_use]
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// It is the next step's turn.
    pub fn advance(&mut self) {
        self.turn += 1;
        self.planned.forget(self.turn);
    }

    /// Appends the next step, with the room that the plan has for it.
    pub fn push(&mut self, room: Room) {
        self.planned.push(room);
    }

    /// Takes the room of a block that is loaded before `step`; false if there is none.
    pub fn take_for_load(&mut self, step: u32, room: Room) -> bool {
        let fits = self.has_room(step, room, self.promised);
        if fits {
            self.take(step, room);
        }
        fits
    }

    /// Takes the room of the results of `step`, and promises the room `next` to their reader. False if there is no room for
    /// both, or an older step waits for room: then `step` queues up.
    pub fn take_for_results(&mut self, step: u32, own: &mut Progress, next: Room) -> bool {
        let passes = step > self.turn && self.queue.first().is_some_and(|&oldest| oldest < step);
        if passes || !self.has_room(step, own.results, self.beside_results(own, next)) {
            self.queue.insert(step);
            return false;
        }
        self.queue.remove(&step);
        if std::mem::take(&mut own.is_promised) {
            self.promised = self.promised.without(own.results);
        }
        own.is_reserved = true;
        self.take(step, own.results);
        self.promised = self.promised.with(next);
        true
    }

    /// Takes those steps out of the queue that can have their room now. `asked` tells how far a step has come, and what it
    /// would promise to the reader of its results.
    pub fn leave_queue<'a>(&mut self, asked: impl Fn(u32) -> Option<(&'a Progress, Room)>) -> Vec<u32> {
        let mut before = Room::default();
        let mut leave = Vec::new();
        for &step in &self.queue {
            let Some((own, next)) = asked(step) else { continue };
            let wanted = own.results.with(before);
            if !self.has_room(step, wanted, self.beside_results(own, next)) {
                break;
            }
            before = wanted.with(next);
            leave.push(step);
        }
        for step in &leave {
            self.queue.remove(step);
        }
        leave
    }

    /// What results that come early have to leave, if their reader makes `next`.
    fn beside_results(&self, own: &Progress, next: Room) -> Room {
        match own.is_promised {
            true => self.promised.without(own.results).with(next),
            false => self.promised.with(next),
        }
    }

    /// Whether there is room for `wanted` of `step` and, if it comes early, for `beside`, too.
    fn has_room(&self, step: u32, wanted: Room, beside: Room) -> bool {
        let asked = match step > self.turn {
            true => wanted.with_where_any(beside),
            false => wanted,
        };
        self.planned.has_room(step, asked, &self.taken, &self.capacity)
    }

    fn take(&mut self, step: u32, room: Room) {
        self.taken = self.taken.with(room);
        self.planned.take_before(step, room);
    }

    /// Gives back `room` that is taken; what the plan has is another matter.
    pub fn give_back(&mut self, room: Room) {
        self.taken = self.taken.without(room);
    }

    /// Notes that `room`, which was planned or taken, is free from now to `last`.
    pub fn free_through(&mut self, last: u32, room: Room) {
        self.planned.free_through(last, room);
    }

    /// Notes that `room`, which was planned or taken, is free from now to before step `end`.
    pub fn free_before(&mut self, end: u32, room: Room) {
        self.planned.free_before(end, room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;
    use proptest::prelude::*;

    fn room(bytes: u64) -> Room {
        Room([bytes, 0, bytes / 8].map(Bytes))
    }

    /// Steps of which each holds its result until it is done, on a machine with this much room.
    struct Machine {
        ledger: Ledger,
        steps: Vec<Progress>,
        /// Whether a module reads the result of each step in the next one.
        is_read: Vec<bool>,
        is_done: Vec<bool>,
    }

    impl Machine {
        fn new(capacity: u64, steps: &[(u64, bool)]) -> Self {
            let mut ledger = Ledger::new(room(capacity));
            steps.iter().for_each(|&(bytes, _)| ledger.push(room(bytes)));
            let results = steps.iter().map(|&(bytes, _)| Progress::of_results(room(bytes)));
            Self {
                ledger,
                steps: results.collect(),
                is_read: steps.iter().map(|&(_, is_read)| is_read).collect(),
                is_done: vec![false; steps.len()],
            }
        }

        /// Step `number` is ready: whether it gets its room.
        fn take(&mut self, number: usize) -> bool {
            let reader = self.steps.get(number + 1).filter(|_| self.is_read[number]);
            let next = reader.and_then(Progress::to_promise);
            let own = &mut self.steps[number];
            let taken = self
                .ledger
                .take_for_results(number as u32, own, next.unwrap_or_default());
            if taken && next.is_some() {
                self.steps[number + 1].is_promised = true;
            }
            while self
                .steps
                .get(self.ledger.turn as usize)
                .is_some_and(|step| step.is_reserved)
            {
                self.ledger.advance();
            }
            taken
        }

        fn finish(&mut self, number: usize) {
            self.is_done[number] = true;
            self.ledger.give_back(self.steps[number].results);
            self.ledger
                .free_through(number as u32, self.steps[number].results);
        }
    }

    #[test]
    fn an_early_result_leaves_room_for_what_its_module_makes() {
        let mut machine = Machine::new(80, &[(16, false), (32, true), (32, false), (32, false)]);
        // Beside step 0, and with as much for step 2.
        assert!(machine.take(1));
        assert!(!machine.take(3), "it would take what is promised to step 2");
        assert!(machine.take(2));
    }

    #[test]
    fn no_step_that_comes_early_passes_an_older_one() {
        let mut machine = Machine::new(96, &[(16, false), (80, false), (8, false), (8, false)]);
        assert!(machine.take(2), "nobody waits yet");
        assert!(!machine.take(1), "step 0 needs room, and step 2 has some");
        assert!(!machine.take(3), "it would fit, but step 1 waits");
        assert!(machine.take(0), "its turn has come");
        machine.finish(0);
        machine.finish(2);
        assert!(machine.take(1) && machine.take(3), "both turns have come");
    }

    #[test]
    fn the_oldest_of_the_queue_leave_it_together_as_far_as_they_fit() {
        let mut machine = Machine::new(88, &[(80, false), (24, false), (40, false), (24, false)]);
        assert!(machine.take(0));
        let early = [1, 2, 3].map(|step| machine.take(step));
        assert_eq!(early, [false; 3]);
        machine.finish(0);
        let steps = &machine.steps;
        let leave = machine
            .ledger
            .leave_queue(|step| Some((&steps[step as usize], Room::default())));
        assert_eq!(leave, [1, 2]);
        assert!(machine.take(1) && machine.take(2));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whoever comes early, the step whose turn it is finds its room once older ones are done; in the end all room is free.
        #[test]
        fn a_step_whose_turn_has_come_is_blocked_by_nobody_younger(
            steps in proptest::collection::vec((1..100_u64, any::<bool>()), 1..40),
            spare in 0..200_u64,
            choices in proptest::collection::vec(any::<prop::sample::Index>(), 400),
        ) {
            let most = steps.iter().map(|&(bytes, _)| bytes).max().unwrap_or(0);
            let mut machine = Machine::new(most + spare, &steps);
            for choice in choices {
                let number = choice.index(steps.len());
                match machine.steps[number].is_reserved {
                    false => drop(machine.take(number)),
                    true if !machine.is_done[number] => machine.finish(number),
                    true => {}
                }
                prop_assert!(machine.ledger.taken.fits(&machine.ledger.capacity));
            }
            for number in 0..steps.len() {
                prop_assert!(machine.steps[number].is_reserved || machine.take(number), "step {}", number);
                if !machine.is_done[number] {
                    machine.finish(number);
                }
            }
            prop_assert_eq!(machine.ledger.taken, Room::default());
            prop_assert_eq!(machine.ledger.promised, Room::default());
            prop_assert!(machine.ledger.queue.is_empty());
        }
    }
}
