//! The gradient of the embeddings.

use components::operation::{Role, RowAccess, TensorKind, Work};

use super::draft_of_gradient;
use crate::mapper::draft::{Site, Task};
use crate::mapper::emitter::Emitter;
use crate::mapper::stored::{Region, WordTable, gradient};

impl Emitter {
    /// Positions are the same for all items of the batch: their gradient is the sum over them. The gradient of the words is
    /// that of the sum itself, a row per token: those of tokens of the same word are added up in main memory.
    pub(in crate::mapper) fn backward_embedding(&mut self) {
        let Some(positions) = self.tape.positions else {
            return;
        };
        let width = self.transformer.layers[0].hidden;
        let site = Site::of_layer(0);
        let operands = vec![gradient(self.current, RowAccess::SameRow)];
        let extents = [self.parameters.sequence, width, 1];
        let draft = draft_of_gradient(site, Role::PositionGradient, Work::BatchSum, extents, operands);
        self.weight_gradient(site, draft, positions);
        self.accumulate_word_gradient();
    }

    /// The gradient of the words in main memory, a row per word.
    pub(in crate::mapper) fn word_gradient(&self) -> WordTable {
        self.word_table(Region::WordGradient, TensorKind::Gradient)
    }

    fn accumulate_word_gradient(&mut self) {
        let table = self.word_gradient();
        let task = Task::Scatter {
            table,
            accumulates: true,
        };
        let extents = [self.parameters.sequence, table.columns, 1];
        let operands = vec![gradient(self.current, RowAccess::AllRows)];
        let (site, role) = (Site::of_layer(0), Role::WordGradientStore);
        let stored = self.emit_sink(draft_of_gradient(site, role, task, extents, operands));
        self.tape.word_gradient = Some(stored);
    }
}
