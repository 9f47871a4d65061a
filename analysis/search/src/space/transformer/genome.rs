//! A transformer of the published space.

use std::fmt;

use super::LayerGenes;
use crate::shape::LayerShape;

/// The numbers of layers, in order.
pub const DEPTHS: [usize; 6] = [2, 4, 6, 8, 10, 12];

/// The most layers.
pub const MOST_LAYERS: usize = 12;

/// A transformer of the published space, in the form that strategies step through.
///
/// It is a value without allocations, about 300 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Genome {
    depth: u8,
    /// The layers; from the depth on, [`LayerGenes::first`], so that equal genomes are equal.
    layers: [LayerGenes; MOST_LAYERS],
}

impl Genome {
    /// The transformer of these layers; `None` if it is not one of [`DEPTHS`] how many they are.
    #[must_use]
    pub fn of_layers(layers: &[LayerGenes]) -> Option<Self> {
        let depth = DEPTHS.iter().position(|&depth| depth == layers.len())?;
        let mut all = [LayerGenes::first(); MOST_LAYERS];
        all[..layers.len()].copy_from_slice(layers);
        Some(Self {
            depth: depth as u8,
            layers: all,
        })
    }

    /// The layers, first to last.
    #[must_use]
    pub fn layers(&self) -> &[LayerGenes] {
        &self.layers[..self.len()]
    }

    /// The layers, to be changed.
    pub fn layers_mut(&mut self) -> &mut [LayerGenes] {
        let length = self.len();
        &mut self.layers[..length]
    }

    /// How many layers there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a genome is never empty")]
    pub fn len(&self) -> usize {
        DEPTHS[self.depth_position()]
    }

    /// The position of the number of layers in [`DEPTHS`].
    #[must_use]
    pub fn depth_position(&self) -> usize {
        usize::from(self.depth)
    }

    /// As many layers as `position` in [`DEPTHS`] says; itself if there is no such position. `choose(n)` gives the number,
    /// below `n`, of a layer of which a copy is put behind it, or which is left out, until there are as many.
    #[must_use]
    pub fn resized(self, position: usize, mut choose: impl FnMut(usize) -> usize) -> Self {
        let Some(&wanted) = DEPTHS.get(position) else {
            return self;
        };
        let mut layers = self.layers().to_vec();
        while layers.len() != wanted {
            let chosen = choose(layers.len()).min(layers.len() - 1);
            if layers.len() < wanted {
                layers.insert(chosen, layers[chosen]);
            } else {
                layers.remove(chosen);
            }
        }
        Self::of_layers(&layers).unwrap_or(self)
    }

    /// The shapes of the layers, first to last.
    pub fn shapes(&self) -> impl Iterator<Item = LayerShape<'_>> + Clone {
        self.layers().iter().map(LayerGenes::shape)
    }

    /// The transformer with this number: first those of two layers, then those of four, and so on. Numbers of 128 bits hold those
    /// of up to four layers, and some of six.
    #[must_use]
    pub(crate) fn nth(number: u128) -> Option<Self> {
        let mut number = number;
        for depth in DEPTHS {
            let all = u128::from(LayerGenes::ALL).checked_pow(depth as u32);
            match all {
                Some(all) if number >= all => number -= all,
                _ => return Self::of_digits(depth, number),
            }
        }
        None
    }

    /// The transformer of `depth` layers with this number, of which the last layer counts fastest.
    fn of_digits(depth: usize, mut number: u128) -> Option<Self> {
        let mut layers = [LayerGenes::first(); MOST_LAYERS];
        for layer in layers[..depth].iter_mut().rev() {
            let all = u128::from(LayerGenes::ALL);
            *layer = LayerGenes::nth((number % all) as u64)?;
            number /= all;
        }
        Self::of_layers(&layers[..depth])
    }

    /// How many transformers of `layers` layers there are; 0 if the space has none.
    #[must_use]
    pub fn count_of(layers: usize) -> f64 {
        match DEPTHS.contains(&layers) {
            true => (LayerGenes::ALL as f64).powi(layers as i32),
            false => 0.0,
        }
    }
}

impl fmt::Debug for Genome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.layers()).finish()
    }
}
