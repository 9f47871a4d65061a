//! The gradient of the embeddings.

use components::operation::{Role, RowAccess, Work};

use super::GradientPlace;
use crate::mapper::{Mapper, gradient};

impl Mapper {
    /// Positions are the same for all items of the batch: their gradient is the sum over them. The gradient of the word
    /// rows is that of the sum itself, a row a token; the update reads it.
    pub(in crate::mapper) fn backward_embedding(&mut self) {
        let Some(tape) = self.tape.embedding else { return };
        let width = self.transformer.layers[0].hidden;
        let place = GradientPlace::of_layer(0);
        let operands = vec![gradient(self.current, RowAccess::SameRow)];
        let extents = [self.parameters.sequence, width, 1];
        let draft = place.draft(Role::PositionGradient, Work::BatchSum, extents, operands);
        self.weight_gradient(place, draft, tape.positions);
    }

    /// Operations that read the gradient of the embeddings' sum.
    pub(super) fn readers_of_embedding_gradient(&self) -> u32 {
        let positions = 1;
        let words = self.parameters.training.map_or(0, |optimizer| {
            // The state is made from the gradient, and new words from the state.
            optimizer.states().max(1)
        });
        positions + words
    }
}
