//! Small changes of a design.
//!
//! A variable with an order is moved by one step in seven cases of ten, else anywhere. Of changes to a layer, a quarter is made
//! to all layers alike: good transformers have many equal layers. A transformer that grows gets copies of its own layers.

use crate::shape::HeadKind;
use crate::space::accelerator::{Accelerator, Variable};
use crate::space::design::{Design, Model, Models, Space, Table};
use crate::space::draws::Draws;
use crate::space::transformer::{
    DEPTHS, FEED_FORWARD_WIDTHS, Genome, HEAD_COUNTS, LONGEST_STACK, LayerGenes, WIDTHS,
};

/// How often a variable with an order moves by one step.
const STEP: f64 = 0.7;
/// How often a change of a layer is made to all.
const ALIKE: f64 = 0.25;
/// How often one change is followed by another.
const AGAIN: f64 = 0.3;
/// Of changes to a transformer, how often its number of layers changes.
const DEPTH: f64 = 0.15;
/// Of a table, how many of the nearest a step may lead to.
const NEAR: usize = 3;
/// Where a design has neighbours, one is found in far fewer tries.
const TRIES: usize = 100;

impl Space {
    /// `design` with one change, or a few: half of them to the transformer, half to the accelerator and the axes, if both vary. The same
    /// design only if the space has no other.
    pub fn mutate(&self, design: &Design, draws: &mut impl Draws) -> Design {
        let mut changed = *design;
        for _ in 0..TRIES {
            self.change(&mut changed, draws);
            while draws.unit() < AGAIN {
                self.change(&mut changed, draws);
            }
            if changed != *design {
                break;
            }
        }
        changed
    }

    fn change(&self, design: &mut Design, draws: &mut impl Draws) {
        let model_varies = match &self.models {
            Models::Published => true,
            Models::Table(table) => table.entries().len() > 1,
        };
        let machine_varies = design.accelerator.is_some() || !self.axes.is_empty();
        if machine_varies && (!model_varies || draws.below(2) == 0) {
            self.change_machine(design, draws);
            return;
        }
        match (&mut design.model, &self.models) {
            (Model::Genome(genome), _) => *genome = change_genome(*genome, draws),
            (Model::Entry(entry), Models::Table(table)) => *entry = change_entry(*entry, table, draws),
            (Model::Entry(_), Models::Published) => {}
        }
    }

    /// Changes a variable of the accelerator, or an axis, all equally likely.
    fn change_machine(&self, design: &mut Design, draws: &mut impl Draws) {
        let variables = design.accelerator.map_or(0, |_| Variable::ALL.len());
        let chosen = draws.below(variables + self.axes.len());
        match (&mut design.accelerator, Variable::ALL.get(chosen)) {
            (Some(accelerator), Some(&variable)) => {
                *accelerator = change_variable(*accelerator, variable, draws);
            }
            _ => {
                let index = chosen - variables;
                if let Some(axis) = self.axes.get(index) {
                    let position = changed(design.axes.of(index), axis.len(), axis.is_ordinal(), draws);
                    design.axes = design.axes.with(index, position);
                }
            }
        }
    }
}

/// Another position of `count`: as [`moved`], or any other if they have no order.
fn changed(position: usize, count: usize, is_ordinal: bool, draws: &mut impl Draws) -> usize {
    match is_ordinal {
        true => moved(position, count, draws),
        false if count < 2 => position,
        false => other(position, count, draws),
    }
}

/// Another position of `count`: a neighbour of `position`, or any other; `position` itself if there is no other.
fn moved(position: usize, count: usize, draws: &mut impl Draws) -> usize {
    if count < 2 {
        return position;
    }
    if draws.unit() < STEP {
        let up = draws.below(2) == 1;
        // At an end there is one way only.
        let up = (up || position == 0) && position + 1 < count;
        return if up { position + 1 } else { position - 1 };
    }
    other(position, count, draws)
}

