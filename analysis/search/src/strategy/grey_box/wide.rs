//! A batch for a front: NSGA-II on what is believed, and of what it finds the designs that widen the front most.

use std::collections::BTreeSet;

use super::super::batch::Batch;
use super::super::nsga2::child;
use super::super::ranking::constrained;
use super::super::{Past, standing};
use super::GreyBox;
use super::beliefs::Beliefs;
use super::candidate::{Candidate, candidates};
use crate::draws::Draws;
use crate::front::hypervolume::{Covered, choose};
use crate::front::selection::{Survivor, tournament};
use crate::problem::Problem;
use crate::space::Design;

/// Of a batch, how many more designs are chosen, in case that some are refused.
const SPARE: usize = 4;

/// Takes so many of the designs found.
pub(super) fn propose(
    settings: &GreyBox,
    beliefs: &Beliefs<'_>,
    past: &Past<'_>,
    batch: u32,
    chosen: usize,
    proposal: &mut Batch<'_>,
) {
    let found = evolve(settings, beliefs, past, batch);
    let new: Vec<&Candidate> = (found.iter())
        .filter(|candidate| candidate.broken == 0.0 && !proposal.knows(&candidate.design))
        .collect();
    let Some(terms) = found.first().map(|candidate| candidate.hoped.len()) else {
        return;
    };
    let mut front = Covered::new(&vec![1.0; terms]);
    for row in past.evaluated.iter().filter(|row| row.keeps_limits) {
        front.add(&standing::values_of(beliefs.problem, row));
    }
    let points: Vec<&[f64]> = new.iter().map(|candidate| candidate.as_ref()).collect();
    let widening = choose(&mut front, &points, chosen + SPARE * chosen);
    let before = proposal.missing();
    proposal.offer_all(widening.iter().map(|choice| new[choice.index].design), chosen);
    // Where nothing widens the front, those that stand best.
    let left = chosen - (before - proposal.missing());
    proposal.offer_all(found.iter().map(|candidate| candidate.design), left);
}

/// The last generation, the best ranks first.
fn evolve(settings: &GreyBox, beliefs: &Beliefs<'_>, past: &Past<'_>, batch: u32) -> Vec<Candidate> {
    let [size, generations] = settings.wide;
    let hopes = settings.hopes(settings.front_optimism);
    let problem = beliefs.problem;
    let mut draws = Draws::new(problem.seed, batch.into(), 0);
    let mut seen: BTreeSet<Design> = BTreeSet::new();
    let first: Vec<Design> = (first(problem, past, size, &mut draws).into_iter())
        .filter(|design| seen.insert(*design))
        .collect();
    let (mut population, mut ranks) = select(candidates(beliefs, &first, hopes), size);
    for _ in 0..generations {
        let mut children = Vec::with_capacity(size);
        for _ in 0..4 * size {
            let parents = [(); 2].map(|()| tournament(&ranks, &mut draws));
            let [Some(one), Some(other)] = parents else { break };
            let (one, other) = (&population[one.index].design, &population[other.index].design);
            let child = child(problem, one, other, &mut draws);
            if seen.insert(child) {
                children.push(child);
            }
            if children.len() == size {
                break;
            }
        }
        population.extend(candidates(beliefs, &children, hopes));
        (population, ranks) = select(population, size);
    }
    population
}

/// The front's rows, up to half of the designs, and others at random.
fn first(problem: &Problem<'_>, past: &Past<'_>, size: usize, draws: &mut Draws) -> Vec<Design> {
    let rows = past.evaluated;
    let points: Vec<_> = rows.iter().map(|row| standing::values_of(problem, row)).collect();
    let broken: Vec<_> = rows.iter().map(|row| standing::broken(problem, row)).collect();
    let best = constrained(&points, &broken, size / 2);
    let mut designs: Vec<Design> = best.iter().map(|member| rows[member.index].design).collect();
    designs.extend((designs.len()..size).map(|_| problem.space.random(draws)));
    designs
}

/// The `size` best of `population`, in order, and their ranks.
fn select(population: Vec<Candidate>, size: usize) -> (Vec<Candidate>, Vec<Survivor>) {
    let broken: Vec<f64> = population.iter().map(|candidate| candidate.broken).collect();
    let survivors = constrained(&population, &broken, size);
    let best = survivors
        .iter()
        .map(|member| population[member.index].clone())
        .collect();
    let ranks = survivors.iter().enumerate();
    let ranks = ranks.map(|(index, member)| Survivor { index, ..*member });
    (best, ranks.collect())
}
