//! The 37 numbers of a transformer.
//!
//! Number 0 is the position of the number of layers among 2, 4, .. 12. Layer i has number 3i + 1, the position of its width;
//! 3i + 2, the index of its feed-forward widths; 3i + 3, that of its heads. The numbers of unused layers are 0.

use thiserror::Error;

use super::{DEPTHS, Genome, HEAD_COUNTS, Heads, LayerGenes, MOST_LAYERS, Stack, WIDTHS};

/// How many numbers describe a transformer.
pub const VECTOR_LENGTH: usize = 1 + 3 * MOST_LAYERS;

/// What is wrong with the numbers of a transformer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VectorError {
    /// There are more or fewer than 37.
    #[error(
        "a transformer is a vector of 37 numbers, not of {0}: the position of its number of layers, then width, \
         feed-forward widths and heads of twelve layers, those of unused layers being 0"
    )]
    Length(usize),
    /// A number is too large.
    #[error(
        "number {index} of the vector (from 0), {what}, cannot be {found}: 0 to {most} are accepted, {meaning}"
    )]
    Number {
        /// Its place, from 0.
        index: usize,
        /// What it is.
        what: String,
        /// What was found.
        found: u32,
        /// The largest that is accepted.
        most: u32,
        /// What the accepted ones mean.
        meaning: String,
    },
    /// A number of a layer that the transformer does not have is not 0.
    #[error(
        "number {index} of the vector (from 0) belongs to layer {layer} (from 0), which a transformer of {layers} layers \
         does not have: it cannot be {found}, 0 is accepted (or a larger number 0)"
    )]
    Unused {
        /// Its place, from 0.
        index: usize,
        /// The layer, from 0.
        layer: usize,
        /// How many layers number 0 states.
        layers: usize,
        /// What was found.
        found: u32,
    },
}

impl Genome {
    /// The transformer of 37 numbers.
    ///
    /// # Errors
    /// There are more or fewer, one is too large, or one of an unused layer is not 0.
    pub fn of_vector(vector: &[u32]) -> Result<Self, VectorError> {
        let vector: &[u32; VECTOR_LENGTH] =
            vector.try_into().map_err(|_| VectorError::Length(vector.len()))?;
        let depth = vector[0] as usize;
        let &count = DEPTHS.get(depth).ok_or_else(|| wrong(0, vector[0]))?;
        let mut layers = Vec::with_capacity(count);
        for layer in 0..count {
            layers.push(layer_of(vector, layer)?);
        }
        let unused = vector.iter().enumerate().skip(1 + 3 * count);
        if let Some((index, &found)) = unused.into_iter().find(|(_, number)| **number != 0) {
            return Err(VectorError::Unused {
                index,
                layer: (index - 1) / 3,
                layers: count,
                found,
            });
        }
        Self::of_layers(&layers).ok_or_else(|| wrong(0, vector[0]))
    }

    /// The 37 numbers of the transformer.
    #[must_use]
    pub fn to_vector(&self) -> [u32; VECTOR_LENGTH] {
        let mut vector = [0; VECTOR_LENGTH];
        vector[0] = self.depth_position() as u32;
        for (numbers, layer) in vector[1..].chunks_exact_mut(3).zip(self.layers()) {
            numbers[0] = layer.width_position() as u32;
            numbers[1] = layer.stack.index();
            numbers[2] = layer.heads.index();
        }
        vector
    }
}

fn layer_of(vector: &[u32; VECTOR_LENGTH], layer: usize) -> Result<LayerGenes, VectorError> {
    let [width, stack, heads] = [1, 2, 3].map(|place| 3 * layer + place);
    let of_stack = Stack::of_index(vector[stack]);
    let of_heads = Heads::of_index(vector[heads]);
    // In the order of the numbers, so that the first wrong one is named.
    if vector[width] as usize >= WIDTHS.len() {
        return Err(wrong(width, vector[width]));
    }
    let of_stack = of_stack.ok_or_else(|| wrong(stack, vector[stack]))?;
    let of_heads = of_heads.ok_or_else(|| wrong(heads, vector[heads]))?;
    LayerGenes::new(vector[width] as usize, of_heads, of_stack).ok_or_else(|| wrong(width, vector[width]))
}

