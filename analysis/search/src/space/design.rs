//! A design, and the space that a study searches.

use scenarios::Scenario;
use scenarios::transformer::Transformer;

use super::accelerator::Accelerator;
use super::axis::{Axis, Positions};
use super::transformer::{DEPTHS, Genome};
use crate::shape::{LayerShape, encoder_weights, shapes};

/// The transformer of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(
    clippy::large_enum_variant,
    reason = "a space has one kind or the other, and copies need no allocation"
)]
pub enum Model {
    /// One of the published space.
    Genome(Genome),
    /// The one with this number in the space's table.
    Entry(usize),
}

/// A design: a transformer, an accelerator, and a position on each axis. It is a value without allocations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Design {
    /// The transformer.
    pub model: Model,
    /// The accelerator; `None` is that of the scenario that the study is based on.
    pub accelerator: Option<Accelerator>,
    /// Where it stands on each axis of the space.
    pub axes: Positions,
}

/// The transformers of a space.
#[derive(Clone, Debug, PartialEq)]
pub enum Models {
    /// All of the published space.
    Published,
    /// Those of a table; a fixed transformer is a table of one.
    Table(Table),
}

/// Transformers to choose from, each with the others in order of likeness.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    entries: Vec<Transformer>,
    /// For each entry the others, the most alike first.
    nearest: Vec<Vec<usize>>,
}

/// Whether the accelerator is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accelerators {
    /// All of the published space.
    Published,
    /// That of the scenario that the study is based on.
    Fixed,
}

/// The designs that a study chooses from.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    /// The transformers.
    pub models: Models,
    /// The accelerators.
    pub accelerators: Accelerators,
    /// What else varies: at most [`MOST_AXES`](super::MOST_AXES) axes; those beyond stay at their first value.
    pub axes: Vec<Axis>,
}

impl Table {
    /// The transformers to choose from; `None` if there are none.
    #[must_use]
    pub fn new(entries: Vec<Transformer>) -> Option<Self> {
        let likeness: Vec<_> = entries.iter().map(coordinates).collect();
        let nearest = |entry: usize| {
            let mut others: Vec<usize> = (0..entries.len()).filter(|&other| other != entry).collect();
            let distance = |&other: &usize| distance(&likeness[entry], &likeness[other]);
            others.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then(a.cmp(b)));
            others
        };
        let nearest = (0..entries.len()).map(nearest).collect();
        (!entries.is_empty()).then_some(Self { entries, nearest })
    }

    /// The transformers.
    #[must_use]
    pub fn entries(&self) -> &[Transformer] {
        &self.entries
    }

    /// The other entries, the most alike first.
    #[must_use]
    pub fn nearest(&self, entry: usize) -> &[usize] {
        self.nearest.get(entry).map_or(&[], Vec::as_slice)
    }

    /// The transformer with this number; the last for all beyond.
    fn entry(&self, entry: usize) -> &Transformer {
        &self.entries[entry.min(self.entries.len() - 1)]
    }
}

