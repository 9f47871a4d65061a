//! One encoder layer: heads, their sum, residuals, layer norms, the feed-forward stack, and the way to the next width.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::attention::HeadPlace;
use super::{Draft, Mapper, activation};
use crate::transformer::Head;

impl Mapper {
    pub(super) fn lower_layer(&mut self, layer: usize) {
        let input = self.current;
        let mixed = self.lower_heads(layer, input);
        let attended = self.add(layer, Role::ResidualAdd, mixed, input);
        // Read by the feed-forward stack and by its residual.
        let normed = self.layer_norm(layer, attended, 2);
        let fed = self.feed_forward(layer, normed);
        let summed = self.add(layer, Role::ResidualAdd, fed, normed);
        self.current = match self.next_width(layer) {
            Some(next) => {
                let output = self.layer_norm(layer, summed, 1);
                let readers = self.readers_of_input(layer + 1);
                self.dense(layer, Role::Projection, output, next, readers)
            }
            None => {
                let readers = self.readers_of_input(layer + 1);
                self.layer_norm(layer, summed, readers)
            }
        };
    }

    /// The next layer's width, if it differs from this one's.
    fn next_width(&self, layer: usize) -> Option<u32> {
        let width = self.transformer.layers[layer].hidden;
        self.transformer
            .layers
            .get(layer + 1)
            .map(|next| next.hidden)
            .filter(|&next| next != width)
    }

    /// Operations that read the input of `layer`; past the last layer, the write-back.
    pub(super) fn readers_of_input(&self, layer: usize) -> u32 {
        let Some(layer) = self.transformer.layers.get(layer) else {
            return 1;
        };
        let residual = 1;
        layer
            .heads
            .iter()
            .map(|head| {
                if matches!(head, Head::Attention { .. }) {
                    3
                } else {
                    1
                }
            })
            .sum::<u32>()
            + residual
    }

    /// All heads, and their sum. Each head's output is added to the sum of those before it as soon as both are there, so
    /// that never more than two of these full-width tensors have to be kept.
    fn lower_heads(&mut self, layer: usize, input: TensorId) -> TensorId {
        let heads = self.transformer.layers[layer].heads.clone();
        let like = |head: &Head| heads.iter().filter(|other| kind(other) == kind(head)).count() as u32;
        let mut sum = None;
        for (index, head) in heads.iter().enumerate() {
            let place = HeadPlace {
                layer,
                head: index,
                siblings: like(head),
                input,
            };
            let output = match *head {
                Head::Attention { kind, dimension } => self.attention(place, kind, dimension),
                Head::LinearTransform { kind, .. } => self.linear_transform(place, kind),
                Head::Convolution { kernel, .. } => self.convolution(place, kernel),
            };
            sum = Some(match sum {
                None => output,
                Some(before) => self.add(layer, Role::HeadSum, before, output),
            });
        }
        // A layer without heads passes its input on.
        sum.unwrap_or(input)
    }

    fn add(&mut self, layer: usize, role: Role, left: TensorId, right: TensorId) -> TensorId {
        self.elementwise(layer, role, Work::Add { terms: 2 }, vec![left, right], 1)
    }

    fn layer_norm(&mut self, layer: usize, input: TensorId, consumers: u32) -> TensorId {
        self.elementwise(layer, Role::LayerNorm, Work::LayerNorm, vec![input], consumers)
    }

    fn elementwise(
        &mut self,
        layer: usize,
        role: Role,
        work: Work,
        inputs: Vec<TensorId>,
        consumers: u32,
    ) -> TensorId {
        let width = self.transformer.layers[layer].hidden;
        self.emit(Draft {
            layer,
            head: None,
            role,
            work,
            extents: [self.parameters.sequence, width, 1],
            operands: inputs
                .into_iter()
                .map(|tensor| activation(tensor, RowAccess::SameRow))
                .collect(),
            consumers,
            siblings: 1,
        })
    }

    /// The stack of products, with a non-linearity between each two.
    fn feed_forward(&mut self, layer: usize, input: TensorId) -> TensorId {
        let widths = self.transformer.layers[layer].feed_forward.clone();
        let mut current = input;
        let mut from = self.transformer.layers[layer].hidden;
        for width in widths {
            let product = self.dense_from(layer, Role::FeedForward, current, from, width, 1);
            current = self.emit(Draft {
                layer,
                head: None,
                role: Role::Activation,
                work: Work::NonLinearity,
                extents: [self.parameters.sequence, width, 1],
                operands: vec![activation(product, RowAccess::SameRow)],
                consumers: 1,
                siblings: 1,
            });
            from = width;
        }
        let back = self.transformer.layers[layer].hidden;
        self.dense_from(layer, Role::FeedForward, current, from, back, 1)
    }

    fn dense(&mut self, layer: usize, role: Role, input: TensorId, to: u32, consumers: u32) -> TensorId {
        let from = self.transformer.layers[layer].hidden;
        self.dense_from(layer, role, input, from, to, consumers)
    }

    fn dense_from(
        &mut self,
        layer: usize,
        role: Role,
        input: TensorId,
        from: u32,
        to: u32,
        consumers: u32,
    ) -> TensorId {
        let weight = self.weight(u64::from(from) * u64::from(to));
        self.emit(Draft {
            layer,
            head: None,
            role,
            work: Work::Product,
            extents: [self.parameters.sequence, to, from],
            operands: vec![activation(input, RowAccess::SameRow), weight],
            consumers,
            siblings: 1,
        })
    }
}

/// Heads of one kind run side by side.
fn kind(head: &Head) -> u8 {
    match head {
        Head::Attention { .. } => 0,
        Head::LinearTransform { .. } => 1,
        Head::Convolution { .. } => 2,
    }
}
