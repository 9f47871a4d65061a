//! Hill climbing with restarts: an evolution that keeps few parents.

use std::cmp::Ordering;

use super::batch::Batch;
use super::spread::fill_by_sobol;
use super::{Past, Proposal, Strategy, standing};
use crate::draws::Draws;
use crate::problem::{Evaluated, Problem};
use crate::space::Design;

/// Hill climbing with restarts.
///
/// From the best of some designs that are spread over the space, every batch changes the best design of the climb, or, with more
/// parents, one of the few best. One parent is best on all budgets from 64 to 2,048. A climb that finds nothing better for long ends, and another begins. Of a front it minimises the sum of the
/// terms; limits that are broken come before.
#[derive(Clone, Copy, Debug)]
pub struct Evolution {
    /// Designs spread over the space with which a climb begins.
    pub start: usize,
    /// How many of a climb's best designs are changed.
    pub parents: usize,
    /// After so many designs without a better one a climb ends.
    pub patience: usize,
}

impl Default for Evolution {
    fn default() -> Self {
        Self {
            start: 32,
            parents: 1,
            patience: 160,
        }
    }
}

/// How a design stands: by how much it breaks limits, and what is minimised.
type Standing = (f64, f64);

fn standing_of(problem: &Problem<'_>, row: &Evaluated) -> Standing {
    (standing::broken(problem, row), standing::scalar_of(problem, row))
}

fn compare(a: &Standing, b: &Standing) -> Ordering {
    a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
}

impl Evolution {
    /// The rows of the climb under way, with their standings.
    fn climb(&self, problem: &Problem<'_>, rows: &[Evaluated]) -> Vec<(Standing, Design)> {
        let mut climb: Vec<(Standing, Design)> = Vec::new();
        let (mut best, mut since) = (None, 0);
        for row in rows {
            let standing = standing_of(problem, row);
            if best.is_none_or(|best| compare(&standing, &best).is_lt()) {
                (best, since) = (Some(standing), 0);
            } else {
                since += 1;
            }
            climb.push((standing, row.design));
            if since >= self.patience && climb.len() >= self.start {
                climb.clear();
                (best, since) = (None, 0);
            }
        }
        climb
    }
}

impl Strategy for Evolution {
    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        let mut climb = self.climb(problem, past.evaluated);
        if climb.len() < self.start {
            fill_by_sobol(&mut proposal, problem, past);
            return proposal.finish(None);
        }
        climb.sort_by(|a, b| compare(&a.0, &b.0));
        climb.truncate(self.parents.max(1));
        let mut draws = Draws::new(problem.seed, batch.into(), 0);
        proposal.fill(|| {
            let parent = climb[draws.below(climb.len())].1;
            problem.space.mutate(&parent, &mut draws)
        });
        proposal.finish(None)
    }
}
