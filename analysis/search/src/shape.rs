//! What cost and capacity of an encoder layer depend on: its width, its heads by kind, and its feed-forward widths.
//!
//! A design of the published space and a transformer of any other shape give the same [`LayerShape`], so that weights and work
//! are counted in one place, without a transformer being built for each design that a strategy looks at.

use scenarios::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};

/// A kind of head, in the order of the published encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeadKind {
    /// Self-attention with the scaled dot product (`sa_sdp`).
    ScaledDotProduct,
    /// Self-attention with a learned matrix between query and key (`sa_wma`).
    WeightedMultiplicative,
    /// Fourier transform along the sequence (`l_dft`).
    Fourier,
    /// Cosine transform along the sequence (`l_dct`).
    Cosine,
    /// Convolution along the sequence with 5 taps (`c_5`).
    Convolution5,
    /// Convolution along the sequence with 9 taps (`c_9`).
    Convolution9,
    /// Convolution along the sequence with 13 taps (`c_13`).
    Convolution13,
}

impl HeadKind {
    /// All kinds, in the order of the published encoding.
    pub const ALL: [Self; 7] = [
        Self::ScaledDotProduct,
        Self::WeightedMultiplicative,
        Self::Fourier,
        Self::Cosine,
        Self::Convolution5,
        Self::Convolution9,
        Self::Convolution13,
    ];

    /// The name in model dictionaries, without the width: `sa_sdp`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScaledDotProduct => "sa_sdp",
            Self::WeightedMultiplicative => "sa_wma",
            Self::Fourier => "l_dft",
            Self::Cosine => "l_dct",
            Self::Convolution5 => "c_5",
            Self::Convolution9 => "c_9",
            Self::Convolution13 => "c_13",
        }
    }

    /// The kind of `head`; `None` if it is a convolution with another kernel.
    #[must_use]
    pub const fn of(head: Head) -> Option<Self> {
        Some(match head {
            Head::Attention { kind, .. } => match kind {
                AttentionKind::ScaledDotProduct => Self::ScaledDotProduct,
                AttentionKind::WeightedMultiplicative => Self::WeightedMultiplicative,
            },
            Head::LinearTransform { kind, .. } => match kind {
                TransformKind::Fourier => Self::Fourier,
                TransformKind::Cosine => Self::Cosine,
            },
            Head::Convolution { kernel: 5, .. } => Self::Convolution5,
            Head::Convolution { kernel: 9, .. } => Self::Convolution9,
            Head::Convolution { kernel: 13, .. } => Self::Convolution13,
            Head::Convolution { .. } => return None,
        })
    }

    /// The head of this kind that is `dimension` elements wide.
    #[must_use]
    pub const fn head(self, dimension: u32) -> Head {
        match self {
            Self::ScaledDotProduct => Head::Attention {
                kind: AttentionKind::ScaledDotProduct,
                dimension,
            },
            Self::WeightedMultiplicative => Head::Attention {
                kind: AttentionKind::WeightedMultiplicative,
                dimension,
            },
            Self::Fourier => Head::LinearTransform {
                kind: TransformKind::Fourier,
                dimension,
            },
            Self::Cosine => Head::LinearTransform {
                kind: TransformKind::Cosine,
                dimension,
            },
            Self::Convolution5 => Head::Convolution { kernel: 5, dimension },
            Self::Convolution9 => Head::Convolution { kernel: 9, dimension },
            Self::Convolution13 => Head::Convolution {
                kernel: 13,
                dimension,
            },
        }
    }
}

/// The heads of one class of a layer, summed up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadSums {
    /// How many there are.
    pub count: f64,
    /// The sum of their widths, in elements.
    pub widths: f64,
    /// The sum of the squares of their widths.
    pub squares: f64,
}

impl HeadSums {
    /// `count` heads that are `dimension` elements wide.
    #[must_use]
    pub fn alike(count: u32, dimension: u32) -> Self {
        let (count, width) = (f64::from(count), f64::from(dimension));
        Self {
            count,
            widths: count * width,
            squares: count * width * width,
        }
    }

    fn add(&mut self, dimension: u32) {
        let one = Self::alike(1, dimension);
        self.count += one.count;
        self.widths += one.widths;
        self.squares += one.squares;
    }
}

/// What cost and capacity of one encoder layer depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerShape<'a> {
    /// Width of the layer, in elements per token.
    pub hidden: u32,
    /// All self-attention heads.
    pub attention: HeadSums,
    /// The self-attention heads with a learned matrix, which are among `attention`.
    pub weighted: HeadSums,
    /// Heads that are linear transforms.
    pub transforms: u32,
    /// Heads that are convolutions.
    pub convolutions: u32,
    /// The taps of all convolution heads together.
    pub taps: u32,
    /// Widths between the feed-forward products.
    pub feed_forward: &'a [u32],
}

