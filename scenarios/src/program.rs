//! Totals of a program, found by walking it once: tile operations and multiplications, by layer and role.

use std::collections::BTreeMap;

use components::density::PairSum;
use components::operation::{Operation, Role, TensorKind};
use components::runs::Densities;

/// Tiles and multiplications of all operations of one role in one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleTotals {
    /// Operations.
    pub operations: u64,
    /// Tile operations issued to PEs.
    pub tile_operations: u64,
    /// Multiplications, zeros counted.
    pub multiplications: u128,
}

/// Totals of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgramSummary {
    /// By layer and role.
    pub roles: BTreeMap<(u32, Role), RoleTotals>,
    /// Number of operations.
    pub operations: u64,
    /// Tile operations: products, convolutions, softmax, layer norm, non-linearities.
    pub tile_operations: u64,
    /// Tile operations that add tensors: embeddings, sums over heads, residuals. Counted separately.
    pub add_tile_operations: u64,
    /// Multiplications, zeros counted.
    pub multiplications: u128,
    /// The same, by what their operands hold whose zeros need no work, as in [`Operation::skipped`].
    pub multiplications_of: BTreeMap<[Option<TensorKind>; 2], u128>,
}

impl ProgramSummary {
    /// Walks `program` to its end.
    pub fn of(program: impl Iterator<Item = Operation>) -> Self {
        let mut summary = Self::default();
        program.for_each(|operation| summary.add(&operation));
        summary
    }

    /// Adds one operation.
    pub fn add(&mut self, operation: &Operation) {
        let (tiles, multiplications) = (
            operation.tile_operations(),
            u128::from(operation.dense_multiplications()),
        );
        let totals = self.roles.entry((operation.layer, operation.role)).or_default();
        totals.operations += 1;
        totals.tile_operations += tiles;
        totals.multiplications += multiplications;
        self.operations += 1;
        if operation.work.profile().adds {
            self.add_tile_operations += tiles;
        } else {
            self.tile_operations += tiles;
        }
        self.multiplications += multiplications;
        if multiplications > 0 {
            *self.multiplications_of.entry(operation.skipped()).or_default() += multiplications;
        }
    }

    /// The totals of so many programs like this one.
    #[must_use]
    pub fn times(mut self, batches: u32) -> Self {
        let (few, many) = (u64::from(batches), u128::from(batches));
        for totals in self.roles.values_mut() {
            totals.operations *= few;
            totals.tile_operations *= few;
            totals.multiplications *= many;
        }
        self.operations *= few;
        self.tile_operations *= few;
        self.add_tile_operations *= few;
        self.multiplications *= many;
        self.multiplications_of
            .values_mut()
            .for_each(|count| *count *= many);
        self
    }

    /// Multiplications of two non-zero words, where all tensors have mean `densities`.
    #[must_use]
    pub fn effective_multiplications(&self, densities: &Densities) -> u64 {
        let parts = self.multiplications_of.iter().map(|(&skipped, &dense)| {
            let [left, right] = densities.of_operands(skipped);
            left.pairs(right, dense)
        });
        parts.sum::<PairSum>().nearest()
    }

    /// Tile operations of `role` in all layers.
    #[must_use]
    pub fn tiles_of(&self, role: Role) -> u64 {
        self.roles
            .iter()
            .filter(|((_, other), _)| *other == role)
            .map(|(_, totals)| totals.tile_operations)
            .sum()
    }
}
