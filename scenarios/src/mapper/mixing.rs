//! Heads that mix tokens without attention: linear transforms and convolutions.

use components::operation::{Operand, Role, RowAccess, TensorId, Work};

use super::attention::HeadPlace;
use super::{Draft, Mapper, activation};
use crate::transformer::TransformKind;

/// The transforms' matrices, made when first used and shared by all heads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TransformMatrices {
    fourier: Option<Operand>,
    cosine: Option<Operand>,
}

impl Mapper {
    /// F·X, where F is the S x S Vandermonde matrix of the transform along the sequence (for the Fourier transform its
    /// real part, as in FNet, arXiv:2105.03824). It takes the layer's whole width.
    pub(super) fn linear_transform(&mut self, place: HeadPlace, kind: TransformKind) -> TensorId {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[place.layer].hidden,
        );
        let matrix = self.transform_matrix(kind);
        self.emit(Draft {
            layer: place.layer,
            head: Some(place.head),
            role: Role::LinearTransform,
            work: Work::Product,
            extents: [sequence, width, sequence],
            operands: vec![matrix, activation(place.input, RowAccess::AllRows)],
            consumers: 1,
            siblings: place.siblings,
        })
    }

    fn transform_matrix(&mut self, kind: TransformKind) -> Operand {
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
    pub(super) fn convolution(&mut self, place: HeadPlace, kernel: u32) -> TensorId {
        let width = self.transformer.layers[place.layer].hidden;
        let kernels = self.weight(u64::from(kernel) * u64::from(width));
        self.emit(Draft {
            layer: place.layer,
            head: Some(place.head),
            role: Role::Convolution,
            work: Work::Convolution { kernel },
            extents: [self.parameters.sequence, width, 1],
            operands: vec![
                activation(place.input, RowAccess::Halo { radius: kernel / 2 }),
                kernels,
            ],
            consumers: 1,
            siblings: place.siblings,
        })
    }
}
