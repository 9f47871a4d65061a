//! A batch for a scalar: evolution on what is believed.

use std::collections::BTreeSet;

use super::super::batch::{Batch, Offer};
use super::super::nsga2::child;
use super::super::{Past, standing};
use super::GreyBox;
use super::beliefs::Beliefs;
use super::candidate::{Candidate, candidates};
use crate::draws::Draws;
use crate::problem::Problem;
use crate::space::Design;

/// Takes so many of the best designs that are found, and the least sure of the others.
pub(super) fn propose(
    settings: &GreyBox,
    beliefs: &Beliefs<'_>,
    past: &Past<'_>,
    batch: u32,
    [chosen, unsure]: [usize; 2],
    proposal: &mut Batch<'_>,
) {
    let unsure = unsure.min(chosen / 2);
    let found = evolve(settings, beliefs, past, batch);
    let mut rest: Vec<&Candidate> = Vec::new();
    let mut left = chosen - unsure;
    for candidate in &found {
        match left {
            0 => rest.push(candidate),
            _ => left -= usize::from(proposal.offer(candidate.design) == Offer::Taken),
        }
    }
    rest.sort_by(|a, b| (a.broken.total_cmp(&b.broken)).then(b.unsure.total_cmp(&a.unsure)));
    proposal.offer_all(rest.iter().map(|candidate| candidate.design), left + unsure);
}

/// The last generation, the best first.
fn evolve(settings: &GreyBox, beliefs: &Beliefs<'_>, past: &Past<'_>, batch: u32) -> Vec<Candidate> {
    let [size, generations] = settings.climb;
    let hopes = settings.hopes(settings.optimism);
    let problem = beliefs.problem;
    let mut draws = Draws::new(problem.seed, batch.into(), 0);
    let mut seen: BTreeSet<Design> = BTreeSet::new();
    let first: Vec<Design> = (beginning(problem, past, size, &mut draws).into_iter())
        .filter(|design| seen.insert(*design))
        .collect();
    let mut population = candidates(beliefs, &first, hopes);
    population.sort_by(Candidate::compare);
    for _ in 0..generations {
        let children = children(problem, &population, size, &mut seen, &mut draws);
        population.extend(candidates(beliefs, &children, hopes));
        population.sort_by(Candidate::compare);
        population.truncate(size);
    }
    population
}

/// The best rows, and as many designs at random.
fn beginning(problem: &Problem<'_>, past: &Past<'_>, size: usize, draws: &mut Draws) -> Vec<Design> {
    let mut rows: Vec<(f64, f64, Design)> = (past.evaluated.iter())
        .map(|row| {
            (
                standing::broken(problem, row),
                standing::scalar_of(problem, row),
                row.design,
            )
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let rows = rows.into_iter().take(size / 2).map(|(_, _, design)| design);
    let mut designs: Vec<Design> = rows.collect();
    designs.extend((designs.len()..size).map(|_| problem.space.random(draws)));
    designs
}

/// Up to `size` children that nobody has seen.
fn children(
    problem: &Problem<'_>,
    population: &[Candidate],
    size: usize,
    seen: &mut BTreeSet<Design>,
    draws: &mut Draws,
) -> Vec<Design> {
    let mut children = Vec::with_capacity(size);
    for _ in 0..4 * size {
        if children.len() == size {
            break;
        }
        // The population is in order: of two places, the first is the better.
        let mut parent =
            || population[draws.below(population.len()).min(draws.below(population.len()))].design;
        let parents = [parent(), parent()];
        let child = child(problem, &parents[0], &parents[1], draws);
        if seen.insert(child) {
            children.push(child);
        }
    }
    children
}
