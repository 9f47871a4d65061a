//! The backward pass: for every operation of the forward pass its gradient with respect to input and to weights, from
//! the last layer to the first, a layer at a time.
//!
//! It begins with the loss: half the squared distance between the result and a target, which is loaded from main memory,
//! so its gradient is result - target, one subtraction. (Heads of a task, such as a classifier, are not modelled.) In
//! training the result itself is not written back.
//!
//! dY stands for the gradient of an operation's result. Extents are (b, i, j, k) as in the forward pass:
//!
//! | forward | gradient of its input | gradient of its weights, summed over the batch |
//! |---|---|---|
//! | Y = X·W, from width m to n | dX = dY·Wᵀ: B, S, m, n | dW = Xᵀ·dY: B, m, n, S |
//! | S = Q·Kᵀ | dQ = dS·K, dK = dSᵀ·Q: B, S, d, S | |
//! | P = softmax(S) | dS from P and dP, row by row | |
//! | C = P·V | dP = dC·Vᵀ: B, S, S, d; dV = Pᵀ·dC: B, S, d, S | |
//! | Y = F·X | dX = Fᵀ·dY: B, S, h, S | the matrix is constant |
//! | convolution, kernel n | dX: dY convolved with the reversed kernel | B, n, h, S |
//! | layer norm | dX from X and dY, row by row | it has no weights: gamma is 1, beta is 0 |
//! | GELU, ReLU | dX = dY times the derivative at X | |
//! | sums over heads, residuals | dY itself, for each term | |
//! | words + positions | dY itself, for the rows of the tokens | positions: sum over the batch |
//!
//! Where several operations read a tensor, their gradients are added two by two, so that no more than two have to be kept.

mod attention;
mod embedding;
mod mixing;

use components::operation::{Role, RowAccess, TensorId, TensorKind, WeightTensor, Work};

use super::tape::{HeadTape, LayerTape, PendingUpdate, StackTape};
use super::{Draft, Mapper, activation, gradient, transposed};
use components::operation::Operand;

/// Where a gradient belongs.
#[derive(Clone, Copy)]
struct GradientPlace {
    layer: usize,
    head: Option<usize>,
    siblings: u32,
}

impl GradientPlace {
    /// Outside the heads of `layer`.
    fn of_layer(layer: usize) -> Self {
        Self {
            layer,
            head: None,
            siblings: 1,
        }
    }

    /// An operation here whose result is a gradient.
    fn draft(self, role: Role, work: Work, extents: [u32; 3], operands: Vec<Operand>) -> Draft {
        let draft = Draft::new(self.layer, role, work, extents, operands).holding(TensorKind::Gradient);
        match self.head {
            Some(head) => draft.of_head(head, self.siblings),
            None => draft,
        }
    }
}

/// A product with weights, whose gradients are wanted.
#[derive(Clone, Copy)]
struct WeightedProduct {
    input: TensorId,
    weights: WeightTensor,
    from: u32,
    to: u32,
    /// Of the gradients of input and weights.
    roles: [Role; 2],
}

impl Mapper {
    /// The gradient of the loss with respect to the result.
    pub(super) fn loss(&mut self) {
        let layer = self.transformer.layers.len() - 1;
        let width = self.transformer.layers[layer].hidden;
        let (data, masks) = self
            .addresses
            .result(self.parameters.batch, self.parameters.sequence, width);
        let extents = [self.parameters.sequence, width, 1];
        let load = Work::Load { data, masks };
        let target = self.emit(Draft::new(layer, Role::Target, load, extents, Vec::new()));
        let operands = [self.current, target].map(|tensor| activation(tensor, RowAccess::SameRow));
        let place = GradientPlace::of_layer(layer);
        let draft = place.draft(
            Role::LossGradient,
            Work::Add { terms: 2 },
            extents,
            operands.to_vec(),
        );
        self.current = self.emit(draft.read_by(self.readers_of_gradient(layer + 1)));
    }

    /// From the gradient of a layer's output, which is the current tensor, to that of its input.
    pub(super) fn backward_layer(&mut self, layer: usize) {
        let Some(tape) = self.tape.layers.pop() else {
            return;
        };
        let place = GradientPlace::of_layer(layer);
        let hidden = self.transformer.layers[layer].hidden;
        let mut output = self.current;
        if let (Some((input, weights)), Some(to)) = (tape.projection, self.next_width(layer)) {
            let product = WeightedProduct {
                input,
                weights,
                from: hidden,
                to,
                roles: [Role::ProjectionInputGradient, Role::ProjectionWeightGradient],
            };
            output = self.product_gradients(place, product, output, 1);
        }
        // Read by the gradients of the stack's last product and, as the residual's, by a sum.
        let summed = self.norm_gradient(layer, tape.summed, output, 3);
        let fed = self.stack_gradient(place, &tape.stack, summed);
        let normed = self.gradient_sum(place, [fed, summed], 1);
        let heads = self.readers_of_head_gradients(layer);
        let residual = 1;
        let attended = self.norm_gradient(layer, tape.attended, normed, heads + residual);
        self.current = self.input_gradient(layer, &tape, attended);
    }

    /// Operations that read the gradient of the input of `layer`; past the last layer, of the result.
    fn readers_of_gradient(&self, layer: usize) -> u32 {
        let Some(before) = layer.checked_sub(1) else {
            return self.readers_of_embedding_gradient();
        };
        // A projection reads it for its input and for its weights; else a layer norm reads it.
        if self.next_width(before).is_some() { 2 } else { 1 }
    }

    /// Operations of the heads that read the gradient of their sum.
    fn readers_of_head_gradients(&self, layer: usize) -> u32 {
        let heads = self.transformer.layers[layer].heads.iter();
        heads
            .map(|head| match head {
                crate::transformer::Head::Attention { .. } | crate::transformer::Head::Convolution { .. } => {
                    2
                }
                crate::transformer::Head::LinearTransform { .. } => 1,
            })
            .sum()
    }

