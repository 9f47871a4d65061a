//! Where tensors are read: found in what the stages have been lowered to, so that no operation states it.

use std::collections::BTreeMap;

use components::operation::TensorId;
use components::program::Position;

use super::draft::Draft;

/// The uses of tensors, while the stages that may read them are lowered.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// Of tensors that have not been handed on.
    open: BTreeMap<TensorId, Vec<Position>>,
    /// Of tensors that have: how many of their uses are still to be lowered.
    outstanding: BTreeMap<TensorId, usize>,
}

impl Uses {
    /// Notes what the operations of a stage make and read.
    ///
    /// # Panics
    /// If one of them reads a tensor that has been handed on without that use: its readers would have been counted wrongly.
    pub(super) fn add(&mut self, stage: u32, operations: &[Draft]) {
        for (position, draft) in positions(stage, operations) {
            for tensor in draft.inputs() {
                if !self.note(tensor, position) {
                    self.settle(tensor, draft);
                }
            }
            self.open.extend(draft.result.map(|made| (made, Vec::new())));
        }
    }

    /// Notes what the operations of a stage will read, which is lowered for good later. What they make is theirs alone.
    pub(super) fn foresee(&mut self, stage: u32, operations: &[Draft]) {
        for (position, draft) in positions(stage, operations) {
            for tensor in draft.inputs() {
                self.note(tensor, position);
            }
        }
    }

    /// Whether `tensor` was open for one more use.
    fn note(&mut self, tensor: TensorId, position: Position) -> bool {
        let open = self.open.get_mut(&tensor);
        open.map(|uses| uses.push(position)).is_some()
    }

    /// One of the uses with which a tensor was handed on has come.
    fn settle(&mut self, tensor: TensorId, reader: &Draft) {
        let outstanding = self.outstanding.get_mut(&tensor);
        let Some(left) = outstanding else {
            panic!(
                "the {} of layer {} reads {tensor:?}, which was handed on without that use",
                reader.role, reader.site.layer
            );
        };
        *left -= 1;
        if *left == 0 {
            self.outstanding.remove(&tensor);
        }
    }

    /// The uses of a tensor, in program order, no more of which are to be found. Stages up to `lowered` have been lowered.
    pub(super) fn close(&mut self, tensor: TensorId, lowered: u32) -> Vec<Position> {
        let mut uses = self.open.remove(&tensor).unwrap_or_default();
        uses.sort_unstable();
        let outstanding = uses.iter().filter(|position| position.stage > lowered).count();
        if outstanding > 0 {
            self.outstanding.insert(tensor, outstanding);
        }
        uses
    }

    /// Whether every use with which a tensor was handed on has come.
    pub(super) fn are_settled(&self) -> bool {
        self.outstanding.is_empty()
    }
}

/// The uses of weights by stages that have been lowered or foreseen.
#[derive(Clone, Debug, Default)]
pub(super) struct WeightUses(BTreeMap<TensorId, Vec<Position>>);

impl WeightUses {
    /// Notes the weights that the operations of a stage read.
    pub(super) fn add(&mut self, stage: u32, operations: &[Draft]) {
        for (position, draft) in positions(stage, operations) {
            for tensor in draft.weights() {
                let uses = self.0.entry(tensor).or_default();
                // A stage that was foreseen is noted once.
                if uses.iter().all(|other| other.stage != position.stage) {
                    uses.push(position);
                }
            }
        }
    }

    /// Of the weights that the operations of a stage read, the first uses by each later stage that is known.
    pub(super) fn after(&mut self, stage: u32, operations: &[Draft]) -> BTreeMap<TensorId, Vec<Position>> {
        let mut later = BTreeMap::new();
        for tensor in operations.iter().flat_map(Draft::weights) {
            let Some(uses) = self.0.get_mut(&tensor) else {
                continue;
            };
            uses.retain(|position| position.stage > stage);
            uses.sort_unstable();
            match uses.is_empty() {
                true => drop(self.0.remove(&tensor)),
                false => drop(later.insert(tensor, uses.clone())),
            }
        }
        later
    }
}

fn positions(stage: u32, operations: &[Draft]) -> impl Iterator<Item = (Position, &Draft)> {
    let indices = 0..;
    let positions = indices.map(move |index| Position { stage, index });
    positions.zip(operations)
}
