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

use components::operation::{Role, RowAccess, TensorId, TensorKind, Work};

use super::draft::{Draft, Site, Task};
use super::emitter::Emitter;
use super::stored::{DraftOperand, DraftWeight, Stored, activation, gradient, transposed};
use super::tape::{HeadTape, LayerTape, PendingUpdate, StackTape};

/// An operation of the backward pass, whose result is a gradient.
fn draft_of_gradient(
    site: Site,
    role: Role,
    task: impl Into<Task>,
    extents: [u32; 3],
    operands: Vec<DraftOperand>,
) -> Draft {
    Draft::new(site, role, task, extents, operands).holding(TensorKind::Gradient)
}

/// A product with weights, whose gradients are to be computed.
#[derive(Clone, Copy)]
struct WeightedProduct {
    input: TensorId,
    weights: DraftWeight,
    from: u32,
    to: u32,
    /// Roles of the gradients of input and weights.
    roles: [Role; 2],
}

impl Emitter {
    /// The gradient of the loss with respect to the result.
    pub(super) fn loss(&mut self) {
        let layer = self.layers() - 1;
        let site = Site::of_layer(layer);
        let columns = self.transformer.layers[layer].hidden;
        let extents = [self.parameters.sequence, columns, 1];
        let load = Task::Load(Stored::Result { columns });
        let target = self.emit(Draft::new(site, Role::Target, load, extents, Vec::new()));
        let operands = [self.current, target].map(|tensor| activation(tensor, RowAccess::SameRow));
        let add = Work::Add { terms: 2 };
        let draft = draft_of_gradient(site, Role::LossGradient, add, extents, operands.to_vec());
        self.current = self.emit(draft);
    }

    /// From the gradient of a layer's output, which is the current tensor, to that of its input.
    pub(super) fn backward_layer(&mut self, layer: usize, tape: &LayerTape) {
        let site = Site::of_layer(layer);
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
            output = self.product_gradients(site, product, output);
        }
        let summed = self.norm_gradient(layer, tape.summed, output);
        let fed = self.stack_gradient(site, &tape.stack, summed);
        let normed = self.gradient_sum(layer, [fed, summed]);
        let attended = self.norm_gradient(layer, tape.attended, normed);
        self.current = self.input_gradient(layer, tape, attended);
    }

    /// The gradient of the layer's input: the sum over the residual and all heads. `mixed` is the gradient of the heads' sum,
    /// and so of each of them.
    fn input_gradient(&mut self, layer: usize, tape: &LayerTape, mixed: TensorId) -> TensorId {
        let mut sum = mixed;
        for (index, head) in tape.heads.iter().enumerate() {
            let site = self.site_of_head(layer, index);
            let parts = match head {
                HeadTape::Attention(attention) => {
                    self.attention_gradients(site, tape.input, attention, mixed)
                }
                HeadTape::LinearTransform { matrix } => {
                    vec![self.linear_transform_gradient(site, *matrix, mixed)]
                }
                HeadTape::Convolution { kernels, kernel } => {
                    vec![self.convolution_gradients(site, tape.input, *kernels, *kernel, mixed)]
                }
            };
            for gradient in parts {
                sum = self.gradient_sum(layer, [sum, gradient]);
            }
        }
        sum
    }

    /// The gradient of the input of the feed-forward stack, whose result has the gradient `output`.
    fn stack_gradient(&mut self, site: Site, stack: &[StackTape], output: TensorId) -> TensorId {
        let mut current = output;
        for tape in stack.iter().rev() {
            let product = WeightedProduct {
                input: tape.input,
                weights: tape.weights,
                from: tape.from,
                to: tape.to,
                roles: [Role::FeedForwardInputGradient, Role::FeedForwardWeightGradient],
            };
            current = self.product_gradients(site, product, current);
            if let Some(before) = tape.before_activation {
                let operands = vec![
                    gradient(current, RowAccess::SameRow),
                    activation(before, RowAccess::SameRow),
                ];
                let extents = [self.parameters.sequence, tape.from, 1];
                let (role, work) = (Role::ActivationGradient, Work::NonLinearityGradient);
                current = self.emit(draft_of_gradient(site, role, work, extents, operands));
            }
        }
        current
    }

    /// The gradient of `input`, whose layer norm has the gradient `output`.
    fn norm_gradient(&mut self, layer: usize, input: TensorId, output: TensorId) -> TensorId {
        let operands = vec![
            activation(input, RowAccess::SameRow),
            gradient(output, RowAccess::SameRow),
        ];
        let extents = [self.parameters.sequence, self.transformer.layers[layer].hidden, 1];
        let (site, role) = (Site::of_layer(layer), Role::LayerNormGradient);
        let work = Work::LayerNormGradient;
        self.emit(draft_of_gradient(site, role, work, extents, operands))
    }

    /// A sum of two gradients. It belongs to the layer as a whole, as the sums of the forward pass do.
    fn gradient_sum(&mut self, layer: usize, terms: [TensorId; 2]) -> TensorId {
        let width = self.transformer.layers[layer].hidden;
        let operands = terms.map(|tensor| gradient(tensor, RowAccess::SameRow)).to_vec();
        let extents = [self.parameters.sequence, width, 1];
        let (site, add) = (Site::of_layer(layer), Work::Add { terms: 2 });
        self.emit(draft_of_gradient(site, Role::GradientSum, add, extents, operands))
    }

    /// Both gradients of a product with weights, whose result has the gradient `output`; that of the input is returned. It
    /// comes first, because the layer before waits for it.
    fn product_gradients(&mut self, site: Site, product: WeightedProduct, output: TensorId) -> TensorId {
        let WeightedProduct {
            input,
            weights,
            from,
            to,
            roles,
        } = product;
        let sequence = self.parameters.sequence;
        let operands = vec![gradient(output, RowAccess::SameRow), transposed(weights.whole())];
        let extents = [sequence, from, to];
        let draft = draft_of_gradient(site, roles[0], Work::Product, extents, operands);
        let input_gradient = self.emit(draft);
        let operands = vec![
            transposed(activation(input, RowAccess::AllRows)),
            gradient(output, RowAccess::AllRows),
        ];
        let extents = [from, to, sequence];
        let draft = draft_of_gradient(site, roles[1], Work::WeightGradient, extents, operands);
        self.weight_gradient(site, draft, weights);
        input_gradient
    }

    /// Emits an operation that makes the gradient of `weights`, and its write-back for the update to come.
    fn weight_gradient(&mut self, site: Site, draft: Draft, weights: DraftWeight) {
        let [rows, columns, _] = draft.extents;
        let made = self.emit(draft);
        let stored = self.stored_tensor(TensorKind::Gradient, weights.elements);
        let operands = vec![gradient(made, RowAccess::AllRows)];
        let (task, extents) = (Task::Store(stored.stored), [rows, columns, 1]);
        let store = draft_of_gradient(site, Role::GradientStore, task, extents, operands);
        let after = self.emit_sink(store.without_batch());
        self.tape.updates.push_back(PendingUpdate {
            site,
            weights,
            gradient: stored,
            shape: [rows, columns],
            after,
        });
    }
}