    /// The sum of what the residual and all heads say of the layer's input. `mixed` is the gradient of the heads' sum, and
    /// so of each of them.
    fn input_gradient(&mut self, layer: usize, tape: &LayerTape, mixed: TensorId) -> TensorId {
        let readers = self.readers_of_gradient(layer);
        let last = tape.heads.len().saturating_sub(1);
        let mut sum = mixed;
        for (index, head) in tape.heads.iter().enumerate() {
            let place = GradientPlace {
                layer,
                head: Some(index),
                siblings: self.siblings(layer, &self.transformer.layers[layer].heads[index]),
            };
            let parts = match head {
                HeadTape::Attention(attention) => {
                    self.attention_gradients(place, tape.input, attention, mixed)
                }
                HeadTape::LinearTransform { matrix } => {
                    vec![self.linear_transform_gradient(place, *matrix, mixed)]
                }
                HeadTape::Convolution { kernels, kernel } => {
                    vec![self.convolution_gradients(place, tape.input, *kernels, *kernel, mixed)]
                }
            };
            let count = parts.len();
            for (part, gradient) in parts.into_iter().enumerate() {
                let is_last = index == last && part + 1 == count;
                let consumers = if is_last { readers } else { 1 };
                sum = self.gradient_sum(place, [sum, gradient], consumers);
            }
        }
        sum
    }

    /// Through the feed-forward stack, whose result has the gradient `output`.
    fn stack_gradient(&mut self, place: GradientPlace, stack: &[StackTape], output: TensorId) -> TensorId {
        let mut current = output;
        for tape in stack.iter().rev() {
            let product = WeightedProduct {
                input: tape.input,
                weights: tape.weights,
                from: tape.from,
                to: tape.to,
                roles: [Role::FeedForwardInputGradient, Role::FeedForwardWeightGradient],
            };
            current = self.product_gradients(place, product, current, 1);
            if let Some(before) = tape.before_activation {
                let operands = vec![
                    gradient(current, RowAccess::SameRow),
                    activation(before, RowAccess::SameRow),
                ];
                let extents = [self.parameters.sequence, tape.from, 1];
                let work = Work::NonLinearityGradient;
                let draft = place.draft(Role::ActivationGradient, work, extents, operands);
                // Read by the gradients of the input and of the weights of the product before.
                current = self.emit(draft.read_by(2));
            }
        }
        current
    }

    /// Through the layer norm of `input`.
    fn norm_gradient(&mut self, layer: usize, input: TensorId, output: TensorId, consumers: u32) -> TensorId {
        let operands = vec![
            activation(input, RowAccess::SameRow),
            gradient(output, RowAccess::SameRow),
        ];
        let extents = [self.parameters.sequence, self.transformer.layers[layer].hidden, 1];
        let place = GradientPlace::of_layer(layer);
        let draft = place.draft(
            Role::LayerNormGradient,
            Work::LayerNormGradient,
            extents,
            operands,
        );
        self.emit(draft.read_by(consumers))
    }

    fn gradient_sum(&mut self, place: GradientPlace, terms: [TensorId; 2], consumers: u32) -> TensorId {
        let width = self.transformer.layers[place.layer].hidden;
        let operands = terms.map(|tensor| gradient(tensor, RowAccess::SameRow)).to_vec();
        let extents = [self.parameters.sequence, width, 1];
        // A sum belongs to the layer as a whole, as the sums of the forward pass.
        let whole = GradientPlace::of_layer(place.layer);
        let draft = whole.draft(Role::GradientSum, Work::Add { terms: 2 }, extents, operands);
        self.emit(draft.read_by(consumers))
    }

    /// Both gradients of a product with weights, whose result has the gradient `output`; that of the input is returned and
    /// has so many readers. It comes first: what was computed earlier waits for it.
    fn product_gradients(
        &mut self,
        place: GradientPlace,
        product: WeightedProduct,
        output: TensorId,
        consumers: u32,
    ) -> TensorId {
        let WeightedProduct {
            input,
            weights,
            from,
            to,
            roles,
        } = product;
        let sequence = self.parameters.sequence;
        let operands = vec![
            gradient(output, RowAccess::SameRow),
            transposed(Operand::Weight(weights)),
        ];
        let draft = place.draft(roles[0], Work::Product, [sequence, from, to], operands);
        let input_gradient = self.emit(draft.read_by(consumers));
        let operands = vec![
            transposed(activation(input, RowAccess::AllRows)),
            gradient(output, RowAccess::AllRows),
        ];
        let draft = place.draft(roles[1], Work::WeightGradient, [from, to, sequence], operands);
        self.weight_gradient(place, draft, weights);
        input_gradient
    }

    /// Emits an operation that makes the gradient of `weights`, and its write-back for the update to come.
    fn weight_gradient(&mut self, place: GradientPlace, draft: Draft, weights: WeightTensor) {
        let [rows, columns, _] = draft.extents;
        let made = self.emit(draft);
        let tensor = self.new_tensor();
        let stored = self
            .addresses
            .weight(tensor, TensorKind::Gradient, weights.elements);
        let work = Work::Store {
            data: stored.data,
            masks: stored.masks,
        };
        let operands = vec![gradient(made, RowAccess::AllRows)];
        let store = place.draft(Role::GradientStore, work, [rows, columns, 1], operands);
        self.emit(store.without_batch().read_by(0));
        let after = self.last_operation();
        self.tape.updates.push_back(PendingUpdate {
            layer: place.layer,
            head: place.head,
            weights,
            gradient: stored,
            shape: [rows, columns],
            after,
        });
    }
}
