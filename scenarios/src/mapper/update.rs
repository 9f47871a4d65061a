//! The update of the weights: from gradients to new weights, with the state that the optimiser keeps for each of them.
//!
//! A gradient of weights is written to main memory when it is complete, and is loaded for the update together with
//! the weights and the optimiser's state: dense words, one tensor of the weights' shape for SGD with momentum, two for Adam,
//! none for SGD without. Updates go over the weights in parts, so that they can be loaded, updated and written back at the
//! same time. New values overwrite the old ones in main memory.
//!
//! The word table has one row per word, of which a step uses those of its tokens. Their gradient is one row per token, and the
//! gradient of a word is the sum over all tokens that stand for it: rows are added up in a table of gradients in main memory.
//! The update gathers the rows of gradient, table and state, a row for the first token of each word, updates them and
//! scatters them back; the other rows stay as they are (as lazy optimisers for sparse gradients do).

use components::operation::{Role, RowAccess, TensorId, TensorKind, Work};

use super::draft::{Draft, Site, Task};
use super::emitter::Emitter;
use super::stored::{DraftOperand, Region, WordTable, made};
use super::tape::PendingUpdate;
use crate::schema::Optimizer;

/// Weights updated by one operation, at most: with two states of dense words of 20 bits, some 500 KB of the weight buffer.
const PART: u32 = 1 << 16;

impl Emitter {
    /// Updates the word rows of the batch's tokens.
    pub(super) fn update_words(&mut self) {
        let (Some(complete), Some(optimizer)) = (self.tape.word_gradient, self.parameters.training) else {
            return;
        };
        let gather = Task::Gather {
            table: self.word_gradient(),
            once: true,
        };
        let rows = self.word_rows(Role::WordRows, gather, Vec::new());
        // The sum of each word's gradient, a row for the first token of each word.
        let gradient = self.emit(rows.holding(TensorKind::Gradient).after(complete));
        let gradient = made(gradient, RowAccess::SameRow, TensorKind::Gradient);
        // The state is made from the gradient, and new words from the state.
        let mut sources = Vec::new();
        for state in 0..optimizer.states() {
            let table = self.word_table(Region::WordState(state), TensorKind::OptimizerState);
            let operations = optimizer.state_operations(state);
            let updated = self.update_rows(table, Role::WordStateUpdate, operations, &[gradient]);
            sources.push(made(updated, RowAccess::SameRow, table.kind));
        }
        if sources.is_empty() {
            sources.push(gradient);
        }
        let operations = optimizer.weight_operations();
        self.update_rows(self.words(), Role::WordUpdate, operations, &sources);
    }

    /// Gathers the tokens' rows of a table, updates them from `sources` and scatters them. The updated rows are returned.
    fn update_rows(
        &mut self,
        table: WordTable,
        role: Role,
        operations: u32,
        sources: &[DraftOperand],
    ) -> TensorId {
        let kind = table.kind;
        let gather = Task::Gather { table, once: true };
        let old = self.word_rows(Role::WordRows, gather, Vec::new());
        let old = self.emit(old.holding(kind));
        let mut operands = sources.to_vec();
        operands.insert(1, made(old, RowAccess::SameRow, kind));
        let update = self.word_rows(role, Work::Update { operations }, operands);
        let new = self.emit(update.holding(kind));
        let scatter = Task::Scatter {
            table,
            accumulates: false,
        };
        let operands = vec![made(new, RowAccess::AllRows, kind)];
        let store = self.word_rows(Role::WordStore, scatter, operands);
        self.emit_sink(store.holding(kind));
        new
    }

    /// An operation over a row for each token.
    fn word_rows(&self, role: Role, task: impl Into<Task>, operands: Vec<DraftOperand>) -> Draft {
        let extents = [self.parameters.sequence, self.transformer.layers[0].hidden, 1];
        Draft::new(Site::of_layer(0), role, task, extents, operands)
    }

    /// Updates the weights whose gradient has waited longest.
    pub(super) fn update_next(&mut self) {
        let (Some(update), Some(optimizer)) = (self.tape.updates.pop_front(), self.parameters.training)
        else {
            return;
        };
        let elements = update.weights.elements;
        let mut whole = vec![update.weights, update.gradient];
        for _ in 0..optimizer.states() {
            whole.push(self.stored_tensor(TensorKind::OptimizerState, elements));
        }
        let [rows, columns] = update.shape;
        let rows_per_part = (PART / columns).clamp(1, rows);
        for first_row in (0..rows).step_by(rows_per_part as usize) {
            let part_rows = rows_per_part.min(rows - first_row);
            let (first, elements) = (
                u64::from(first_row) * u64::from(columns),
                u64::from(part_rows) * u64::from(columns),
            );
            let parts = whole.iter();
            let parts = parts.map(|tensor| tensor.part(self.new_tensor(), first, elements));
            let mut operands: Vec<_> = parts.collect();
            // The gradient first, then what is updated.
            operands.swap(0, 1);
            self.emit_sink(update_part(&update, optimizer, [part_rows, columns], operands));
        }
    }
}

fn update_part(
    update: &PendingUpdate,
    optimizer: Optimizer,
    [rows, columns]: [u32; 2],
    operands: Vec<DraftOperand>,
) -> Draft {
    let states = (0..optimizer.states()).map(|state| optimizer.state_operations(state));
    let operations = states.sum::<u32>() + optimizer.weight_operations();
    let work = Work::Update { operations };
    // Updates are not spread over the lanes any finer for their siblings.
    let site = Site {
        siblings: 1,
        ..update.site
    };
    let draft = Draft::new(site, Role::WeightUpdate, work, [rows, columns, 1], operands);
    draft.without_batch().after(update.after)
}
