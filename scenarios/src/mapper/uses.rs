//! Where tensors are read: found in what the stages have been lowered to, so that no operation states it.

use std::collections::BTreeMap;

use components::operation::TensorId;

use super::draft::Draft;

/// The place of an operation in the program. Positions are in program order, also those of operations that have not been
/// lowered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The number of its stage.
    pub stage: u32,
    /// Its place among the stage's operations.
    pub index: u32,
}

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

fn positions(stage: u32, operations: &[Draft]) -> impl Iterator<Item = (Position, &Draft)> {
    let indices = 0..;
    let positions = indices.map(move |index| Position { stage, index });
    positions.zip(operations)
}
