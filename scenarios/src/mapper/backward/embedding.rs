//! The gradient of the embeddings.

use components::operation::{Role, RowAccess, TensorKind, Work};

use super::GradientPlace;
use crate::mapper::tape::WordGradient;
use crate::mapper::{Mapper, gradient};

impl Mapper {
    /// Positions are the same for all items of the batch: their gradient is the sum over them. The gradient of the words is
    /// that of the sum itself, a row a token: those of tokens of the same word are added up in main memory.
    pub(in crate::mapper) fn backward_embedding(&mut self) {
        let Some(tape) = self.tape.embedding else { return };
        let width = self.transformer.layers[0].hidden;
        let place = GradientPlace::of_layer(0);
        let operands = vec![gradient(self.current, RowAccess::SameRow)];
        let extents = [self.parameters.sequence, width, 1];
        let draft = place.draft(Role::PositionGradient, Work::BatchSum, extents, operands);
        self.weight_gradient(place, draft, tape.positions);
        self.accumulate_word_gradient(place, extents);
    }

    fn accumulate_word_gradient(&mut self, place: GradientPlace, extents: [u32; 3]) {
        let [_, width, _] = extents;
        let table_rows = self.parameters.vocabulary;
        let (data, masks) = self.addresses.table(table_rows, width, TensorKind::Gradient);
        let work = Work::Scatter {
            table_rows,
            accumulates: true,
            data,
            masks,
        };
        let operands = vec![gradient(self.current, RowAccess::AllRows)];
        let draft = place.draft(Role::WordGradientStore, work, extents, operands);
        self.emit(draft.read_by(0));
        self.tape.word_gradient = Some(WordGradient {
            data,
            masks,
            after: self.last_operation(),
        });
    }

    /// Operations that read the gradient of the embeddings' sum.
    pub(super) fn readers_of_embedding_gradient(&self) -> u32 {
        let (positions, words) = (1, 1);
        positions + words
    }
}
