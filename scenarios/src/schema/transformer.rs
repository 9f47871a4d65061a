//! Transformers: stacks of layers, each with heads of its own kinds and width.

use serde::{Deserialize, Serialize, Serializer};

use super::checks::Checks;
use super::limits::{MAX_FEED_FORWARD, MAX_HEADS, MAX_HEADS_IN_ALL, MAX_LAYERS, MAX_WIDTH};
use super::rule::{Rule, Whole, whole};
use super::section::stated_as_itself;
use super::{Number, Stated};

/// A transformer, from the first encoder layer to the last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transformer {
    /// The layers, first to last.
    pub layers: Vec<Layer>,
}

/// One encoder layer: heads side by side, then a stack of feed-forward products back to the layer's width.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Width of the layer's input and output, in elements per token.
    pub hidden: u32,
    /// The heads; their outputs are summed.
    pub heads: Vec<Head>,
    /// Widths between the feed-forward products. `[512]` is two products: hidden to 512 and back.
    pub feed_forward: Vec<u32>,
}

/// One head of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Head {
    /// Self-attention: `sa_sdp_D`, `sa_wma_D`.
    Attention {
        /// How queries are compared with keys.
        kind: AttentionKind,
        /// Width of queries, keys and values, in elements.
        dimension: u32,
    },
    /// A fixed linear transform along the sequence: `l_dft_D`, `l_dct_D`.
    LinearTransform {
        /// Which transform.
        kind: TransformKind,
        /// Width of the head, in elements.
        dimension: u32,
    },
    /// Dynamic-span convolution along the sequence: `c_K_D`.
    Convolution {
        /// Taps of the kernel: 5, 9 or 13.
        kernel: u32,
        /// Width of the head, in elements.
        dimension: u32,
    },
}

/// How an attention head compares queries with keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AttentionKind {
    /// Scaled dot product (`sdp`).
    ScaledDotProduct,
    /// Weighted multiplicative (`wma`): a learned matrix between query and key.
    WeightedMultiplicative,
}

/// A linear transform along the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TransformKind {
    /// Discrete Fourier transform (`dft`).
    Fourier,
    /// Discrete cosine transform (`dct`).
    Cosine,
}

/// The kernels that a convolution head may have.
pub const KERNELS: [u32; 3] = [5, 9, 13];

/// What a file states of a [`Transformer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Transformer", deny_unknown_fields)]
pub enum TransformerFile {
    /// A shipped one, by name.
    Preset(String),
    /// A FlexiBERT model dictionary in JSON, relative to the file that names it.
    Dictionary(String),
    /// Written out.
    Inline {
        /// The layers, first to last.
        layers: Vec<LayerFile>,
    },
}

/// What a file states of a [`Layer`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Layer", deny_unknown_fields)]
pub struct LayerFile {
    /// Width of the layer.
    pub hidden: Number,
    /// The heads.
    pub heads: Vec<HeadFile>,
    /// Widths between the feed-forward products.
    pub feed_forward: Vec<Number>,
}

/// What a file states of a [`Head`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Head", deny_unknown_fields)]
pub enum HeadFile {
    /// Self-attention.
    Attention {
        /// How queries are compared with keys.
        kind: AttentionKind,
        /// Width of the head.
        dimension: Number,
    },
    /// A fixed linear transform along the sequence.
    LinearTransform {
        /// Which transform.
        kind: TransformKind,
        /// Width of the head.
        dimension: Number,
    },
    /// Dynamic-span convolution along the sequence.
    Convolution {
        /// Taps of the kernel.
        kernel: Number,
        /// Width of the head.
        dimension: Number,
    },
}

stated_as_itself!(TransformerFile);

impl Serialize for Transformer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_form().serialize(serializer)
    }
}

impl Stated for Transformer {
    type Form = TransformerFile;

    fn to_form(&self) -> TransformerFile {
        TransformerFile::Inline {
            layers: self.layers.iter().map(Layer::to_file).collect(),
        }
    }
}

impl Layer {
    fn to_file(&self) -> LayerFile {
        LayerFile {
            hidden: self.hidden.into(),
            heads: self.heads.iter().map(|head| head.to_file()).collect(),
            feed_forward: self.feed_forward.iter().map(|&width| width.into()).collect(),
        }
    }
}

impl Head {
    /// Width of the head, in elements.
    #[must_use]
    pub fn dimension(self) -> u32 {
        match self {
            Self::Attention { dimension, .. }
            | Self::LinearTransform { dimension, .. }
            | Self::Convolution { dimension, .. } => dimension,
        }
    }

