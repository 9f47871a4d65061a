//! What lanes compute element by element, apart from an optimiser's step.

use super::store::ValueStore;
use crate::operation::{Operation, Role, Work};
use crate::tile::TileCoordinate;

impl ValueStore {
    /// Adds the results of a tile to `sums`.
    pub(super) fn elementwise(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        sums: &mut [f64],
    ) -> Result<(), String> {
        let operands = operation
            .operands
            .iter()
            .map(|operand| self.tile_words(operation, operand, tile))
            .collect::<Result<Vec<_>, _>>()?;
        let function = self.settings.function;
        match (operation.work, operands.as_slice()) {
            (Work::Add { .. }, terms) => {
                for (index, term) in terms.iter().enumerate() {
                    // The loss gradient is result - target, scaled.
                    let factor = match (operation.role, index) {
                        (Role::LossGradient, 0) => self.settings.loss_scale,
                        (Role::LossGradient, _) => -self.settings.loss_scale,
                        _ => 1.0,
                    };
                    sums.iter_mut()
                        .zip(term)
                        .for_each(|(sum, word)| *sum += factor * word);
                }
            }
            (Work::BatchSum, [items]) => {
                for item in items.chunks(sums.len()) {
                    sums.iter_mut().zip(item).for_each(|(sum, word)| *sum += word);
                }
            }
            (Work::NonLinearity, [words]) => {
                sums.iter_mut()
                    .zip(words)
                    .for_each(|(sum, &word)| *sum = function.at(word));
            }
            (Work::NonLinearityGradient, [gradient, words]) => {
                let pairs = gradient.iter().zip(words);
                sums.iter_mut()
                    .zip(pairs)
                    .for_each(|(sum, (gradient, &word))| *sum = gradient * function.slope(word));
            }
            _ => {
                let (role, operands) = (operation.role, operands.len());
                return Err(format!(
                    "a lane cannot do the {role} of a transformer with {operands} operands"
                ));
            }
        }
        Ok(())
    }
}
