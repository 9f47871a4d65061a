//! Gradients of linear transforms and convolutions.

use components::operation::{Role, RowAccess, TensorId, Work};

use super::draft_of_gradient;
use crate::mapper::draft::Site;
use crate::mapper::emitter::Emitter;
use crate::mapper::stored::{DraftWeight, activation, gradient, transposed};

impl Emitter {
    /// dX = Fᵀ·dY, with the matrix of the forward pass.
    pub(super) fn linear_transform_gradient(
        &mut self,
        site: Site,
        matrix: DraftWeight,
        output: TensorId,
    ) -> TensorId {
        let width = self.transformer.layers[site.layer].hidden;
        let sequence = self.parameters.sequence;
        let operands = vec![transposed(matrix.whole()), gradient(output, RowAccess::AllRows)];
        let extents = [sequence, width, sequence];
        let role = Role::LinearTransformInputGradient;
        self.emit(draft_of_gradient(site, role, Work::Product, extents, operands))
    }

    /// dX is dY convolved with the reversed kernel, so it needs the neighbours' rows as the forward pass does. The
    /// gradient of tap t is the sum over batch and sequence of dY times X, shifted by t - radius rows.
    pub(super) fn convolution_gradients(
        &mut self,
        site: Site,
        input: TensorId,
        kernels: DraftWeight,
        kernel: u32,
        output: TensorId,
    ) -> TensorId {
        let width = self.transformer.layers[site.layer].hidden;
        let sequence = self.parameters.sequence;
        let operands = vec![
            gradient(output, RowAccess::Halo { radius: kernel / 2 }),
            transposed(kernels.whole()),
        ];
        let work = Work::Convolution { kernel };
        let extents = [sequence, width, 1];
        let draft = draft_of_gradient(site, Role::ConvolutionInputGradient, work, extents, operands);
        let input_gradient = self.emit(draft);
        let operands = vec![
            activation(input, RowAccess::AllRows),
            gradient(output, RowAccess::AllRows),
        ];
        let extents = [kernel, width, sequence];
        let role = Role::ConvolutionKernelGradient;
        let draft = draft_of_gradient(site, role, Work::KernelGradient, extents, operands);
        self.weight_gradient(site, draft, kernels);
        input_gradient
    }
}
