//! A design of two.

use crate::space::accelerator::{Accelerator, Variable};
use crate::space::design::{Design, Model, Space};
use crate::space::draws::Draws;
use crate::space::transformer::{Genome, LayerGenes};

impl Space {
    /// A design with each variable of the accelerator, each axis, the number of layers, and each layer from either parent. Layers that
    /// only one parent has come from that one; of a table, the transformer of either.
    pub fn cross(&self, one: &Design, other: &Design, draws: &mut impl Draws) -> Design {
        let model = match (&one.model, &other.model) {
            (Model::Genome(one), Model::Genome(other)) => Model::Genome(genomes(one, other, draws)),
            (one, other) => *either(one, other, draws),
        };
        let accelerator = match (&one.accelerator, &other.accelerator) {
            (Some(one), Some(other)) => Some(accelerators(one, other, draws)),
            (one, other) => one.or(*other),
        };
        let axes = (0..self.axes.len()).fold(one.axes, |axes, axis| {
            axes.with(axis, either(one, other, draws).axes.of(axis))
        });
        Design {
            model,
            accelerator,
            axes,
        }
    }
}

fn either<'a, T>(one: &'a T, other: &'a T, draws: &mut impl Draws) -> &'a T {
    if draws.below(2) == 0 { one } else { other }
}

fn accelerators(one: &Accelerator, other: &Accelerator, draws: &mut impl Draws) -> Accelerator {
    Variable::ALL.into_iter().fold(*one, |child, variable| {
        child.with(variable, either(one, other, draws).position(variable))
    })
}

fn genomes(one: &Genome, other: &Genome, draws: &mut impl Draws) -> Genome {
    let depth = either(one, other, draws);
    let mut child = *depth;
    for (index, layer) in child.layers_mut().iter_mut().enumerate() {
        *layer = match (one.layers().get(index), other.layers().get(index)) {
            (Some(one), Some(other)) => layers(one, other, draws),
            (Some(only), None) | (None, Some(only)) => *only,
            (None, None) => *layer,
        };
    }
    child
}

/// A whole layer of either parent, so that width, heads and feed-forward widths that go together stay together.
fn layers(one: &LayerGenes, other: &LayerGenes, draws: &mut impl Draws) -> LayerGenes {
    *either(one, other, draws)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::draws::tests::Dice;

    #[test]
    fn a_child_has_only_what_its_parents_have() {
        let (space, mut dice) = (Space::published(), Dice(1));
        for _ in 0..200 {
            let (one, other) = (space.random(&mut dice), space.random(&mut dice));
            let child = space.cross(&one, &other, &mut dice);
            let parents = [one, other];
            for variable in Variable::ALL {
                let of = |design: &Design| design.accelerator.unwrap().position(variable);
                assert!(parents.iter().any(|parent| of(parent) == of(&child)));
            }
            let genome = |design: &Design| match design.model {
                Model::Genome(genome) => genome,
                Model::Entry(_) => panic!(),
            };
            let child = genome(&child);
            assert!(parents.iter().any(|parent| genome(parent).len() == child.len()));
            for (index, layer) in child.layers().iter().enumerate() {
                let known = |parent: &Design| genome(parent).layers().get(index) == Some(layer);
                assert!(parents.iter().any(known));
            }
        }
    }
}