/// Any other position of `count`, which are at least two.
fn other(position: usize, count: usize, draws: &mut impl Draws) -> usize {
    let drawn = draws.below(count - 1);
    drawn + usize::from(drawn >= position)
}

fn change_variable(accelerator: Accelerator, variable: Variable, draws: &mut impl Draws) -> Accelerator {
    let (position, count) = (accelerator.position(variable), variable.values().len());
    let position = changed(position, count, variable.is_ordinal(), draws);
    accelerator.with(variable, position)
}

fn change_entry(entry: usize, table: &Table, draws: &mut impl Draws) -> usize {
    let nearest = table.nearest(entry);
    let near = if draws.unit() < STEP { NEAR } else { nearest.len() };
    let chosen = draws.below(near.min(nearest.len()));
    nearest.get(chosen).copied().unwrap_or(entry)
}

fn change_genome(mut genome: Genome, draws: &mut impl Draws) -> Genome {
    if draws.unit() < DEPTH {
        let depth = moved(genome.depth_position(), DEPTHS.len(), draws);
        return genome.resized(depth, |layers| draws.below(layers));
    }
    let gene = Gene::ALL[draws.below(Gene::ALL.len())];
    let chosen = draws.below(genome.len());
    let alike = draws.unit() < ALIKE;
    let changed = gene.changed(genome.layers()[chosen], draws);
    for (index, layer) in genome.layers_mut().iter_mut().enumerate() {
        if alike || index == chosen {
            gene.copy(&changed, layer);
        }
    }
    genome
}

/// A part of a layer that is changed by itself.
#[derive(Clone, Copy)]
enum Gene {
    Width,
    /// The number of feed-forward widths.
    Length,
    /// One feed-forward width.
    FeedForward,
    /// The number of heads.
    HeadCount,
    /// The kind of one head, or of all.
    HeadKinds,
}

impl Gene {
    const ALL: [Self; 5] = [
        Self::Width,
        Self::Length,
        Self::FeedForward,
        Self::HeadCount,
        Self::HeadKinds,
    ];

    fn changed(self, mut layer: LayerGenes, draws: &mut impl Draws) -> LayerGenes {
        match self {
            Self::Width => layer = layer.with_width(moved(layer.width_position(), WIDTHS.len(), draws)),
            Self::Length => {
                let length = 1 + moved(layer.stack.len() - 1, LONGEST_STACK, draws);
                layer.stack = layer.stack.resized(length);
            }
            Self::FeedForward => {
                let place = draws.below(layer.stack.len());
                let position = moved(layer.stack.position(place), FEED_FORWARD_WIDTHS.len(), draws);
                layer.stack = layer.stack.with_position(place, position);
            }
            Self::HeadCount => {
                let position = moved(layer.heads.position(), HEAD_COUNTS.len(), draws);
                layer.heads = layer.heads.resized(position, |heads| draws.below(heads));
            }
            Self::HeadKinds => {
                let (total, all) = (usize::from(layer.heads.total()), draws.unit() >= STEP);
                let from = layer.heads.kind(draws.below(total));
                let to = HeadKind::ALL[other(from as usize, HeadKind::ALL.len(), draws)];
                for _ in 0..if all {
                    layer.heads.counts()[from as usize]
                } else {
                    1
                } {
                    layer.heads = layer.heads.with_changed(from, to);
                }
            }
        }
        layer
    }

    /// Copies this part of `from` to `to`; of the stack and of the heads all of it.
    fn copy(self, from: &LayerGenes, to: &mut LayerGenes) {
        match self {
            Self::Width => *to = to.with_width(from.width_position()),
            Self::Length | Self::FeedForward => to.stack = from.stack,
            Self::HeadCount | Self::HeadKinds => to.heads = from.heads,
        }
    }
}

#[cfg(test)]
mod tests {
    use scenarios::transformer::Transformer;

    use super::*;
    use crate::space::Axis;
    use crate::space::design::Accelerators;
    use crate::space::draws::tests::Dice;

