//! Designs from points of the unit cube.
//!
//! Every number of a genome takes a coordinate of its own, always the same one, so that a sequence of points that fills the cube
//! evenly is stratified over depth, widths, feed-forward widths, numbers and kinds of heads, and each variable of the
//! accelerator. Coordinates of layers that a design does not have are left unused.

use crate::shape::HeadKind;
use crate::space::accelerator::{Accelerator, VARIABLES, Variable};
use crate::space::axis::Positions;
use crate::space::design::{Accelerators, Design, Model, Models, Space};
use crate::space::draws::{Draws, place};
use crate::space::transformer::{
    DEPTHS, FEED_FORWARD_WIDTHS, Genome, HEAD_COUNTS, Heads, LONGEST_STACK, LayerGenes, MOST_LAYERS, Stack,
    WIDTHS, multisets,
};

/// Coordinates of the accelerator, which come first; those of axes follow.
const ACCELERATOR: usize = VARIABLES;
/// Coordinates of a layer: width, length and widths of the stack, number of heads, and all kinds but the last, whose number
/// follows.
const OF_A_LAYER: usize = 1 + 1 + LONGEST_STACK + 1 + HeadKind::ALL.len() - 1;

/// The most coordinates that a design takes but for its axes: 156.
pub const MOST_DIMENSIONS: usize = ACCELERATOR + 1 + MOST_LAYERS * OF_A_LAYER;

impl Space {
    /// How many coordinates a point of the space has.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        let accelerator = match self.accelerators {
            Accelerators::Published => ACCELERATOR,
            Accelerators::Fixed => 0,
        };
        accelerator
            + self.axes.len()
            + match self.models {
                Models::Published => MOST_DIMENSIONS - ACCELERATOR,
                Models::Table(_) => 1,
            }
    }

    /// The design at a point of the unit cube: `coordinate(i)` is its coordinate number i, below
    /// [`dimensions`](Self::dimensions), from 0 to below 1. Numbers outside are taken for the nearest end.
    ///
    /// Depth, width, length and widths of a stack, and number of heads are each uniform; so are the multisets of as many heads.
    pub fn of_point(&self, mut coordinate: impl FnMut(usize) -> f64) -> Design {
        let (accelerator, used) = match self.accelerators {
            Accelerators::Published => (Some(accelerator(&mut coordinate)), ACCELERATOR),
            Accelerators::Fixed => (None, 0),
        };
        let axes = self.axes_at(|axis| coordinate(used + axis));
        let used = used + self.axes.len();
        let mut rest = |index: usize| coordinate(used + index);
        let model = match &self.models {
            Models::Published => Model::Genome(genome(&mut rest)),
            Models::Table(table) => Model::Entry(place(rest(0), table.entries().len())),
        };
        Design {
            model,
            accelerator,
            axes,
        }
    }

    fn axes_at(&self, mut coordinate: impl FnMut(usize) -> f64) -> Positions {
        let all = self.axes.iter().enumerate();
        all.fold(Positions::default(), |axes, (index, axis)| {
            axes.with(index, place(coordinate(index), axis.len()))
        })
    }

    /// A design at a random point.
    pub fn random(&self, draws: &mut impl Draws) -> Design {
        self.of_point(|_| draws.unit())
    }

    /// A design of the authors' sampler: uniform over the indices of the published vectors, so that five layers of six have
    /// twelve heads and three feed-forward widths.
    pub fn random_by_index(&self, draws: &mut impl Draws) -> Design {
        let Models::Published = self.models else {
            return self.random(draws);
        };
        let depth = DEPTHS[draws.below(DEPTHS.len())];
        let mut layers = [LayerGenes::first(); MOST_LAYERS];
        for layer in &mut layers[..depth] {
            let width = draws.below(WIDTHS.len());
            let stack = Stack::of_index(draws.below(Stack::ALL as usize) as u32);
            let heads = Heads::of_index(draws.below(Heads::ALL as usize) as u32);
            layer.stack = stack.unwrap_or(layer.stack);
            layer.heads = heads.unwrap_or(layer.heads);
            *layer = layer.with_width(width);
        }
        let genome = Genome::of_layers(&layers[..depth]).expect("the depth is one of the space");
        let accelerator = match self.accelerators {
            Accelerators::Published => Some(accelerator(&mut |_| draws.unit())),
            Accelerators::Fixed => None,
        };
        Design {
            model: Model::Genome(genome),
            accelerator,
            axes: self.axes_at(|_| draws.unit()),
        }
    }
}

fn accelerator(coordinate: &mut impl FnMut(usize) -> f64) -> Accelerator {
    let mut index = 0;
    let positions = Variable::ALL.map(|variable| {
        index += 1;
        place(coordinate(index - 1), variable.values().len())
    });
    Accelerator::of_positions(positions).expect("each position is below the number of values")
}

