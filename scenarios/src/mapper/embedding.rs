//! Word and position embeddings.

use components::operation::{Operand, Role, RowAccess, TensorKind, WeightTensor, Work};

use super::tape::EmbeddingTape;
use super::{Draft, EmbeddingLoad, Mapper};

impl Mapper {
    /// X = word rows of the tokens + position rows.
    pub(super) fn embed(&mut self) {
        let width = self.transformer.layers[0].hidden;
        let (words, table) = match self.parameters.embedding {
            EmbeddingLoad::Gather => self.gather_words(width),
            EmbeddingLoad::WholeTable => self.whole_table(width),
        };
        let positions = self.weight(u64::from(self.parameters.sequence) * u64::from(width));
        if self.parameters.training.is_some() {
            self.tape.embedding = Some(EmbeddingTape {
                words: table,
                positions,
            });
        }
        let extents = [self.parameters.sequence, width, 1];
        let operands = vec![words, Operand::Weight(positions)];
        let sum = Draft::new(0, Role::EmbeddingAdd, Work::Add { terms: 2 }, extents, operands);
        self.current = self.emit(
            sum.read_by(self.readers_of_input(0))
                .kept_for(self.backward_readers_of_input(0)),
        );
    }

    /// The rows of the tokens, and the addresses of the table.
    fn gather_words(&mut self, width: u32) -> (Operand, (u64, u64)) {
        let table_rows = self.parameters.vocabulary;
        let table = self.addresses.table(table_rows, width, TensorKind::Weight);
        let work = Work::Gather {
            table_rows,
            once: false,
            data: table.0,
            masks: table.1,
        };
        let extents = [self.parameters.sequence, width, 1];
        let words = Draft::new(0, Role::WordEmbedding, work, extents, Vec::new());
        let words = self.emit(words.holding(TensorKind::Weight));
        let rows = Operand::Activation {
            tensor: words,
            rows: RowAccess::SameRow,
            kind: TensorKind::Weight,
            transposed: false,
        };
        (rows, table)
    }

    /// The table as a tensor of the weight buffer, and its addresses. In training its rows are updated one by one, so each
    /// begins at a byte of its own.
    fn whole_table(&mut self, width: u32) -> (Operand, (u64, u64)) {
        let vocabulary = self.parameters.vocabulary;
        let elements = u64::from(vocabulary) * u64::from(width);
        let words = if self.parameters.training.is_some() {
            let (data, masks) = self.addresses.table(vocabulary, width, TensorKind::Weight);
            WeightTensor {
                tensor: self.new_tensor(),
                kind: TensorKind::Weight,
                transposed: false,
                elements,
                data,
                masks,
                whole: data,
                first: 0,
            }
        } else {
            self.weight(elements)
        };
        (Operand::Weight(words), (words.data, words.masks))
    }
}