impl<'a> LayerShape<'a> {
    /// The shape of a layer.
    #[must_use]
    pub fn of(layer: &'a Layer) -> Self {
        let mut shape = Self::without_heads(layer.hidden, &layer.feed_forward);
        for head in &layer.heads {
            match *head {
                Head::Attention { kind, dimension } => {
                    shape.attention.add(dimension);
                    if kind == AttentionKind::WeightedMultiplicative {
                        shape.weighted.add(dimension);
                    }
                }
                Head::LinearTransform { .. } => shape.transforms += 1,
                Head::Convolution { kernel, .. } => {
                    shape.convolutions += 1;
                    shape.taps += kernel;
                }
            }
        }
        shape
    }

    /// The shape of a layer with so many heads of each kind, in the order of [`HeadKind::ALL`], of one width.
    #[must_use]
    pub fn of_counts(hidden: u32, counts: [u8; 7], dimension: u32, feed_forward: &'a [u32]) -> Self {
        let [sdp, wma, dft, dct, c5, c9, c13] = counts.map(u32::from);
        Self {
            attention: HeadSums::alike(sdp + wma, dimension),
            weighted: HeadSums::alike(wma, dimension),
            transforms: dft + dct,
            convolutions: c5 + c9 + c13,
            taps: 5 * c5 + 9 * c9 + 13 * c13,
            ..Self::without_heads(hidden, feed_forward)
        }
    }

    fn without_heads(hidden: u32, feed_forward: &'a [u32]) -> Self {
        Self {
            hidden,
            attention: HeadSums::default(),
            weighted: HeadSums::default(),
            transforms: 0,
            convolutions: 0,
            taps: 0,
            feed_forward,
        }
    }

    /// The pairs of widths that the feed-forward products lead from and to: the layer's width, those between, and back.
    pub fn feed_forward_pairs(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let ends = std::iter::once(self.hidden);
        let from = ends.clone().chain(self.feed_forward.iter().copied());
        let to = self.feed_forward.iter().copied().chain(ends);
        from.zip(to).map(|(from, to)| (f64::from(from), f64::from(to)))
    }

    /// The weights of the layer: four matrices of layer by head width for an attention head, and a square one of its width for
    /// a weighted multiplicative head; the kernel for each element of the width for a convolution; the feed-forward products.
    /// No biases and no norms.
    #[must_use]
    pub fn weights(&self) -> f64 {
        let hidden = f64::from(self.hidden);
        let heads = 4.0 * hidden * self.attention.widths + self.weighted.squares;
        let convolutions = f64::from(self.taps) * hidden;
        let feed_forward: f64 = self.feed_forward_pairs().map(|(from, to)| from * to).sum();
        heads + convolutions + feed_forward
    }
}

/// The shapes of the layers of `transformer`, first to last.
pub fn shapes(transformer: &Transformer) -> impl Iterator<Item = LayerShape<'_>> + Clone {
    transformer.layers.iter().map(LayerShape::of)
}

/// The weights of an encoder: those of its layers, and of the projections between layers of different widths. No embeddings,
/// biases and norms.
#[must_use]
pub fn encoder_weights<'a>(layers: impl IntoIterator<Item = LayerShape<'a>>) -> f64 {
    let (mut weights, mut before) = (0.0, None);
    for layer in layers {
        weights += layer.weights() + projection(before, layer.hidden);
        before = Some(layer.hidden);
    }
    weights
}

/// The weights between a layer of width `before`, if there is one, and one of width `hidden`.
pub(crate) fn projection(before: Option<u32>, hidden: u32) -> f64 {
    match before {
        Some(before) if before != hidden => f64::from(before) * f64::from(hidden),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_bert() {
        // BERT-Base: 12 layers of 4 x 768 x 768 and 2 x 768 x 3072.
        let base = Transformer::shipped("bert-base").unwrap();
        assert_eq!(encoder_weights(shapes(&base)), 84_934_656.0);
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        assert_eq!(
            encoder_weights(shapes(&tiny)),
            2.0 * (4.0 * 128.0 * 128.0 + 2.0 * 128.0 * 512.0)
        );
    }

    #[test]
    fn every_kind_counts_its_own_weights() {
        let one = |kind: HeadKind| {
            let layer = Layer {
                hidden: 64,
                heads: vec![kind.head(32)],
                feed_forward: vec![16],
            };
            LayerShape::of(&layer).weights() - 2.0 * 64.0 * 16.0
        };
        let weights = HeadKind::ALL.map(one);
        let attention = 4.0 * 64.0 * 32.0;
        assert_eq!(
            weights,
            [
                attention,
                attention + 1024.0,
                0.0,
                0.0,
                5.0 * 64.0,
                9.0 * 64.0,
                13.0 * 64.0
            ]
        );
    }

    #[test]
    fn layers_of_other_widths_need_projections() {
        let narrow = LayerShape::of_counts(128, [0, 0, 2, 0, 0, 0, 0], 64, &[256]);
        let wide = LayerShape::of_counts(256, [0, 0, 2, 0, 0, 0, 0], 128, &[256]);
        let apart = narrow.weights() + wide.weights();
        assert_eq!(encoder_weights([narrow, wide]), apart + 128.0 * 256.0);
        assert_eq!(encoder_weights([narrow, narrow]), 2.0 * narrow.weights());
    }
}
