//! The room that the plan has for each step to come, and what is taken beside it before its turn.
//!
//! Whatever overtakes steps must leave each of them the room that the plan has for it (conservative backfilling; Mu'alem and
//! Feitelson, IEEE TPDS 12(6), 2001). So for each step from the one whose turn it is, this keeps the planned room plus
//! what younger steps have taken before their turn, in a tree that adds to a range of steps and finds the maximum of one in
//! logarithmic time.

use std::ops::Range;

use super::step::Room;

/// Bytes in each buffer: [`Room`], but of changes, too.
type Change = [i64; 3];

/// What the plan has, and what has been taken early, step by step.
#[derive(Debug, Default)]
pub(super) struct PlannedRoom {
    /// Nodes of a binary tree over a ring of steps; the children of node `n` are `2n` and `2n + 1`, and leaves come last.
    nodes: Vec<Node>,
    /// The steps that are in it.
    steps: Range<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    /// The most room of any step below, with what is added here but not above.
    most: Change,
    /// What is added to all steps below.
    added: Change,
}

impl PlannedRoom {
    /// Steps that it has places for.
    fn places(&self) -> u32 {
        self.nodes.len() as u32 / 2
    }

    /// Appends the next step, with the room that the plan has for it.
    pub(super) fn push(&mut self, room: Room) {
        if self.steps.len() as u32 == self.places() {
            self.grow();
        }
        let place = self.steps.end % self.places();
        self.set(1, 0..self.places(), place, room.0.map(|bytes| bytes.0 as i64));
        self.steps.end += 1;
    }

    /// Forgets the steps before `turn`.
    pub(super) fn forget(&mut self, turn: u32) {
        self.steps.start = turn.clamp(self.steps.start, self.steps.end);
    }

    /// The most room that is planned or taken during any step before `end`.
    fn most_before(&self, end: u32) -> Change {
        self.pieces(end)
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .map(|piece| self.most(1, 0..self.places(), &piece))
            .fold([0; 3], larger)
    }

    /// Whether `wanted` fits beside what is `taken` now and beside the room of every step before `end`.
    #[must_use]
    pub(super) fn has_room(&self, end: u32, wanted: Room, taken: &Room, capacity: &Room) -> bool {
        let most = self.most_before(end);
        (0..3).all(|buffer| {
            let beside = most[buffer].max(taken.0[buffer].0 as i64);
            let wanted = wanted.0[buffer].0 as i64;
            wanted == 0 || beside + wanted <= capacity.0[buffer].0 as i64
        })
    }

    /// Notes that `room` is taken from now to before step `end`.
    pub(super) fn take_before(&mut self, end: u32, room: Room) {
        self.change_before(end, room.0.map(|bytes| bytes.0 as i64));
    }

    /// Notes that `room`, which was planned or taken, is free from now to `last`.
    pub(super) fn free_through(&mut self, last: u32, room: Room) {
        self.free_before(last + 1, room);
    }

    /// Notes that `room`, which was planned or taken, is free from now to before step `end`.
    pub(super) fn free_before(&mut self, end: u32, room: Room) {
        self.change_before(end, room.0.map(|bytes| -(bytes.0 as i64)));
    }

    fn change_before(&mut self, end: u32, change: Change) {
        for piece in self.pieces(end) {
            if !piece.is_empty() {
                self.add(1, 0..self.places(), &piece, change);
            }
        }
    }

    /// The places of the steps before `end`: the ring may turn over between them.
    fn pieces(&self, end: u32) -> [Range<u32>; 2] {
        let steps = self.steps.start..end.min(self.steps.end);
        if steps.is_empty() {
            return [0..0, 0..0];
        }
        let (first, last) = (steps.start % self.places(), (steps.end - 1) % self.places());
        match first <= last {
            true => [first..last + 1, 0..0],
            false => [first..self.places(), 0..last + 1],
        }
    }

    fn grow(&mut self) {
        let before = std::mem::take(&mut self.nodes);
        let places = before.len() as u32 / 2;
        let values: Vec<Change> = self
            .steps
            .clone()
            .map(|step| value(&before, step % places.max(1)))
            .collect();
        let more = (2 * places).max(64);
        self.nodes = vec![Node::default(); 2 * more as usize];
        for (step, value) in self.steps.clone().zip(values) {
            self.set(1, 0..more, step % more, value);
        }
    }

