//! What the DMA moves for one operation: rows of tables, loads and stores of activations and gradients.

use components::message::TokenRows;
use components::operation::{Footprint, Operation, TensorKind};
use components::tile::Dimension;
use components::units::Bytes;
use components::words::Words;
use components::work::{MovedRows, Movement};
use scenarios::system::MachinePlan;

/// The direction and the addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Consecutive blocks, from main memory.
    Load,
    /// Consecutive blocks, to main memory.
    Store,
    /// Rows of a table, from main memory.
    Gather,
    /// Rows of a table, to main memory.
    Scatter,
}

/// What is moved for an operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moves {
    pub(super) pattern: Pattern,
    /// Whether it goes ahead of weights. Gradients of weights and the optimiser's state do not.
    pub(super) is_urgent: bool,
    /// By batch tile.
    pub(super) amounts: Vec<Amount>,
    /// Bytes of a row, if rows of a table are moved.
    pub(super) table_row: Option<Bytes>,
}

/// What is moved for one batch tile, or for several.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Amount {
    /// Blocks of data, between main memory and the activation buffer.
    pub(super) data: f64,
    /// Blocks of masks, between main memory and the mask buffer.
    pub(super) masks: f64,
    /// Blocks that are read first, for the DMA's adders: rows accumulated in a table.
    pub(super) added_to: f64,
    /// How often the DMA waits for such a row before it continues the transfer.
    pub(super) waits: f64,
}

impl Amount {
    /// The sum of both.
    fn and(self, other: Self) -> Self {
        Self {
            data: self.data + other.data,
            masks: self.masks + other.masks,
            added_to: self.added_to + other.added_to,
            waits: self.waits + other.waits,
        }
    }
}

impl Moves {
    /// What is moved for `operation`; `None` if it has tiles.
    pub(super) fn of(plan: &MachinePlan, operation: &Operation, words: &Words) -> Option<Self> {
        let Movement {
            outward,
            rows: moved_rows,
            ..
        } = operation.work.profile().movement()?;
        let kind = operation.moved_kind()?;
        let columns = u64::from(operation.grid.extent(Dimension::J));
        let row = plan.tiling.footprint(columns, kind);
        let batches = 0..operation.grid.tiles(Dimension::B);
        let of_table = moved_rows != MovedRows::Consecutive;
        let amounts = batches.map(|b| match moved_rows {
            MovedRows::Consecutive => whole(plan, operation, kind),
            MovedRows::OfTable { once } => rows(operation, b, once && plan.trains(), row, words),
            MovedRows::AddedToTable => accumulated(operation, b, row, words),
        });
        Some(Self {
            pattern: match (of_table, outward) {
                (false, false) => Pattern::Load,
                (false, true) => Pattern::Store,
                (true, false) => Pattern::Gather,
                (true, true) => Pattern::Scatter,
            },
            is_urgent: matches!(kind, TensorKind::Weight | TensorKind::Activation),
            amounts: amounts.collect(),
            table_row: of_table.then_some(row.data),
        })
    }

    /// What is moved for the batch tiles in `batches`.
    pub(super) fn amount(&self, batches: std::ops::Range<usize>) -> Amount {
        let amounts = self.amounts.get(batches).unwrap_or_default();
        amounts.iter().fold(Amount::default(), |sum, &more| sum.and(more))
    }
}

/// A whole batch tile; a last one with fewer items counts as a full one.
fn whole(plan: &MachinePlan, operation: &Operation, kind: TensorKind) -> Amount {
    let grid = &operation.grid;
    let [items, rows, columns] = [
        grid.edge_at(Dimension::B, 0),
        grid.extent(Dimension::I),
        grid.extent(Dimension::J),
    ]
    .map(u64::from);
    let [data, masks] = blocks_of(plan.tiling.footprint(items * rows * columns, kind));
    Amount {
        data,
        masks,
        ..Amount::default()
    }
}

/// The tokens of batch tile `b`.
fn tokens(operation: &Operation, b: u32, once: bool) -> TokenRows {
    let (grid, rows) = (&operation.grid, operation.grid.extent(Dimension::I));
    TokenRows {
        first_token: b * grid.edge_at(Dimension::B, 0) * rows,
        tokens: grid.edge_at(Dimension::B, if once { b } else { 0 }) * rows,
        once,
    }
}

/// One row per token, or with `once` one row per word.
fn rows(operation: &Operation, b: u32, once: bool, row: Footprint, words: &Words) -> Amount {
    let moved = f64::from(tokens(operation, b, once).rows(words));
    Amount {
        data: moved * blocks_of_row(row.data),
        masks: moved * blocks_of_row(row.mask),
        ..Amount::default()
    }
}

/// One row per token is written. Rows of words that occurred before are read first, data and mask separately, and the DMA
/// continues the transfer when the row has arrived.
fn accumulated(operation: &Operation, b: u32, row: Footprint, words: &Words) -> Amount {
    let all = rows(operation, b, false, row, words);
    let tokens = tokens(operation, b, false);
    let repeated = f64::from(words.repeats_among(tokens.first_token, tokens.tokens));
    Amount {
        added_to: repeated * (blocks_of_row(row.data) + blocks_of_row(row.mask)),
        waits: repeated,
        ..all
    }
}

/// Blocks of data and of masks.
pub(super) fn blocks_of(footprint: Footprint) -> [f64; 2] {
    [footprint.data, footprint.mask].map(|bytes| bytes.blocks() as f64)
}

/// Blocks that a row of a table touches, with rows stored back to back: the mean over all offsets within a block.
fn blocks_of_row(row: Bytes) -> f64 {
    const BLOCK: u64 = 64;
    let touched = (0..BLOCK).map(|index| {
        let start = index * row.0 % BLOCK;
        (start + row.0).div_ceil(BLOCK)
    });
    touched.sum::<u64>() as f64 / BLOCK as f64
}
