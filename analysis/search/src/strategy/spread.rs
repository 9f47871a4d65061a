//! Designs that are spread over the space, whatever is known of it.

use super::batch::Batch;
use super::{Past, Proposal, Strategy};
use crate::draws::{self, Draws, latin_hypercube};
use crate::problem::Problem;

/// Designs at random points of the space.
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

/// Designs at the points of Latin hypercubes, one for each batch, and one for each round that replaces refused ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct LatinHypercube;

/// Designs at the points of a scrambled Sobol sequence that goes through all batches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sobol;

/// All designs of the space in the order of their numbers: see [`Space::nth`](crate::space::Space::nth).
#[derive(Clone, Copy, Debug, Default)]
pub struct Grid;

impl Strategy for Random {
    fn is_one_batch(&self) -> bool {
        true
    }

    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, _batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        // One stream for all batches, from its beginning: what was drawn before is passed over.
        proposal.fill_at_random(0, 0);
        proposal.finish(None)
    }
}

impl Strategy for LatinHypercube {
    fn is_one_batch(&self) -> bool {
        true
    }

    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        let dimensions = problem.space.dimensions();
        let (mut round, mut points, mut used) = (0, crate::rows::Rows::new(dimensions), 0);
        let missing = count.max(1);
        proposal.fill(|| {
            if used == points.len() {
                let mut draws = Draws::new(problem.seed, batch.into(), round);
                points = latin_hypercube(missing, dimensions, &mut draws);
                (round, used) = (round + 1, 0);
            }
            used += 1;
            problem
                .space
                .of_point(|dimension| points.row(used - 1)[dimension])
        });
        proposal.finish(None)
    }
}

impl Strategy for Sobol {
    fn is_one_batch(&self) -> bool {
        true
    }

    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, _batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        fill_by_sobol(&mut proposal, problem, past);
        proposal.finish(None)
    }
}

/// Fills a batch with the points of the study's sequence that follow those used.
pub(super) fn fill_by_sobol(batch: &mut Batch<'_>, problem: &Problem<'_>, past: &Past<'_>) {
    let sequence = draws::Sobol::new(problem.seed);
    let mut point = (past.evaluated.len() + past.taken.len()) as u32;
    batch.fill(|| {
        let design = problem.space.of_point(|dimension| sequence.at(point, dimension));
        point = point.wrapping_add(1);
        design
    });
}

impl Strategy for Grid {
    fn is_one_batch(&self) -> bool {
        true
    }

    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, _batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        proposal.walk();
        proposal.finish(None)
    }
}
