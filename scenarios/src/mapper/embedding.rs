//! Word and position embeddings.

use components::operation::{Operand, Role, RowAccess, Work};

use super::{Draft, EmbeddingLoad, Mapper, activation};

impl Mapper {
    /// X = word rows of the tokens + position rows.
    pub(super) fn embed(&mut self) {
        let width = self.transformer.layers[0].hidden;
        let words = match self.parameters.embedding {
            EmbeddingLoad::Gather => self.gather_words(width),
            EmbeddingLoad::WholeTable => {
                self.weight(u64::from(self.parameters.vocabulary) * u64::from(width))
            }
        };
        let positions = self.weight(u64::from(self.parameters.sequence) * u64::from(width));
        let consumers = self.readers_of_input(0);
        self.current = self.emit(Draft {
            layer: 0,
            head: None,
            role: Role::EmbeddingAdd,
            work: Work::Add { terms: 2 },
            extents: [self.parameters.sequence, width, 1],
            operands: vec![words, positions],
            consumers,
            siblings: 1,
        });
    }

    fn gather_words(&mut self, width: u32) -> Operand {
        let table_rows = self.parameters.vocabulary;
        let (data, masks) = self.addresses.table(table_rows, width);
        let words = self.emit(Draft {
            layer: 0,
            head: None,
            role: Role::WordEmbedding,
            work: Work::Gather {
                table_rows,
                data,
                masks,
            },
            extents: [self.parameters.sequence, width, 1],
            operands: Vec::new(),
            consumers: 1,
            siblings: 1,
        });
        activation(words, RowAccess::SameRow)
    }
}