    fn most(&self, node: usize, below: Range<u32>, wanted: &Range<u32>) -> Change {
        if wanted.start <= below.start && below.end <= wanted.end {
            return self.nodes[node].most;
        }
        let middle = below.start.midpoint(below.end);
        let most = match (wanted.start < middle, middle < wanted.end) {
            (true, true) => larger(
                self.most(2 * node, below.start..middle, wanted),
                self.most(2 * node + 1, middle..below.end, wanted),
            ),
            (true, false) => self.most(2 * node, below.start..middle, wanted),
            (false, _) => self.most(2 * node + 1, middle..below.end, wanted),
        };
        sum(most, self.nodes[node].added)
    }

    fn add(&mut self, node: usize, below: Range<u32>, wanted: &Range<u32>, change: Change) {
        if wanted.start <= below.start && below.end <= wanted.end {
            let node = &mut self.nodes[node];
            node.most = sum(node.most, change);
            node.added = sum(node.added, change);
            return;
        }
        let middle = below.start.midpoint(below.end);
        if wanted.start < middle {
            self.add(2 * node, below.start..middle, wanted, change);
        }
        if middle < wanted.end {
            self.add(2 * node + 1, middle..below.end, wanted, change);
        }
        self.update(node);
    }

    /// Sets the value of a single place.
    fn set(&mut self, node: usize, below: Range<u32>, place: u32, value: Change) {
        if below.len() == 1 {
            self.nodes[node] = Node {
                most: value,
                added: [0; 3],
            };
            return;
        }
        let beyond = difference(value, self.nodes[node].added);
        let middle = below.start.midpoint(below.end);
        match place < middle {
            true => self.set(2 * node, below.start..middle, place, beyond),
            false => self.set(2 * node + 1, middle..below.end, place, beyond),
        }
        self.update(node);
    }

    fn update(&mut self, node: usize) {
        let most = larger(self.nodes[2 * node].most, self.nodes[2 * node + 1].most);
        self.nodes[node].most = sum(most, self.nodes[node].added);
    }
}

/// The value of a place: its leaf, and what is added above it.
fn value(nodes: &[Node], place: u32) -> Change {
    let mut node = nodes.len() / 2 + place as usize;
    let mut value = nodes[node].most;
    while node > 1 {
        node /= 2;
        value = sum(value, nodes[node].added);
    }
    value
}

fn larger(one: Change, other: Change) -> Change {
    [0, 1, 2].map(|buffer| one[buffer].max(other[buffer]))
}

fn sum(one: Change, other: Change) -> Change {
    [0, 1, 2].map(|buffer| one[buffer] + other[buffer])
}

fn difference(one: Change, other: Change) -> Change {
    [0, 1, 2].map(|buffer| one[buffer] - other[buffer])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What happens to it: a step comes, the turn goes on, room is taken or freed.
    #[derive(Clone, Debug)]
    enum Change {
        Push(u64),
        Forget(u32),
        Take(u32, u64),
        Free(u32, u64),
    }

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let change = prop_oneof![
            4 => (0..100_u64).prop_map(Change::Push),
            1 => (0..4_u32).prop_map(Change::Forget),
            2 => (0..200_u32, 0..50_u64).prop_map(|(step, bytes)| Change::Take(step, bytes)),
            1 => (0..200_u32, 0..50_u64).prop_map(|(step, bytes)| Change::Free(step, bytes)),
        ];
        proptest::collection::vec(change, 1..600)
    }

    fn room(bytes: u64) -> Room {
        Room([bytes, 2 * bytes, 3 * bytes].map(crate::units::Bytes))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The tree knows what a plain list of the steps knows.
        #[test]
        fn it_agrees_with_a_list(changes in changes()) {
            let mut tree = PlannedRoom::default();
            let (mut list, mut turn): (Vec<i64>, usize) = (Vec::new(), 0);
            for change in changes {
                match change {
                    Change::Push(bytes) => {
                        tree.push(room(bytes));
                        list.push(bytes as i64);
                    }
                    Change::Forget(steps) => {
                        turn = (turn + steps as usize).min(list.len());
                        tree.forget(turn as u32);
                    }
                    Change::Take(step, bytes) => {
                        tree.take_before(step, room(bytes));
                        list.iter_mut().take(step as usize).skip(turn).for_each(|most| *most += bytes as i64);
                    }
                    Change::Free(step, bytes) => {
                        tree.free_through(step, room(bytes));
                        list.iter_mut().take(step as usize + 1).skip(turn).for_each(|most| *most -= bytes as i64);
                    }
                }
                for end in [turn, turn + 1, turn + 5, list.len()] {
                    let most = list.iter().take(end).skip(turn).copied().fold(0, i64::max);
                    prop_assert_eq!(tree.most_before(end as u32), [most, 2 * most, 3 * most]);
                }
            }
        }
    }
}