/// The number at `index` is too large.
fn wrong(index: usize, found: u32) -> VectorError {
    let (name, most, meaning) = match (index, index % 3) {
        (0, _) => (
            "the number of layers",
            DEPTHS.len() as u32,
            format!("for {DEPTHS:?}"),
        ),
        (_, 1) => ("the width", WIDTHS.len() as u32, format!("for {WIDTHS:?}")),
        (_, 2) => (
            "the feed-forward widths",
            Stack::ALL,
            "for one to three widths in lexicographic order".to_owned(),
        ),
        _ => (
            "the heads",
            Heads::ALL,
            format!("for multisets of {HEAD_COUNTS:?} heads in lexicographic order"),
        ),
    };
    let what = match index {
        0 => name.to_owned(),
        _ => format!("{name} of layer {} (from 0)", (index - 1) / 3),
    };
    VectorError::Number {
        index,
        what,
        found,
        most: most - 1,
        meaning,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn vectors() -> impl Strategy<Value = [u32; VECTOR_LENGTH]> {
        let layer = (0..WIDTHS.len() as u32, 0..Stack::ALL, 0..Heads::ALL);
        let layers = proptest::collection::vec(layer, MOST_LAYERS);
        (0..DEPTHS.len(), layers).prop_map(|(depth, layers)| {
            let mut vector = [0; VECTOR_LENGTH];
            vector[0] = depth as u32;
            let used = layers.into_iter().take(DEPTHS[depth]);
            for (numbers, (width, stack, heads)) in vector[1..].chunks_exact_mut(3).zip(used) {
                numbers.copy_from_slice(&[width, stack, heads]);
            }
            vector
        })
    }

    proptest! {
        #[test]
        fn vectors_come_back(vector in vectors()) {
            let genome = Genome::of_vector(&vector).unwrap();
            prop_assert_eq!(genome.to_vector(), vector);
            prop_assert_eq!(Genome::of_layers(genome.layers()), Some(genome));
            let transformer = genome.to_transformer();
            prop_assert_eq!(Genome::of_transformer(&transformer), Ok(genome));
        }

        #[test]
        fn numbers_out_of_range_are_refused_by_their_index(
            vector in vectors(), index in 0..VECTOR_LENGTH, beyond in 0..u32::MAX - Heads::ALL,
        ) {
            let mut vector = vector;
            let used = 1 + 3 * DEPTHS[vector[0] as usize];
            vector[index] = beyond + match (index, index % 3) {
                (0, _) => DEPTHS.len() as u32,
                (_, 1) => WIDTHS.len() as u32,
                (_, 2) => Stack::ALL,
                _ => Heads::ALL,
            };
            let wrong = Genome::of_vector(&vector).unwrap_err();
            let named = match wrong {
                VectorError::Number { index: named, .. } if index < used => named,
                VectorError::Unused { index: named, .. } if index >= used => named,
                other => panic!("{other}"),
            };
            prop_assert_eq!(named, index);
            let named = format!("number {index} ");
            prop_assert!(wrong.to_string().contains(&named), "{}", wrong);
        }
    }

    #[test]
    fn other_lengths_are_refused() {
        for length in [0, 1, 36, 38] {
            let wrong = Genome::of_vector(&vec![0; length]);
            assert_eq!(wrong, Err(VectorError::Length(length)));
        }
    }

    #[test]
    fn the_space_has_as_many_transformers_as_published() {
        assert_eq!(LayerGenes::ALL, 4 * 258 * 21_805);
        let counts = DEPTHS.map(|layers| Genome::count_of(layers).log10());
        let expected = 22_502_760_f64.log10();
        for (count, layers) in counts.into_iter().zip(DEPTHS) {
            assert!((count - expected * layers as f64).abs() < 1e-9, "{layers}");
        }
        let all: f64 = DEPTHS.map(Genome::count_of).iter().sum();
        assert!((all / 1.69e88 - 1.0).abs() < 0.003, "{all:e}");
        assert_eq!(Genome::count_of(3), 0.0);
    }
}