/// Where a transformer lies among others: weights, depth and mean width, each as a logarithm to base 2, and the shares of
/// attention heads and of convolutions, times four, so that another kind of head counts as two doublings.
fn coordinates(transformer: &Transformer) -> [f64; 5] {
    let shapes = || shapes(transformer);
    let layers = shapes().count().max(1) as f64;
    let sum = |part: &dyn Fn(&LayerShape<'_>) -> f64| shapes().map(|shape| part(&shape)).sum::<f64>();
    let heads = sum(&|shape| shape.attention.count + f64::from(shape.transforms + shape.convolutions));
    [
        encoder_weights(shapes()).max(1.0).log2(),
        layers.log2(),
        (sum(&|shape| f64::from(shape.hidden)) / layers).max(1.0).log2(),
        4.0 * sum(&|shape| shape.attention.count) / heads.max(1.0),
        4.0 * sum(&|shape| f64::from(shape.convolutions)) / heads.max(1.0),
    ]
}

fn distance(from: &[f64; 5], to: &[f64; 5]) -> f64 {
    from.iter().zip(to).map(|(from, to)| (from - to).powi(2)).sum()
}

impl Space {
    /// The whole published space: 1.25e95 designs.
    #[must_use]
    pub fn published() -> Self {
        Self {
            models: Models::Published,
            accelerators: Accelerators::Published,
            axes: Vec::new(),
        }
    }

    /// How many designs there are.
    #[must_use]
    pub fn count(&self) -> f64 {
        let models = match &self.models {
            Models::Published => DEPTHS.map(Genome::count_of).iter().sum(),
            Models::Table(table) => table.entries.len() as f64,
        };
        let accelerators = match self.accelerators {
            Accelerators::Published => Accelerator::count() as f64,
            Accelerators::Fixed => 1.0,
        };
        let axes: f64 = self.axes.iter().map(|axis| axis.len() as f64).product();
        models * accelerators * axes
    }

    /// The transformer of a design.
    #[must_use]
    pub fn transformer(&self, design: &Design) -> Transformer {
        match &design.model {
            Model::Genome(genome) => genome.to_transformer(),
            Model::Entry(entry) => self.entry(*entry).cloned().unwrap_or_default(),
        }
    }

    /// The transformer with this number in the space's table; the last for all beyond, `None` if it has no table.
    #[must_use]
    pub fn entry(&self, entry: usize) -> Option<&Transformer> {
        match &self.models {
            Models::Published => None,
            Models::Table(table) => Some(table.entry(entry)),
        }
    }

    /// The shapes of the layers of a design's transformer, first to last, without building it.
    pub fn shapes<'a>(&'a self, design: &'a Design) -> impl Iterator<Item = LayerShape<'a>> + Clone {
        let (genome, entry) = match &design.model {
            Model::Genome(genome) => (Some(genome.shapes()), None),
            Model::Entry(entry) => (None, self.entry(*entry).map(shapes)),
        };
        genome.into_iter().flatten().chain(entry.into_iter().flatten())
    }

    /// Puts transformer and accelerator of a design into the scenario that the study is based on. What its axes say is up to
    /// the study.
    pub fn apply(&self, design: &Design, scenario: &mut Scenario) {
        scenario.workload.transformer = self.transformer(design);
        if let Some(accelerator) = &design.accelerator {
            accelerator.apply(scenario);
        }
    }

    /// The genome of a design's transformer, if the published space has it.
    #[must_use]
    pub fn genome(&self, design: &Design) -> Option<Genome> {
        match &design.model {
            Model::Genome(genome) => Some(*genome),
            Model::Entry(entry) => Genome::of_transformer(self.entry(*entry)?).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_space_is_as_large_as_published() {
        let count = Space::published().count();
        assert!((count / 1.25e95 - 1.0).abs() < 0.01, "{count:e}");
    }

    #[test]
    fn the_nearest_of_a_table_come_first() {
        let names = ["bert-base", "bert-tiny", "bert-medium", "bert-mini", "bert-small"];
        let table = Table::new(names.map(|name| Transformer::shipped(name).unwrap()).to_vec()).unwrap();
        assert_eq!(table.nearest(1), [3, 4, 2, 0]);
        assert_eq!(table.nearest(0), [2, 4, 3, 1]);
        assert_eq!(table.nearest(5), [0; 0]);
        assert_eq!(Table::new(Vec::new()), None);
    }

    #[test]
    fn a_design_gives_the_shapes_of_its_transformer() {
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let genome = Genome::of_transformer(&tiny).unwrap();
        let space = Space {
            models: Models::Table(Table::new(vec![tiny.clone()]).unwrap()),
            accelerators: Accelerators::Fixed,
            axes: Vec::new(),
        };
        assert_eq!(space.count(), 1.0);
        for model in [Model::Genome(genome), Model::Entry(0)] {
            let design = Design {
                model,
                accelerator: None,
                axes: Positions::default(),
            };
            assert_eq!(space.transformer(&design), tiny);
            assert_eq!(space.genome(&design), Some(genome));
            assert!(space.shapes(&design).eq(tiny.layers.iter().map(LayerShape::of)));
        }
    }
}
