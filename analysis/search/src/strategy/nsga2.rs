//! NSGA-II over the rows of a search.

use super::batch::Batch;
use super::ranking::constrained;
use super::spread::fill_by_sobol;
use super::{Past, Proposal, Strategy, standing};
use crate::draws::Draws;
use crate::front::selection::tournament;
use crate::problem::Problem;
use crate::space::Design;

/// NSGA-II (Deb et al. 2002) with a population of all rows: the best by rank and crowding breed. Designs that break limits stand
/// behind those that keep to them. A scalar is a front of one objective.
#[derive(Clone, Copy, Debug)]
pub struct Nsga2 {
    /// How many breed; the first so many are spread over the space.
    pub population: usize,
}

impl Default for Nsga2 {
    fn default() -> Self {
        Self { population: 32 }
    }
}

impl Strategy for Nsga2 {
    fn propose(&self, problem: &Problem<'_>, past: &Past<'_>, batch: u32, count: usize) -> Proposal {
        let mut proposal = Batch::new(problem, past, count);
        let rows = past.evaluated;
        if rows.len() < self.population.max(1) {
            fill_by_sobol(&mut proposal, problem, past);
            return proposal.finish(None);
        }
        let points: Vec<_> = rows.iter().map(|row| standing::values_of(problem, row)).collect();
        let broken: Vec<_> = rows.iter().map(|row| standing::broken(problem, row)).collect();
        let breeding = constrained(&points, &broken, self.population.max(1));
        let mut draws = Draws::new(problem.seed, batch.into(), 0);
        proposal.fill(|| {
            let parents = [(); 2].map(|()| tournament(&breeding, &mut draws));
            let [one, other] =
                parents.map(|parent| parent.map_or(rows[0].design, |parent| rows[parent.index].design));
            child(problem, &one, &other, &mut draws)
        });
        proposal.finish(None)
    }
}

/// A changed copy of `one`, or, half of the time, of a cross of both.
pub(super) fn child(problem: &Problem<'_>, one: &Design, other: &Design, draws: &mut Draws) -> Design {
    let child = match draws.chance(0.5) {
        true => problem.space.cross(one, other, draws),
        false => *one,
    };
    problem.space.mutate(&child, draws)
}