fn genome(coordinate: &mut impl FnMut(usize) -> f64) -> Genome {
    let depth = DEPTHS[place(coordinate(0), DEPTHS.len())];
    let mut layers = [LayerGenes::first(); MOST_LAYERS];
    for (index, layer) in layers[..depth].iter_mut().enumerate() {
        *layer = layer_at(&mut |place| coordinate(1 + index * OF_A_LAYER + place));
    }
    Genome::of_layers(&layers[..depth]).expect("the depth is one of the space")
}

fn layer_at(coordinate: &mut impl FnMut(usize) -> f64) -> LayerGenes {
    let width = place(coordinate(0), WIDTHS.len());
    let length = 1 + place(coordinate(1), LONGEST_STACK);
    let mut widths = [0; LONGEST_STACK];
    for (index, width) in widths[..length].iter_mut().enumerate() {
        *width = place(coordinate(2 + index), FEED_FORWARD_WIDTHS.len());
    }
    let total = HEAD_COUNTS[place(coordinate(2 + LONGEST_STACK), HEAD_COUNTS.len())];
    let heads = heads_at(total, &mut |kind| coordinate(3 + LONGEST_STACK + kind));
    let mut layer = LayerGenes::first().with_width(width);
    layer.stack = Stack::of_positions(&widths[..length]).unwrap_or(layer.stack);
    layer.heads = heads;
    layer
}

/// A multiset of `total` heads, all equally likely: the number of each kind by its share of the multisets that are left.
fn heads_at(total: u8, coordinate: &mut impl FnMut(usize) -> f64) -> Heads {
    let mut counts = [0; HeadKind::ALL.len()];
    let last = counts.len() - 1;
    let mut left = total;
    for (kind, count) in counts[..last].iter_mut().enumerate() {
        let all = multisets(left, last + 1 - kind);
        let mut rank = place(coordinate(kind), all as usize) as u32;
        // With `count` of this kind, so many multisets of the later kinds fill the rest.
        while *count < left {
            let block = multisets(left - *count, last - kind);
            if rank < block {
                break;
            }
            rank -= block;
            *count += 1;
        }
        left -= *count;
    }
    counts[last] = left;
    Heads::of_counts(counts).expect("the kinds make up the number of heads")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::draws::tests::Dice;

    #[test]
    fn every_coordinate_is_used_once_and_by_the_deepest_design() {
        let space = Space::published();
        assert_eq!(space.dimensions(), MOST_DIMENSIONS);
        let mut used = [0; MOST_DIMENSIONS];
        let design = space.of_point(|index| {
            used[index] += 1;
            0.999_999
        });
        assert_eq!(used, [1; MOST_DIMENSIONS]);
        let Model::Genome(genome) = design.model else {
            panic!()
        };
        assert_eq!((genome.len(), genome.layers()[11].hidden()), (12, 768));
        assert_eq!(genome.layers()[11].stack.widths(), [4096; 3]);
    }

    #[test]
    fn samples_cover_each_variable_evenly() {
        let (space, mut dice) = (Space::published(), Dice(7));
        let (mut depths, mut totals, mut alone) = ([0; 6], [0; 4], 0);
        for _ in 0..2_000 {
            let Model::Genome(genome) = space.random(&mut dice).model else {
                panic!()
            };
            depths[genome.depth_position()] += 1;
            for layer in genome.layers() {
                totals[layer.heads.position()] += 1;
                alone += usize::from(layer.heads.counts().contains(&2) && layer.heads.total() == 2);
            }
        }
        assert!(
            depths.iter().all(|&count| (250..420).contains(&count)),
            "{depths:?}"
        );
        let layers: usize = totals.iter().sum();
        assert!(
            totals.iter().all(|&count| count * 4 > layers * 9 / 10),
            "{totals:?}"
        );
        // Of the 28 multisets of two heads seven are of one kind.
        assert!(
            (alone as f64 / totals[0] as f64 - 0.25).abs() < 0.03,
            "{alone} of {totals:?}"
        );
    }

    #[test]
    fn the_authors_sampler_has_twelve_heads_nearly_always() {
        let (space, mut dice) = (Space::published(), Dice(3));
        let mut totals = [0; 4];
        for _ in 0..2_000 {
            let Model::Genome(genome) = space.random_by_index(&mut dice).model else {
                panic!()
            };
            for layer in genome.layers() {
                totals[layer.heads.position()] += 1;
            }
        }
        let share = f64::from(totals[3]) / f64::from(totals.iter().sum::<i32>());
        assert!((share - 0.851).abs() < 0.01, "{share}");
    }
}
