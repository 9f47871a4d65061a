//! The backward pass: the chain rule, layer by layer, from the result to the embeddings.
//!
//! Gradients are kept under their own roles; results of the forward pass are looked up by their key.

use components::operation::{Role, TensorKind};

use super::super::matrix::Matrix;
use super::forward::LAYER_NORM_EPSILON;
use super::{Batch, Pass, Reference, nearest, summed};
use crate::schema::Workload;
use crate::transformer::Head;
use crate::weights::{Key, SeededConstants};

impl Reference<'_> {
    pub(super) fn backward(&mut self, workload: &Workload) {
        let layers = &workload.transformer.layers;
        let mut current = self.loss_gradient(workload);
        for (index, layer) in layers.iter().enumerate().rev() {
            let pass = Pass {
                layer,
                index: index as u32,
            };
            if let Some(next) = layers.get(index + 1).filter(|next| next.hidden != layer.hidden) {
                let product = Product {
                    head: None,
                    weights: pass.key(None, Role::Projection, 0),
                    shape: [layer.hidden, next.hidden],
                    roles: [Role::ProjectionInputGradient, Role::ProjectionWeightGradient],
                };
                let input = self.made(pass.key(None, Role::LayerNorm, 1));
                current = self.product_gradients(&pass, product, &input, &current);
            }
            current = self.layer_gradient(&pass, &current);
        }
        let positions = summed(current.iter().cloned()).into_iter().collect();
        let batches = current.len().div_ceil(self.tile_items);
        self.keep(0, None, Role::PositionGradient, positions, batches);
        self.word_gradient = current;
    }

    /// Result - target, scaled.
    fn loss_gradient(&mut self, workload: &Workload) -> Batch {
        let last = workload.transformer.layers.len() - 1;
        let width = workload.transformer.layers[last].hidden as usize;
        let rows = workload.sequence_length as usize;
        let (layer, grain) = (last as u32, nearest(&self.settings));
        let seeded = self.parameters.seeded();
        let targets = (0..workload.batch as usize).map(|item| {
            let numbers = seeded.target(layer, item, rows, width);
            Matrix::of(rows, width, &numbers, 0.0).rounded(0, grain)
        });
        let targets = targets.collect();
        let targets = self.keep_rows(layer, None, Role::Target, targets);
        let result = self.result().map(|key| self.made(key)).unwrap_or_default();
        let pairs = result.iter().zip(&targets);
        let distances: Batch = pairs.map(|(result, target)| result.minus(target)).collect();
        let words = distances.iter().flat_map(|matrix| &matrix.numbers);
        let squares: f64 = words.map(|word| word.number * word.number).sum();
        let scale = self.settings.loss_scale;
        self.loss = Some(squares / 2.0 * scale);
        let scaled = distances.iter().map(|distance| distance.scaled(scale)).collect();
        self.keep(layer, None, Role::LossGradient, scaled, 1)
    }

    /// From the gradient of the second layer norm's output to that of the layer's input.
    fn layer_gradient(&mut self, pass: &Pass<'_>, output: &Batch) -> Batch {
        let summed = self.made(pass.key(None, Role::ResidualAdd, 1));
        let of_sum = self.norm_gradient(pass, &summed, output);
        let of_stack = self.stack_gradient(pass, &of_sum);
        let normed = self.gradient_sum(pass, &of_stack, &of_sum);
        let attended = self.made(pass.key(None, Role::ResidualAdd, 0));
        let mixed = self.norm_gradient(pass, &attended, &normed);
        let mut sum = mixed.clone();
        for (head, shape) in pass.layer.heads.iter().enumerate() {
            for part in self.head_gradients(pass, head as u32, *shape, &mixed) {
                sum = self.gradient_sum(pass, &sum, &part);
            }
        }
        sum
    }

    fn stack_gradient(&mut self, pass: &Pass<'_>, output: &Batch) -> Batch {
        let mut current = output.clone();
        let hidden = pass.layer.hidden;
        let widths = [&[hidden], pass.layer.feed_forward.as_slice(), &[hidden]].concat();
        for index in (0..widths.len() - 1).rev() {
            let input = match index {
                0 => pass.key(None, Role::LayerNorm, 0),
                _ => pass.key(None, Role::Activation, index as u32 - 1),
            };
            let product = Product {
                head: None,
                weights: pass.key(None, Role::FeedForward, index as u32),
                shape: [widths[index], widths[index + 1]],
                roles: [Role::FeedForwardInputGradient, Role::FeedForwardWeightGradient],
            };
            let input = self.made(input);
            current = self.product_gradients(pass, product, &input, &current);
            if index > 0 {
                let before = self.made(pass.key(None, Role::FeedForward, index as u32 - 1));
                let function = self.settings.function;
                let pairs = current.iter().zip(&before);
                let through = pairs.map(|(gradient, x)| gradient.through_slope(x, function));
                let through = through.collect();
                current = self.keep(pass.index, None, Role::ActivationGradient, through, 1);
            }
        }
        current
    }

    fn head_gradients(&mut self, pass: &Pass<'_>, head: u32, shape: Head, output: &Batch) -> Vec<Batch> {
        let at = Some(head);
        match shape {
            Head::Attention { kind, dimension } => {
                self.attention_gradients(pass, head, kind, dimension, output)
            }
            Head::LinearTransform { kind, .. } => {
                let sequence = output[0].rows;
                let matrix = SeededConstants::transform(kind, sequence);
                let matrix = Matrix::of(sequence, sequence, &matrix, 0.0).rounded(0, nearest(&self.settings));
                let (role, parts) = (Role::LinearTransformInputGradient, self.parts(sequence));
                let matrix = self.pruned(role, &matrix, TensorKind::Constant).transposed();
                let output = self.all_pruned(role, output, TensorKind::Gradient);
                let gradient = output.iter().map(|d| matrix.times(d)).collect();
                vec![self.keep(pass.index, at, role, gradient, parts)]
            }
            Head::Convolution { kernel, .. } => {
                let taps = self.weights(pass.key(at, Role::Convolution, 0), [kernel, pass.layer.hidden]);
                let role = Role::ConvolutionInputGradient;
                let reversed = self.pruned(role, &taps, TensorKind::Weight).upside_down();
                let output = self.all_pruned(role, output, TensorKind::Gradient);
                let gradient = output.iter().map(|d| d.convolved(&reversed)).collect();
                let gradient = self.keep(pass.index, at, role, gradient, 1);
                let role = Role::ConvolutionKernelGradient;
                let input = self.all_pruned(role, &self.layer_input(pass), TensorKind::Activation);
                let parts = self.parts(output[0].rows) * output.len().div_ceil(self.tile_items);
                let pairs = input.iter().zip(&output);
                let kernels = summed(pairs.map(|(x, d)| x.kernel_gradient(d, kernel as usize)));
                let kernels = kernels.into_iter().collect();
                self.keep(pass.index, at, role, kernels, parts);
                vec![gradient]
            }
        }
    }

    /// Both gradients of a product with weights; that of the input is returned.
    pub(super) fn product_gradients(
        &mut self,
        pass: &Pass<'_>,
        product: Product,
        input: &Batch,
        output: &Batch,
    ) -> Batch {
        let [from, to] = product.shape;
        let weights = self.weights(product.weights, product.shape);
        // Both gradients are of one class of operations, so that their thresholds are the same.
        let [of_input, of_weights] = product.roles;
        let weights = self.pruned(of_input, &weights, TensorKind::Weight).transposed();
        let output = self.all_pruned(of_input, output, TensorKind::Gradient);
        let gradient = output.iter().map(|d| d.times(&weights)).collect();
        let parts = self.parts(to as usize);
        let gradient = self.keep(pass.index, product.head, of_input, gradient, parts);
        let input = self.all_pruned(of_weights, input, TensorKind::Activation);
        debug_assert_eq!(input[0].columns, from as usize);
        let pairs = input.iter().zip(&output);
        let sum = summed(pairs.map(|(x, d)| x.transposed().times(d)));
        let parts = self.parts(output[0].rows) * output.len().div_ceil(self.tile_items);
        let sum = sum.into_iter().collect();
        self.keep(pass.index, product.head, of_weights, sum, parts);
        gradient
    }

    fn norm_gradient(&mut self, pass: &Pass<'_>, input: &Batch, output: &Batch) -> Batch {
        let pairs = input.iter().zip(output);
        let gradient = pairs
            .map(|(x, d)| x.normalised_gradient(d, LAYER_NORM_EPSILON))
            .collect();
        self.keep_rows(pass.index, None, Role::LayerNormGradient, gradient)
    }

    fn gradient_sum(&mut self, pass: &Pass<'_>, left: &Batch, right: &Batch) -> Batch {
        let pairs = left.iter().zip(right);
        let sums = pairs.map(|(left, right)| left.plus(right)).collect();
        self.keep(pass.index, None, Role::GradientSum, sums, 1)
    }

    /// A result of the forward pass.
    pub(super) fn made(&self, key: Key) -> Batch {
        self.tensors.get(&key).cloned().unwrap_or_default()
    }

    /// The input of a layer.
    pub(super) fn layer_input(&self, pass: &Pass<'_>) -> Batch {
        let Some(before) = pass.index.checked_sub(1) else {
            return self.made(pass.key(None, Role::EmbeddingAdd, 0));
        };
        let output = self.outputs.get(before as usize);
        output.map(|key| self.made(*key)).unwrap_or_default()
    }
}

/// A product with weights whose gradients are to be computed.
#[derive(Clone, Copy)]
pub(super) struct Product {
    pub(super) head: Option<u32>,
    pub(super) weights: Key,
    /// Rows and columns of the weights.
    pub(super) shape: [u32; 2],
    /// Roles of the gradients of input and weights.
    pub(super) roles: [Role; 2],
}
