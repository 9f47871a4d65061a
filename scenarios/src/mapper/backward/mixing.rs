//! Through linear transforms and convolutions.

use components::operation::{Operand, Role, RowAccess, TensorId, WeightTensor, Work};

use super::GradientPlace;
use crate::mapper::{Mapper, activation, gradient, transposed};

impl Mapper {
    /// dX = Fᵀ·dY, with the matrix of the forward pass.
    pub(super) fn linear_transform_gradient(
        &mut self,
        place: GradientPlace,
        matrix: WeightTensor,
        output: TensorId,
    ) -> TensorId {
        let width = self.transformer.layers[place.layer].hidden;
        let sequence = self.parameters.sequence;
        let operands = vec![
            transposed(Operand::Weight(matrix)),
            gradient(output, RowAccess::AllRows),
        ];
        let extents = [sequence, width, sequence];
        let role = Role::LinearTransformInputGradient;
        self.emit(place.draft(role, Work::Product, extents, operands))
    }

    /// dX is dY convolved with the reversed kernel, so it needs the neighbours' rows as the forward pass does. The
    /// gradient of tap t is the sum over batch and sequence of dY times X, t - radius elements further.
    pub(super) fn convolution_gradients(
        &mut self,
        place: GradientPlace,
        input: TensorId,
        kernels: WeightTensor,
        kernel: u32,
        output: TensorId,
    ) -> TensorId {
        let width = self.transformer.layers[place.layer].hidden;
        let sequence = self.parameters.sequence;
        let operands = vec![
            gradient(output, RowAccess::Halo { radius: kernel / 2 }),
            transposed(Operand::Weight(kernels)),
        ];
        let work = Work::Convolution { kernel };
        let extents = [sequence, width, 1];
        let draft = place.draft(Role::ConvolutionInputGradient, work, extents, operands);
        let input_gradient = self.emit(draft);
        let operands = vec![
            activation(input, RowAccess::AllRows),
            gradient(output, RowAccess::AllRows),
        ];
        let extents = [kernel, width, sequence];
        let role = Role::ConvolutionKernelGradient;
        let draft = place.draft(role, Work::KernelGradient, extents, operands);
        self.weight_gradient(place, draft, kernels);
        input_gradient
    }
}
