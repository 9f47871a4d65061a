//! One encoder layer: heads, their sum, residuals, layer norms, the feed-forward stack, and the way to the next width.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::draft::{Draft, Site};
use super::emitter::Emitter;
use super::stored::{DraftWeight, activation};
use super::tape::{HeadTape, LayerTape, StackTape};
use crate::transformer::Head;

impl Emitter {
    /// Layer norms scale by nothing and add nothing: gamma and beta are taken as 1 and 0, so they have no weights and in
    /// training no gradients.
    pub(super) fn lower_layer(&mut self, layer: usize) {
        let input = self.current;
        let (mixed, heads) = self.lower_heads(layer, input);
        let attended = self.add(layer, Role::ResidualAdd, mixed, input);
        let normed = self.layer_norm(layer, attended);
        let (fed, stack) = self.feed_forward(layer, normed);
        let summed = self.add(layer, Role::ResidualAdd, fed, normed);
        let output = self.layer_norm(layer, summed);
        self.current = output;
        let projection = self.next_width(layer).map(|next| {
            let width = self.transformer.layers[layer].hidden;
            let (projected, weights) = self.dense(layer, Role::Projection, output, [width, next]);
            self.current = projected;
            (output, weights)
        });
        if self.trains() {
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

    /// All heads, and their sum. Each head's output is added to the sum of those before it as soon as both are there, so
    /// that never more than two of these full-width tensors have to be kept.
    fn lower_heads(&mut self, layer: usize, input: TensorId) -> (TensorId, Vec<HeadTape>) {
        let heads = self.transformer.layers[layer].heads.clone();
        let mut tape = Vec::new();
        let mut sum = None;
        for (index, head) in heads.iter().enumerate() {
            let site = self.site_of_head(layer, index);
            let (output, of_head) = match *head {
                Head::Attention { kind, dimension } => self.attention(site, input, kind, dimension),
                Head::LinearTransform { kind, .. } => self.linear_transform(site, input, kind),
                Head::Convolution { kernel, .. } => self.convolution(site, input, kernel),
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

    /// The site of a head, whose siblings are the layer's heads of its kind.
    pub(super) fn site_of_head(&self, layer: usize, head: usize) -> Site {
        let heads = &self.transformer.layers[layer].heads;
        let siblings = heads.iter().filter(|other| kind(other) == kind(&heads[head]));
        Site {
            layer,
            head: Some(head),
            siblings: siblings.count() as u32,
        }
    }

    fn add(&mut self, layer: usize, role: Role, left: TensorId, right: TensorId) -> TensorId {
        self.by_rows(layer, role, Work::Add { terms: 2 }, &[left, right])
    }

    fn layer_norm(&mut self, layer: usize, input: TensorId) -> TensorId {
        self.by_rows(layer, Role::LayerNorm, Work::LayerNorm, &[input])
    }

    /// An operation of the layer's width, each of whose rows reads the same rows of `inputs`.
    fn by_rows(&mut self, layer: usize, role: Role, work: Work, inputs: &[TensorId]) -> TensorId {
        let width = self.transformer.layers[layer].hidden;
        let operands = inputs
            .iter()
            .map(|&tensor| activation(tensor, RowAccess::SameRow))
            .collect();
        let extents = [self.parameters.sequence, width, 1];
        self.emit(Draft::new(Site::of_layer(layer), role, work, extents, operands))
    }

    /// The stack of products, with a non-linearity between each two. Its gradient reads what goes into each non-linearity
    /// and what comes out of it.
    fn feed_forward(&mut self, layer: usize, input: TensorId) -> (TensorId, Vec<StackTape>) {
        let hidden = self.transformer.layers[layer].hidden;
        let widths = self.transformer.layers[layer].feed_forward.clone();
        let mut tape = Vec::new();
        let (mut current, mut from, mut before_activation) = (input, hidden, None);
        for (index, to) in widths.iter().copied().chain([hidden]).enumerate() {
            let (product, weights) = self.dense(layer, Role::FeedForward, current, [from, to]);
            tape.push(StackTape {
                input: current,
                weights,
                from,
                to,
                before_activation,
            });
            if index == widths.len() {
                current = product;
                break;
            }
            let extents = [self.parameters.sequence, to, 1];
            let operands = vec![activation(product, RowAccess::SameRow)];
            let (site, work) = (Site::of_layer(layer), Work::NonLinearity);
            current = self.emit(Draft::new(site, Role::Activation, work, extents, operands));
            before_activation = Some(product);
            from = to;
        }
        (current, tape)
    }

    /// `input` times a weight matrix of `from` x `to`.
    fn dense(
        &mut self,
        layer: usize,
        role: Role,
        input: TensorId,
        [from, to]: [u32; 2],
    ) -> (TensorId, DraftWeight) {
        let weight = self.weight(u64::from(from) * u64::from(to));
        let extents = [self.parameters.sequence, to, from];
        let operands = vec![activation(input, RowAccess::SameRow), weight.whole()];
        let site = Site::of_layer(layer);
        let product = self.emit(Draft::new(site, role, Work::Product, extents, operands));
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