    fn to_file(self) -> HeadFile {
        match self {
            Self::Attention { kind, dimension } => HeadFile::Attention {
                kind,
                dimension: dimension.into(),
            },
            Self::LinearTransform { kind, dimension } => HeadFile::LinearTransform {
                kind,
                dimension: dimension.into(),
            },
            Self::Convolution { kernel, dimension } => HeadFile::Convolution {
                kernel: kernel.into(),
                dimension: dimension.into(),
            },
        }
    }
}

impl Default for Transformer {
    fn default() -> Self {
        let head = Head::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension: 64,
        };
        let layer = Layer {
            hidden: 128,
            heads: vec![head; 2],
            feed_forward: vec![512],
        };
        Self {
            layers: vec![layer; 2],
        }
    }
}

/// Reads a transformer that is written out. Those that are named have been put in its place before.
pub(crate) struct Layers;

const WIDTH: Whole = whole(1..=MAX_WIDTH, 1);

impl Rule<Transformer> for Layers {
    fn read(&self, stated: Option<TransformerFile>, checks: &mut Checks) -> Transformer {
        let Some(TransformerFile::Inline { layers }) = stated else {
            return Transformer::default();
        };
        checks.within("layers", |checks| {
            count("layers", layers.len(), 1, MAX_LAYERS, checks);
            let heads: usize = layers.iter().map(|layer| layer.heads.len()).sum();
            if heads > MAX_HEADS_IN_ALL {
                checks.wrong(
                    format!("{heads} heads in all"),
                    format!("at most {MAX_HEADS_IN_ALL} are accepted"),
                );
            }
            let layers = layers.iter().enumerate();
            Transformer {
                layers: layers
                    .map(|(index, layer)| checks.element(index, |checks| read_layer(layer, checks)))
                    .collect(),
            }
        })
    }
}

fn read_layer(layer: &LayerFile, checks: &mut Checks) -> Layer {
    let width = |number: Number, checks: &mut Checks| Rule::<u32>::read(&WIDTH, Some(number), checks);
    Layer {
        hidden: checks.within("hidden", |checks| width(layer.hidden, checks)),
        heads: checks.within("heads", |checks| {
            count("heads", layer.heads.len(), 1, MAX_HEADS, checks);
            let heads = layer.heads.iter().enumerate();
            heads
                .map(|(index, head)| checks.element(index, |checks| read_head(head, checks)))
                .collect()
        }),
        feed_forward: checks.within("feed_forward", |checks| {
            count("widths", layer.feed_forward.len(), 1, MAX_FEED_FORWARD, checks);
            let widths = layer.feed_forward.iter().enumerate();
            widths
                .map(|(index, &number)| checks.element(index, |checks| width(number, checks)))
                .collect()
        }),
    }
}

fn read_head(head: &HeadFile, checks: &mut Checks) -> Head {
    let dimension = |number: Number, checks: &mut Checks| {
        checks.within("dimension", |checks| {
            Rule::<u32>::read(&WIDTH, Some(number), checks)
        })
    };
    match *head {
        HeadFile::Attention {
            kind,
            dimension: width,
        } => Head::Attention {
            kind,
            dimension: dimension(width, checks),
        },
        HeadFile::LinearTransform {
            kind,
            dimension: width,
        } => Head::LinearTransform {
            kind,
            dimension: dimension(width, checks),
        },
        HeadFile::Convolution {
            kernel,
            dimension: width,
        } => Head::Convolution {
            kernel: checks.within("kernel", |checks| read_kernel(kernel, checks)),
            dimension: dimension(width, checks),
        },
    }
}

fn read_kernel(stated: Number, checks: &mut Checks) -> u32 {
    let known = KERNELS.into_iter().find(|&kernel| stated == Number::from(kernel));
    known.unwrap_or_else(|| {
        checks.wrong(
            format!("no convolution has a kernel of {stated}"),
            "kernels of 5, 9 and 13 are accepted",
        );
        KERNELS[0]
    })
}

fn count(what: &str, found: usize, low: usize, high: usize, checks: &mut Checks) {
    if !(low..=high).contains(&found) {
        let message = if found == 0 {
            format!("no {what}")
        } else {
            format!("{found} {what}")
        };
        checks.wrong(message, format!("from {low} to {high} are accepted"));
    }
}