    #[test]
    fn steps_are_seven_of_ten() {
        let mut dice = Dice(5);
        let moves: Vec<usize> = (0..10_000).map(|_| moved(3, 11, &mut dice)).collect();
        assert!(moves.iter().all(|&position| position != 3 && position < 11));
        let near = moves
            .iter()
            .filter(|&&position| position.abs_diff(3) == 1)
            .count();
        // A jump leads to a neighbour in two cases of ten.
        assert!((7_400..7_800).contains(&near), "{near}");
        assert!((0..100).all(|_| moved(0, 2, &mut dice) == 1 && moved(1, 2, &mut dice) == 0));
        assert_eq!(moved(0, 1, &mut dice), 0);
    }

    #[test]
    fn changes_reach_all_of_the_space_and_stay_in_it() {
        let (space, mut dice) = (Space::published(), Dice(2));
        let mut design = space.random(&mut dice);
        let (mut depths, mut memories) = ([false; 6], [false; 11]);
        for _ in 0..5_000 {
            let changed = space.mutate(&design, &mut dice);
            assert_ne!(changed, design);
            let (Model::Genome(genome), Some(accelerator)) = (changed.model, changed.accelerator) else {
                panic!()
            };
            assert_eq!(Genome::of_vector(&genome.to_vector()), Ok(genome));
            let numbers = accelerator.numbers().map(f64::from);
            assert_eq!(Accelerator::of_numbers(&numbers), Ok(accelerator));
            depths[genome.depth_position()] = true;
            memories[accelerator.position(Variable::Memory)] = true;
            design = changed;
        }
        assert_eq!((depths, memories), ([true; 6], [true; 11]));
    }

    #[test]
    fn what_is_fixed_stays() {
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let one = || Models::Table(Table::new(vec![tiny.clone()]).unwrap());
        let mut dice = Dice(9);
        let machine = Space {
            models: one(),
            accelerators: Accelerators::Published,
            axes: Vec::new(),
        };
        let design = machine.random(&mut dice);
        let changed = machine.mutate(&design, &mut dice);
        assert!(changed.model == design.model && changed.accelerator != design.accelerator);
        let nothing = Space {
            models: one(),
            accelerators: Accelerators::Fixed,
            axes: Vec::new(),
        };
        let design = nothing.random(&mut dice);
        assert_eq!(nothing.mutate(&design, &mut dice), design);
        let transformers = Space {
            models: Models::Published,
            accelerators: Accelerators::Fixed,
            axes: Vec::new(),
        };
        let design = transformers.random(&mut dice);
        let changed = transformers.mutate(&design, &mut dice);
        assert!(changed.model != design.model && changed.accelerator.is_none());
    }

    #[test]
    fn axes_alone_are_a_space() {
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let space = Space {
            models: Models::Table(Table::new(vec![tiny]).unwrap()),
            accelerators: Accelerators::Fixed,
            axes: vec![
                Axis::ordered("clock", vec![1.0, 2.0, 3.0, 4.0, 5.0]).unwrap(),
                Axis::listed("policy", 3).unwrap(),
                Axis::listed("seed", 1).unwrap(),
            ],
        };
        assert_eq!((space.dimensions(), space.count()), (4, 15.0));
        let mut dice = Dice(3);
        let mut seen = std::collections::BTreeSet::new();
        let mut design = space.random(&mut dice);
        for _ in 0..300 {
            let parents = (design, space.random(&mut dice));
            design = space.mutate(&space.cross(&parents.0, &parents.1, &mut dice), &mut dice);
            assert!(design.axes.of(0) < 5 && design.axes.of(1) < 3 && design.axes.of(2) == 0);
            seen.insert(design);
        }
        assert_eq!(seen.len(), 15);
    }

    #[test]
    fn the_same_draws_give_the_same_designs() {
        let space = Space::published();
        let walk = || {
            let mut dice = Dice(11);
            let mut design = space.random(&mut dice);
            for _ in 0..50 {
                design = space.mutate(&design, &mut dice);
            }
            design
        };
        assert_eq!(walk(), walk());
    }
}
