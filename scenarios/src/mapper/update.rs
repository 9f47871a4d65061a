//! The update of the weights: from gradients to new weights, with the state that the optimiser keeps for each of them.
//!
//! A gradient of weights is written to main memory when it is complete, and comes back for the update together with
//! the weights and the optimiser's state: dense words, one tensor of the weights' shape for SGD with momentum, two for Adam,
//! none for SGD without. Updates go over the weights in parts, so that they can be loaded, updated and written back at the
//! same time. What is updated is written over in main memory.
//!
//! The word table has a row a word, of which a step uses those of its tokens. Their gradient is a row a token, and the
//! gradient of a word is the sum over all tokens that stand for it: rows are added up in a table of gradients in main memory.
//! The update gathers the rows of gradient, table and state, a row for the first token of each word, updates them and
//! scatters them back; the other rows stay as they are (as lazy optimisers for sparse gradients do).

use components::operation::{Operand, Role, RowAccess, TensorId, TensorKind, Work};

use super::tape::{PendingUpdate, WordGradient};
use super::{Draft, Mapper, gradient};
use crate::schema::Optimizer;

/// Weights updated by one operation, at most: with two states of dense words of 20 bits, some 500 KB of the weight buffer.
const PART: u32 = 1 << 16;

impl Mapper {
    /// Updates the word rows of the batch's tokens, whose gradient is the current tensor.
    pub(super) fn update_words(&mut self) {
        let (Some(tape), Some(of_words), Some(optimizer)) = (
            self.tape.embedding,
            self.tape.word_gradient,
            self.parameters.training,
        ) else {
            return;
        };
        let width = self.transformer.layers[0].hidden;
        let word_gradient = self.gather_word_gradient(of_words, optimizer);
        let mut states = Vec::new();
        for state in 0..optimizer.states() {
            let (kind, vocabulary) = (TensorKind::OptimizerState, self.parameters.vocabulary);
            let table = self.addresses.table(vocabulary, width, kind);
            let operations = optimizer.state_operations(state);
            let role = Role::WordStateUpdate;
            let updated = self.update_rows(kind, table, role, operations, &[word_gradient], 2);
            states.push(rows_of(updated, kind, RowAccess::SameRow));
        }
        let sources = if states.is_empty() {
            vec![word_gradient]
        } else {
            states
        };
        let operations = optimizer.weight_operations();
        let (kind, role) = (TensorKind::Weight, Role::WordUpdate);
        self.update_rows(kind, tape.words, role, operations, &sources, 1);
    }

    /// The sum of each word's gradient, a row for the first token of each word.
    fn gather_word_gradient(&mut self, table: WordGradient, optimizer: Optimizer) -> Operand {
        let gather = Work::Gather {
            table_rows: self.parameters.vocabulary,
            once: true,
            data: table.data,
            masks: table.masks,
        };
        let extents = [self.parameters.sequence, self.transformer.layers[0].hidden, 1];
        let draft = Draft::new(0, Role::WordRows, gather, extents, Vec::new());
        let draft = Draft {
            after: Some(table.after),
            // The state is made from the gradient, and new words from the state.
            ..draft
                .holding(TensorKind::Gradient)
                .read_by(optimizer.states().max(1))
        };
        gradient(self.emit(draft), RowAccess::SameRow)
    }

    /// Gathers the tokens' rows of a table, updates them from `sources` and scatters them. The updated rows, which have so
    /// many readers, are returned.
    fn update_rows(
        &mut self,
        kind: TensorKind,
        (data, masks): (u64, u64),
        role: Role,
        operations: u32,
        sources: &[Operand],
        readers: u32,
    ) -> TensorId {
        let table_rows = self.parameters.vocabulary;
        let extents = [self.parameters.sequence, self.transformer.layers[0].hidden, 1];
        let gather = Work::Gather {
            table_rows,
            once: true,
            data,
            masks,
        };
        let draft = Draft::new(0, Role::WordRows, gather, extents, Vec::new());
        let old = self.emit(draft.holding(kind));
        let mut operands = sources.to_vec();
        operands.insert(1, rows_of(old, kind, RowAccess::SameRow));
        let draft = Draft::new(0, role, Work::Update { operations }, extents, operands);
        let new = self.emit(draft.holding(kind).read_by(readers));
        let scatter = Work::Scatter {
            table_rows,
            accumulates: false,
            data,
            masks,
        };
        let draft = Draft::new(
            0,
            Role::WordStore,
            scatter,
            extents,
            vec![rows_of(new, kind, RowAccess::AllRows)],
        );
        self.emit(draft.holding(kind).read_by(0));
        new
    }

    /// Updates the weights that have waited longest; whether there were any.
    pub(super) fn update_next(&mut self) -> bool {
        let (Some(update), Some(optimizer)) = (self.tape.updates.pop_front(), self.parameters.training)
        else {
            return false;
        };
        let elements = update.weights.elements;
        let states: Vec<_> = (0..optimizer.states())
            .map(|_| {
                let tensor = self.new_tensor();
                self.addresses
                    .weight(tensor, TensorKind::OptimizerState, elements)
            })
            .collect();
        let whole = [update.weights, update.gradient].into_iter().chain(states);
        let whole: Vec<_> = whole.collect();
        let [rows, columns] = update.shape;
        let rows_a_part = (PART / columns).clamp(1, rows);
        for first_row in (0..rows).step_by(rows_a_part as usize) {
            let part_rows = rows_a_part.min(rows - first_row);
            let (start, elements) = (
                u64::from(first_row) * u64::from(columns),
                u64::from(part_rows) * u64::from(columns),
            );
            let mut operands: Vec<Operand> = whole
                .iter()
                .map(|tensor| {
                    let number = self.new_tensor();
                    Operand::Weight(self.addresses.part(tensor, number, start, elements))
                })
                .collect();
            // The gradient first, then what is updated.
            operands.swap(0, 1);
            self.emit(update_part(&update, optimizer, [part_rows, columns], operands));
        }
        true
    }
}

fn update_part(
    update: &PendingUpdate,
    optimizer: Optimizer,
    [rows, columns]: [u32; 2],
    operands: Vec<Operand>,
) -> Draft {
    let operations = (0..optimizer.states())
        .map(|state| optimizer.state_operations(state))
        .sum::<u32>()
        + optimizer.weight_operations();
    let work = Work::Update { operations };
    let draft = Draft::new(
        update.layer,
        Role::WeightUpdate,
        work,
        [rows, columns, 1],
        operands,
    );
    Draft {
        head: update.head,
        after: Some(update.after),
        ..draft.without_batch().read_by(0)
    }
}

/// Rows of the table that a data operation or an update has made, as an operand.
fn rows_of(tensor: TensorId, kind: TensorKind, rows: RowAccess) -> Operand {
    Operand::Activation {
        tensor,
        rows,
        kind,
        transposed: false,
    }
}
