//! Word and position embeddings.

use components::operation::{Role, RowAccess, TensorKind, Work};

use super::EmbeddingLoad;
use super::draft::{Draft, Site, Task};
use super::emitter::Emitter;
use super::stored::{DraftOperand, DraftWeight, Region, Stored, WordTable, made};

impl Emitter {
    /// X = word rows of the tokens + position rows.
    pub(super) fn embed(&mut self) {
        let width = self.transformer.layers[0].hidden;
        let words = match self.parameters.embedding {
            EmbeddingLoad::Gather => self.gather_words(),
            EmbeddingLoad::WholeTable => self.whole_table(),
        };
        let positions = self.weight(u64::from(self.parameters.sequence) * u64::from(width));
        if self.trains() {
            self.tape.positions = Some(positions);
        }
        let extents = [self.parameters.sequence, width, 1];
        let operands = vec![words, positions.whole()];
        let add = Work::Add { terms: 2 };
        let site = Site::of_layer(0);
        self.current = self.emit(Draft::new(site, Role::EmbeddingAdd, add, extents, operands));
    }

    /// The word table.
    pub(super) fn words(&self) -> WordTable {
        self.word_table(Region::Words, TensorKind::Weight)
    }

    /// A table with a row for each word.
    pub(super) fn word_table(&self, region: Region, kind: TensorKind) -> WordTable {
        WordTable {
            region,
            kind,
            rows: self.parameters.vocabulary,
            columns: self.transformer.layers[0].hidden,
        }
    }

    /// The rows of the tokens.
    fn gather_words(&mut self) -> DraftOperand {
        let table = self.words();
        let task = Task::Gather { table, once: false };
        let extents = [self.parameters.sequence, table.columns, 1];
        let draft = Draft::new(Site::of_layer(0), Role::WordEmbedding, task, extents, Vec::new());
        let words = self.emit(draft.holding(TensorKind::Weight));
        made(words, RowAccess::SameRow, TensorKind::Weight)
    }

    /// The table as a tensor of the weight buffer. In training its rows are updated one by one, so each begins at a byte of
    /// its own.
    fn whole_table(&mut self) -> DraftOperand {
        let table = self.words();
        let elements = u64::from(table.rows) * u64::from(table.columns);
        let tensor = self.new_tensor();
        let words = if self.trains() {
            let stored = Stored::Table(table);
            DraftWeight {
                tensor,
                stored,
                elements,
            }
        } else {
            DraftWeight::new(tensor, table.region, table.kind, elements)
        };
        words.whole()
    }
}
