//! Names of operations, from a walk over the mapper's program that goes no further than the trace.

use std::collections::{BTreeMap, VecDeque};

use components::control_block::Program;
use components::operation::Role;

/// How many names are kept: far more operations than the control block ever looks at. Older ones are known by number only.
const KEPT: usize = 1 << 16;

/// An operation's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperationName {
    /// What it is for.
    pub role: Role,
    /// Its layer.
    pub layer: u32,
    /// Its head, if it belongs to one.
    pub head: Option<u32>,
    /// The number of the name among all different ones.
    pub number: u32,
}

/// The names of a machine's operations.
pub struct OperationNames {
    program: Program,
    /// Operations of a batch; each batch counts them on.
    operations: u32,
    /// The number of the first name that is kept.
    first: u32,
    names: VecDeque<OperationName>,
    numbers: BTreeMap<(Role, u32, Option<u32>), u32>,
}

impl OperationNames {
    /// The names of the operations of `program`, which has so many `operations` and is run for several batches.
    pub fn new(program: Program, operations: u32) -> Self {
        Self {
            program,
            operations: operations.max(1),
            first: 0,
            names: VecDeque::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// The name of operation `id`, unless there is none or it is long past.
    pub fn get(&mut self, id: u32) -> Option<OperationName> {
        if id == u32::MAX {
            return None;
        }
        let id = id % self.operations;
        let place = id.checked_sub(self.first)? as usize;
        if place >= self.names.len() {
            self.walk_to(id);
        }
        let place = id.checked_sub(self.first)? as usize;
        self.names.get(place).copied()
    }

    fn walk_to(&mut self, id: u32) {
        while self.first as usize + self.names.len() <= id as usize {
            let Some(operation) = self.program.next() else {
                return;
            };
            let (role, layer, head) = (operation.role, operation.layer, operation.head);
            let next = self.numbers.len() as u32;
            let number = *self.numbers.entry((role, layer, head)).or_insert(next);
            self.names.push_back(OperationName {
                role,
                layer,
                head,
                number,
            });
            if self.names.len() > KEPT {
                self.names.pop_front();
                self.first += 1;
            }
        }
    }
}
