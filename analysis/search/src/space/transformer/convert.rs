//! Genomes as transformers, and transformers as genomes.

use scenarios::transformer::{Layer, Transformer};
use thiserror::Error;

use super::{DEPTHS, FEED_FORWARD_WIDTHS, Genome, HEAD_COUNTS, Heads, LayerGenes, Stack, WIDTHS};
use crate::shape::HeadKind;

/// Why a transformer has no vector of 37 numbers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotInSpace {
    /// It has another number of layers.
    #[error("the published space has no transformer of {0} layers ({DEPTHS:?} are accepted)")]
    Layers(usize),
    /// A layer has another width.
    #[error(
        "layer {layer} (from 0) is {hidden} wide, which no layer of the published space is ({WIDTHS:?} are accepted)"
    )]
    Width {
        /// The layer, from 0.
        layer: usize,
        /// Its width.
        hidden: u32,
    },
    /// A layer has another number of heads, or one of an unknown kind.
    #[error(
        "layer {layer} (from 0) has {heads} heads, or one of another kind, which no layer of the published space has \
         ({HEAD_COUNTS:?} of seven kinds are accepted)"
    )]
    Heads {
        /// The layer, from 0.
        layer: usize,
        /// How many heads it has.
        heads: usize,
    },
    /// A head has another width.
    #[error(
        "a head of layer {layer} (from 0) is {found} wide; in the published space it is {expected}, the layer's width \
         divided by the number of heads"
    )]
    HeadWidth {
        /// The layer, from 0.
        layer: usize,
        /// The width of the head.
        found: u32,
        /// The width that is accepted.
        expected: u32,
    },
    /// A layer has other feed-forward widths.
    #[error(
        "layer {layer} (from 0) has feed-forward widths of {widths:?}, which no layer of the published space has (one to \
         three of {FEED_FORWARD_WIDTHS:?} are accepted)"
    )]
    FeedForward {
        /// The layer, from 0.
        layer: usize,
        /// Its feed-forward widths.
        widths: Vec<u32>,
    },
}

impl Genome {
    /// The transformer, with heads sorted by kind.
    #[must_use]
    pub fn to_transformer(&self) -> Transformer {
        Transformer {
            layers: self.layers().iter().map(LayerGenes::layer).collect(),
        }
    }

    /// The genome of a transformer, whatever the order of its heads.
    ///
    /// # Errors
    /// The published space does not have it.
    pub fn of_transformer(transformer: &Transformer) -> Result<Self, NotInSpace> {
        let layers = transformer.layers.iter().take(DEPTHS[DEPTHS.len() - 1] + 1);
        let layers = layers
            .enumerate()
            .map(|(index, layer)| LayerGenes::of_layer(index, layer))
            .collect::<Result<Vec<_>, _>>()?;
        Self::of_layers(&layers).ok_or(NotInSpace::Layers(transformer.layers.len()))
    }
}

impl LayerGenes {
    fn layer(&self) -> Layer {
        let dimension = self.head_dimension();
        Layer {
            hidden: self.hidden(),
            heads: self.heads.kinds().map(|kind| kind.head(dimension)).collect(),
            feed_forward: self.stack.widths().to_vec(),
        }
    }

    /// The genes of `layer`, which has this `index` in its transformer.
    fn of_layer(index: usize, layer: &Layer) -> Result<Self, NotInSpace> {
        let hidden = layer.hidden;
        let width = WIDTHS.iter().position(|&width| width == hidden);
        let width = width.ok_or(NotInSpace::Width { layer: index, hidden })?;
        let heads = heads_of(layer).ok_or(NotInSpace::Heads {
            layer: index,
            heads: layer.heads.len(),
        })?;
        let stack = Stack::of_widths(&layer.feed_forward).ok_or_else(|| NotInSpace::FeedForward {
            layer: index,
            widths: layer.feed_forward.clone(),
        })?;
        let genes = Self::new(width, heads, stack).ok_or(NotInSpace::Width { layer: index, hidden })?;
        let expected = genes.head_dimension();
        let mut dimensions = layer.heads.iter().map(|head| head.dimension());
        match dimensions.find(|&dimension| dimension != expected) {
            Some(found) => Err(NotInSpace::HeadWidth {
                layer: index,
                found,
                expected,
            }),
            None => Ok(genes),
        }
    }
}

fn heads_of(layer: &Layer) -> Option<Heads> {
    if layer.heads.len() > usize::from(u8::MAX) {
        return None;
    }
    let mut counts = [0; HeadKind::ALL.len()];
    for &head in &layer.heads {
        counts[HeadKind::of(head)? as usize] += 1;
    }
    Heads::of_counts(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_heads_of_a_narrow_layer_are_ten_wide() {
        let mut vector = [0; super::super::VECTOR_LENGTH];
        vector[3] = Heads::ALL - 1;
        let layer = &Genome::of_vector(&vector).unwrap().to_transformer().layers[0];
        assert_eq!((layer.hidden, layer.heads.len()), (128, 12));
        assert!(
            layer
                .heads
                .iter()
                .all(|&head| head == HeadKind::Convolution13.head(10))
        );
    }

    #[test]
    fn shipped_transformers_are_in_the_space_or_say_why_not() {
        for name in ["bert-tiny", "bert-mini", "bert-small", "bert-medium", "bert-base"] {
            let transformer = Transformer::shipped(name).unwrap();
            let genome =
                Genome::of_transformer(&transformer).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
            assert_eq!(genome.to_transformer(), transformer, "{name}");
        }
        let nano = Transformer::shipped("bert-nano").unwrap();
        let wrong = Genome::of_transformer(&nano).unwrap_err();
        assert_eq!(wrong, NotInSpace::Width { layer: 0, hidden: 32 });
    }

    #[test]
    fn what_is_outside_the_space_is_named() {
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let wrong = |change: &dyn Fn(&mut Transformer)| {
            let mut other = tiny.clone();
            change(&mut other);
            Genome::of_transformer(&other).unwrap_err().to_string()
        };
        let layers = wrong(&|other| other.layers.push(tiny.layers[0].clone()));
        assert!(layers.contains("3 layers"), "{layers}");
        let heads = wrong(&|other| other.layers[1].heads.truncate(1));
        assert!(heads.contains("layer 1") && heads.contains("1 heads"), "{heads}");
        let width = wrong(&|other| other.layers[0].heads[0] = HeadKind::Fourier.head(32));
        assert!(width.contains("32 wide") && width.contains("64"), "{width}");
        let stack = wrong(&|other| other.layers[0].feed_forward.push(100));
        assert!(stack.contains("[512, 100]"), "{stack}");
    }
}
