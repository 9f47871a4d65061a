//! One encoder layer: heads, their sum, residuals, layer norms, the feed-forward stack, and the way to the next width.

use components::operation::{Operand, Role, RowAccess, TensorId, WeightTensor, Work};

use super::attention::HeadPlace;
use super::tape::{HeadTape, LayerTape, StackTape};
use super::{Draft, Mapper, activation};
use crate::transformer::Head;

impl Mapper {
    /// Layer norms scale by nothing and add nothing: gamma and beta are taken as 1 and 0, so they have no weights and in
    /// training no gradients.
    pub(super) fn lower_layer(&mut self, layer: usize) {
        let input = self.current;
        let (mixed, heads) = self.lower_heads(layer, input);
        let attended = self.add(layer, Role::ResidualAdd, mixed, input);
        // Read by the feed-forward stack and by its residual, backwards by the gradient of the stack's first weights.
        let normed = self.layer_norm(layer, attended, 2, 1);
        let (fed, stack) = self.feed_forward(layer, normed);
        let summed = self.add(layer, Role::ResidualAdd, fed, normed);
        let readers = self.readers_of_input(layer + 1);
        let backward_readers = self.backward_readers_of_input(layer + 1);
        let projection = match self.next_width(layer) {
            Some(next) => {
                let output = self.layer_norm(layer, summed, 1, 1);
                let width = self.transformer.layers[layer].hidden;
                let (projected, weights) = self.dense(
                    layer,
                    Role::Projection,
                    output,
                    [width, next],
                    [readers, backward_readers],
                );
                self.current = projected;
                Some((output, weights))
            }
            None => {
                self.current = self.layer_norm(layer, summed, readers, backward_readers);
                None
            }
        };
        if self.parameters.training.is_some() {
            self.tape.layers.push(LayerTape {
                input,
                heads,
                attended,
                stack,
                summed,
                projection,
            });
        }
    }

    /// The next layer's width, if it differs from this one's.
    pub(super) fn next_width(&self, layer: usize) -> Option<u32> {
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

    /// Gradients that read the input of `layer`: those of the weights of its heads. Those of linear transforms have none.
    pub(super) fn backward_readers_of_input(&self, layer: usize) -> u32 {
        let Some(layer) = self.transformer.layers.get(layer) else {
            return 0;
        };
        layer
            .heads
            .iter()
            .map(|head| match head {
                Head::Attention { .. } => 3,
                Head::LinearTransform { .. } => 0,
                Head::Convolution { .. } => 1,
            })
            .sum()
    }

    /// All heads, and their sum. Each head's output is added to the sum of those before it as soon as both are there, so
    /// that never more than two of these full-width tensors have to be kept.
    fn lower_heads(&mut self, layer: usize, input: TensorId) -> (TensorId, Vec<HeadTape>) {
        let heads = self.transformer.layers[layer].heads.clone();
        let mut tape = Vec::new();
        let mut sum = None;
        for (index, head) in heads.iter().enumerate() {
            let place = HeadPlace {
                layer,
                head: index,
                siblings: self.siblings(layer, head),
                input,
            };
            let (output, of_head) = match *head {
                Head::Attention { kind, dimension } => self.attention(place, kind, dimension),
                Head::LinearTransform { kind, .. } => self.linear_transform(place, kind),
                Head::Convolution { kernel, .. } => self.convolution(place, kernel),
            };
            tape.push(of_head);
            sum = Some(match sum {
                None => output,
                Some(before) => self.add(layer, Role::HeadSum, before, output),
            });
        }
        // A layer without heads passes its input on.
        (sum.unwrap_or(input), tape)
    }

    /// Heads of `layer` that run side by side with `head`, itself included.
    pub(super) fn siblings(&self, layer: usize, head: &Head) -> u32 {
        let heads = self.transformer.layers[layer].heads.iter();
        heads.filter(|other| kind(other) == kind(head)).count() as u32
    }

    fn add(&mut self, layer: usize, role: Role, left: TensorId, right: TensorId) -> TensorId {
        // The sum at the residual goes into a layer norm, whose gradient reads it again.
        let kept = u32::from(role == Role::ResidualAdd);
        let add = self.by_rows(layer, role, Work::Add { terms: 2 }, &[left, right]);
        self.emit(add.kept_for(kept))
    }

    fn layer_norm(&mut self, layer: usize, input: TensorId, readers: u32, backward_readers: u32) -> TensorId {
        let norm = self.by_rows(layer, Role::LayerNorm, Work::LayerNorm, &[input]);
        self.emit(norm.read_by(readers).kept_for(backward_readers))
    }

    /// An operation of the layer's width, each of whose rows reads the same rows of `inputs`.
    fn by_rows(&self, layer: usize, role: Role, work: Work, inputs: &[TensorId]) -> Draft {
        let width = self.transformer.layers[layer].hidden;
        let operands = inputs
            .iter()
            .map(|&tensor| activation(tensor, RowAccess::SameRow))
            .collect();
        Draft::new(layer, role, work, [self.parameters.sequence, width, 1], operands)
    }

    /// The stack of products, with a non-linearity between each two. Its gradient reads what goes into each non-linearity
    /// and what comes out of it.
    fn feed_forward(&mut self, layer: usize, input: TensorId) -> (TensorId, Vec<StackTape>) {
        let hidden = self.transformer.layers[layer].hidden;
        let widths = self.transformer.layers[layer].feed_forward.clone();
        let mut tape = Vec::new();
        let (mut current, mut from, mut before_activation) = (input, hidden, None);
        for (index, to) in widths.iter().copied().chain([hidden]).enumerate() {
            let is_last = index == widths.len();
            let kept = u32::from(!is_last);
            let (product, weights) = self.dense(layer, Role::FeedForward, current, [from, to], [1, kept]);
            tape.push(StackTape {
                input: current,
                weights,
                from,
                to,
                before_activation,
            });
            if is_last {
                current = product;
                break;
            }
            let extents = [self.parameters.sequence, to, 1];
            let operands = vec![activation(product, RowAccess::SameRow)];
            let draft = Draft::new(layer, Role::Activation, Work::NonLinearity, extents, operands);
            current = self.emit(draft.kept_for(1));
            before_activation = Some(product);
            from = to;
        }
        (current, tape)
    }

    /// `input` times a weight matrix of `from` x `to`, with readers forwards and backwards.
    fn dense(
        &mut self,
        layer: usize,
        role: Role,
        input: TensorId,
        [from, to]: [u32; 2],
        [readers, backward_readers]: [u32; 2],
    ) -> (TensorId, WeightTensor) {
        let weight = self.weight(u64::from(from) * u64::from(to));
        let extents = [self.parameters.sequence, to, from];
        let operands = vec![activation(input, RowAccess::SameRow), Operand::Weight(weight)];
        let draft = Draft::new(layer, role, Work::Product, extents, operands);
        let product = self.emit(draft.read_by(readers).kept_for(backward_readers));
        (product, weight)
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
