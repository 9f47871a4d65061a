//! The optimiser's step, as lanes compute it.

use super::store::ValueStore;
use crate::operation::{Operation, Role};
use crate::tile::TileCoordinate;

/// An optimiser and its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpdateRule {
    /// v = momentum·v + gradient, w = w - rate·v. Without momentum v is the gradient, and no state is kept.
    Sgd {
        /// The learning rate.
        rate: f64,
        /// Share of the last step in the next.
        momentum: f64,
    },
    /// Adam (arXiv:1412.6980): m = beta1·m + (1 - beta1)·g, v = beta2·v + (1 - beta2)·g², w = w - rate·m / (sqrt(v) + epsilon).
    Adam {
        /// The learning rate, with the correction of m and v for their start at zero.
        rate: f64,
    },
}

/// Adam's share of the old mean in the new one.
pub const ADAM_BETA1: f64 = 0.9;
/// Adam's share of the old mean square in the new one.
pub const ADAM_BETA2: f64 = 0.999;
/// Added to the root in Adam's denominator, so that it never divides by zero.
pub const ADAM_EPSILON: f64 = 1e-8;

impl UpdateRule {
    /// Adam's step number `step`, counted from 1: the rate times sqrt(1 - beta2^step) / (1 - beta1^step), the second form of
    /// the paper's section 2.
    #[must_use]
    pub fn adam(rate: f64, step: u32) -> Self {
        let step = step.max(1) as i32;
        let correction = (1.0 - ADAM_BETA2.powi(step)).sqrt() / (1.0 - ADAM_BETA1.powi(step));
        Self::Adam {
            rate: rate * correction,
        }
    }

    /// Numbers kept for each weight.
    #[must_use]
    pub fn states(self) -> usize {
        match self {
            Self::Sgd { momentum: 0.0, .. } => 0,
            Self::Sgd { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// State number `index` after a step with `gradient`, from `old`.
    #[must_use]
    pub fn new_state(self, index: usize, gradient: f64, old: f64) -> f64 {
        match (self, index) {
            (Self::Sgd { momentum, .. }, _) => momentum * old + gradient,
            (Self::Adam { .. }, 0) => ADAM_BETA1 * old + (1.0 - ADAM_BETA1) * gradient,
            (Self::Adam { .. }, _) => ADAM_BETA2 * old + (1.0 - ADAM_BETA2) * gradient * gradient,
        }
    }

    /// The new weight, from the old one and the new states, or the gradient if there are none.
    #[must_use]
    pub fn new_weight(self, old: f64, from: &[f64]) -> f64 {
        match (self, from) {
            (Self::Sgd { rate, .. }, [step, ..]) => old - rate * step,
            // Stochastic rounding can leave a mean square below zero; it counts as zero.
            (Self::Adam { rate }, [mean, square, ..]) => {
                old - rate * mean / (square.max(0.0).sqrt() + ADAM_EPSILON)
            }
            _ => old,
        }
    }
}

impl ValueStore {
    /// New words for a tile of an update: of all that is updated in place, one after another, or of the one tensor made.
    pub(super) fn update_tile(
        &self,
        operation: &Operation,
        tile: TileCoordinate,
        results: &mut [f64],
    ) -> Result<(), String> {
        let rule = self
            .settings
            .update
            .ok_or("a machine that does not train got an update")?;
        let operands = operation
            .operands
            .iter()
            .map(|operand| self.tile_words(operation, operand, tile))
            .collect::<Result<Vec<_>, _>>()?;
        let count = operands.first().map_or(0, Vec::len);
        let ordinal = self.active(operation.id.0)?.ordinal as usize;
        // A new weight is made from the new states or, without states, from the gradient.
        let mut from = Vec::with_capacity(operands.len());
        for place in 0..count {
            from.clear();
            let word = |operand: usize| operands[operand][place];
            match operation.role {
                Role::WordStateUpdate => results[place] = rule.new_state(ordinal, word(0), word(1)),
                // Gradient or first state, the old words, then further states.
                Role::WordUpdate => {
                    from.push(word(0));
                    from.extend((2..operands.len()).map(word));
                    results[place] = rule.new_weight(word(1), &from);
                }
                _ => {
                    let states = 0..operands.len() - 2;
                    from.extend(states.map(|state| rule.new_state(state, word(0), word(2 + state))));
                    for (state, new) in from.iter().enumerate() {
                        results[(1 + state) * count + place] = *new;
                    }
                    if from.is_empty() {
                        from.push(word(0));
                    }
                    results[place] = rule.new_weight(word(1), &from);
                }
            }
        }
        Ok(())
    }
}
