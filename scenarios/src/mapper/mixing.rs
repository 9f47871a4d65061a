//! Heads that mix tokens without attention: linear transforms and convolutions.

use components::operation::{Operand, Role, RowAccess, TensorId, WeightTensor, Work};

use super::attention::HeadPlace;
use super::tape::HeadTape;
use super::{Draft, Mapper, activation};
use crate::transformer::TransformKind;

/// The transforms' matrices, made when first used and shared by all heads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TransformMatrices {
    fourier: Option<WeightTensor>,
    cosine: Option<WeightTensor>,
}

impl Mapper {
    /// F·X, where F is the S x S Vandermonde matrix of the transform along the sequence (for the Fourier transform its
    /// real part, as in FNet, arXiv:2105.03824). It takes the layer's whole width.
    pub(super) fn linear_transform(&mut self, place: HeadPlace, kind: TransformKind) -> (TensorId, HeadTape) {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[place.layer].hidden,
        );
        let matrix = self.transform_matrix(kind);
        let operands = vec![
            Operand::Weight(matrix),
            activation(place.input, RowAccess::AllRows),
        ];
        let extents = [sequence, width, sequence];
        let draft = Draft::new(
            place.layer,
            Role::LinearTransform,
            Work::Product,
            extents,
            operands,
        );
        let output = self.emit(draft.of_head(place.head, place.siblings));
        (output, HeadTape::LinearTransform { matrix })
    }

    fn transform_matrix(&mut self, kind: TransformKind) -> WeightTensor {
        let known = match kind {
            TransformKind::Fourier => self.transforms.fourier,
            TransformKind::Cosine => self.transforms.cosine,
        };
        known.unwrap_or_else(|| {
            let matrix = self.weight(u64::from(self.parameters.sequence).pow(2));
            match kind {
                TransformKind::Fourier => self.transforms.fourier = Some(matrix),
                TransformKind::Cosine => self.transforms.cosine = Some(matrix),
            }
            matrix
        })
    }

    /// Depthwise 1-D convolution along the sequence over the layer's whole width, one kernel a channel (the span-based
    /// dynamic convolution of ConvBERT, arXiv:2008.02496, its kernels taken as given). A row of tiles needs its
    /// neighbours' rows within half a kernel.
    pub(super) fn convolution(&mut self, place: HeadPlace, kernel: u32) -> (TensorId, HeadTape) {
        let width = self.transformer.layers[place.layer].hidden;
        let kernels = self.weight(u64::from(kernel) * u64::from(width));
        let operands = vec![
            activation(place.input, RowAccess::Halo { radius: kernel / 2 }),
            Operand::Weight(kernels),
        ];
        let extents = [self.parameters.sequence, width, 1];
        let draft = Draft::new(
            place.layer,
            Role::Convolution,
            Work::Convolution { kernel },
            extents,
            operands,
        );
        let output = self.emit(draft.of_head(place.head, place.siblings));
        (output, HeadTape::Convolution { kernels, kernel })
    }
}
