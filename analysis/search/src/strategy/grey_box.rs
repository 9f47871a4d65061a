//! The grey box: what is known of a design is computed, and only what is not is learnt.

mod beliefs;
mod candidate;
mod climb;
mod known;
mod wide;

use super::batch::Batch;
use super::spread::fill_by_sobol;
use super::{Past, Proposal, State, Strategy};
use crate::objective::Objective;
use crate::problem::Problem;
use beliefs::Beliefs;
use candidate::Hopes;

/// The grey box.
///
/// It begins with designs that are spread over the space. Then Gaussian processes over the physical features learn time, dynamic
/// energy and how far leakage is from that of a machine that is never switched off; all else is computed from these and the
/// design: see [`Problem`]. A batch is found by evolution on what they believe, with as much optimism as they are unsure.
///
/// A scalar takes the best designs so found, the least sure of the others, and one at random. A front takes those that widen it
/// most, by exclusive hypervolume up to where every term is 1, and one at random.
#[derive(Clone, Copy, Debug)]
pub struct GreyBox {
    /// Designs spread over the space before anything is learnt.
    pub start: usize,
    /// Up to so many rows, hyperparameters are looked for in every batch; from then on in every fourth.
    pub refit_up_to: usize,
    /// By how many standard deviations a scalar is believed to be better than expected.
    pub optimism: f64,
    /// The same of the numbers of a front.
    pub front_optimism: f64,
    /// By how many standard deviations a figure is believed to be worse than expected where a limit holds for it.
    pub caution: f64,
    /// Designs of an evolution on a scalar, and its generations.
    pub climb: [usize; 2],
    /// Designs of an evolution on a front, and its generations.
    pub wide: [usize; 2],
}

impl Default for GreyBox {
    fn default() -> Self {
        Self {
            start: 32,
            refit_up_to: 128,
            optimism: 1.0,
            front_optimism: 0.5,
            caution: 1.0,
            climb: [100, 40],
            wide: [120, 15],
        }
    }
}

/// Of so many designs of a batch one is drawn at random.
const ONE_RANDOM_OF: usize = 8;

/// Rows without which nothing is learnt.
const FEWEST_ROWS: usize = 4;

impl GreyBox {
    /// Whether this batch only covers the space.
    fn begins(&self, past: &Past<'_>, batch: u32, count: usize) -> bool {
        // Rows that a lag keeps back were drawn all the same.
        let drawn = (batch as usize).saturating_mul(count).max(past.evaluated.len());
        drawn < self.start || past.evaluated.len() < FEWEST_ROWS.min(self.start)
    }

    fn hopes(&self, optimism: f64) -> Hopes {
        Hopes {
            optimism,
            caution: self.caution,
        }
    }

    fn refits(&self, past: &Past<'_>, batch: u32) -> bool {
        past.evaluated.len() <= self.refit_up_to || batch.is_multiple_of(4)
    }
}

impl Strategy for GreyBox {
    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        let beliefs = match self.begins(past, batch, count) {
            true => None,
            false => Beliefs::of(problem, past, self.refits(past, batch)),
        };
        let Some(beliefs) = beliefs else {
            fill_by_sobol(&mut proposal, problem, past);
            return proposal.finish(past.state.cloned());
        };
        let at_random = if count < ONE_RANDOM_OF / 2 {
            0
        } else {
            count.div_ceil(ONE_RANDOM_OF)
        };
        let chosen = count - at_random;
        match problem.objective {
            Objective::Front(_) => wide::propose(self, &beliefs, past, batch, chosen, &mut proposal),
            Objective::Scalar(_) | Objective::Published => {
                climb::propose(self, &beliefs, past, batch, [chosen, at_random], &mut proposal);
            }
        }
        proposal.fill_at_random(batch, 1);
        proposal.finish(Some(State {
            hyperparameters: beliefs.hyperparameters(),
        }))
    }
}
