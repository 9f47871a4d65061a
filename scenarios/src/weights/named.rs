//! Names and shapes of a transformer's constant tensors in files.
//!
//! | name | shape |
//! |---|---|
//! | `embedding.word` | vocabulary x width |
//! | `embedding.position` | sequence x width |
//! | `layer.L.head.H.query`, `.key`, `.value` | width x width of the head |
//! | `layer.L.head.H.weighted_query` (weighted multiplicative attention) | width of the head, squared |
//! | `layer.L.head.H.output` | width of the head x width |
//! | `layer.L.head.H.convolution` | taps x width |
//! | `layer.L.feed_forward.N` | width before x width after |
//! | `layer.L.projection` (where the next layer has another width) | width x next width |
//! | `target` | batch x sequence x width of the last layer |
//! | `tokens` | batch x sequence |
//!
//! Layers, heads and feed-forward products count from 0. A factor lies as the product takes it: a row of inputs times the factor is a
//! row of outputs.

use components::operation::Role;

use super::key::Key;
use crate::schema::Workload;
use crate::transformer::{AttentionKind, Head, Layer};

/// What a tensor of a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The embeddings of all words.
    Words,
    /// A factor of a product, a kernel, or the position rows.
    Factor(Key),
    /// The target.
    Target,
    /// The word of each token.
    Tokens,
}

/// A tensor by its name in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedTensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) content: Content,
}

impl NamedTensor {
    fn new<const N: usize>(name: impl Into<String>, shape: [u32; N], content: Content) -> Self {
        Self {
            name: name.into(),
            shape: shape.map(|extent| extent as usize).to_vec(),
            content,
        }
    }

    /// Its shape, as messages show it.
    pub(super) fn shape_text(&self) -> String {
        let extents = self.shape.iter().map(usize::to_string);
        extents.collect::<Vec<_>>().join(" x ")
    }
}

/// The position embeddings.
pub(super) const POSITIONS: Key = Key {
    layer: 0,
    head: None,
    role: Role::EmbeddingAdd,
    ordinal: 0,
};

/// All tensors of a workload that a file may hold.
pub(super) fn tensors(workload: &Workload) -> Vec<NamedTensor> {
    let layers = &workload.transformer.layers;
    let (batch, sequence) = (workload.batch, workload.sequence_length);
    let width_of = |layer: Option<&Layer>| layer.map_or(0, |layer| layer.hidden);
    let (first, last) = (width_of(layers.first()), width_of(layers.last()));
    let mut all = vec![
        NamedTensor::new("tokens", [batch, sequence], Content::Tokens),
        NamedTensor::new("embedding.word", [workload.vocabulary, first], Content::Words),
        NamedTensor::new(
            "embedding.position",
            [sequence, first],
            Content::Factor(POSITIONS),
        ),
    ];
    for (index, layer) in layers.iter().enumerate() {
        of_layer(index as u32, layer, layers.get(index + 1), &mut all);
    }
    all.push(NamedTensor::new(
        "target",
        [batch, sequence, last],
        Content::Target,
    ));
    all
}

fn of_layer(index: u32, layer: &Layer, next: Option<&Layer>, all: &mut Vec<NamedTensor>) {
    let prefix = format!("layer.{index}");
    for (head, shape) in layer.heads.iter().enumerate() {
        of_head(index, head as u32, *shape, layer.hidden, all);
    }
    let mut factor = |name: String, shape: [u32; 2], role, ordinal| {
        let key = Key {
            layer: index,
            head: None,
            role,
            ordinal,
        };
        all.push(NamedTensor::new(name, shape, Content::Factor(key)));
    };
    let widths = [&[layer.hidden], layer.feed_forward.as_slice(), &[layer.hidden]].concat();
    for (ordinal, pair) in widths.windows(2).enumerate() {
        let name = format!("{prefix}.feed_forward.{ordinal}");
        factor(name, [pair[0], pair[1]], Role::FeedForward, ordinal as u32);
    }
    if let Some(next) = next.filter(|next| next.hidden != layer.hidden) {
        let shape = [layer.hidden, next.hidden];
        factor(format!("{prefix}.projection"), shape, Role::Projection, 0);
    }
}

fn of_head(layer: u32, head: u32, shape: Head, width: u32, all: &mut Vec<NamedTensor>) {
    let mut factor = |name: &str, shape: [u32; 2], role| {
        let key = Key {
            layer,
            head: Some(head),
            role,
            ordinal: 0,
        };
        let name = format!("layer.{layer}.head.{head}.{name}");
        all.push(NamedTensor::new(name, shape, Content::Factor(key)));
    };
    match shape {
        Head::Attention { kind, dimension } => {
            factor("query", [width, dimension], Role::Query);
            factor("key", [width, dimension], Role::Key);
            factor("value", [width, dimension], Role::Value);
            if kind == AttentionKind::WeightedMultiplicative {
                factor("weighted_query", [dimension; 2], Role::WeightedQuery);
            }
            factor("output", [dimension, width], Role::HeadOutput);
        }
        Head::Convolution { kernel, .. } => factor("convolution", [kernel, width], Role::Convolution),
        // Its matrix follows from the sequence's length.
        Head::LinearTransform { .. } => {}
    }
}
