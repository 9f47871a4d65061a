//! Heads that mix tokens without attention: linear transforms and convolutions.

use components::operation::{Role, RowAccess, TensorId, TensorKind, Work};

use super::draft::{Draft, Site};
use super::emitter::Emitter;
use super::stored::{DraftWeight, Region, activation};
use super::tape::HeadTape;
use crate::transformer::TransformKind;

impl Emitter {
    /// F·X, where F is the S x S Vandermonde matrix of the transform along the sequence (for the Fourier transform its
    /// real part, as in FNet, arXiv:2105.03824). It takes the layer's whole width.
    pub(super) fn linear_transform(
        &mut self,
        site: Site,
        input: TensorId,
        kind: TransformKind,
    ) -> (TensorId, HeadTape) {
        let (sequence, width) = (
            self.parameters.sequence,
            self.transformer.layers[site.layer].hidden,
        );
        let matrix = self.transform_matrix(kind);
        let operands = vec![matrix.whole(), activation(input, RowAccess::AllRows)];
        let extents = [sequence, width, sequence];
        let draft = Draft::new(site, Role::LinearTransform, Work::Product, extents, operands);
        (self.emit(draft), HeadTape::LinearTransform { matrix })
    }

    fn transform_matrix(&mut self, kind: TransformKind) -> DraftWeight {
        let known = match kind {
            TransformKind::Fourier => self.transforms.fourier,
            TransformKind::Cosine => self.transforms.cosine,
        };
        known.unwrap_or_else(|| {
            let elements = u64::from(self.parameters.sequence).pow(2);
            let region = Region::Transform(kind);
            let matrix = DraftWeight::new(self.new_tensor(), region, TensorKind::Constant, elements);
            match kind {
                TransformKind::Fourier => self.transforms.fourier = Some(matrix),
                TransformKind::Cosine => self.transforms.cosine = Some(matrix),
            }
            matrix
        })
    }

    /// Depthwise 1-D convolution along the sequence over the layer's whole width, one kernel per channel (the span-based
    /// dynamic convolution of ConvBERT, arXiv:2008.02496, with its kernels taken as given). A row of tiles needs its
    /// neighbours' rows within half a kernel.
    pub(super) fn convolution(&mut self, site: Site, input: TensorId, kernel: u32) -> (TensorId, HeadTape) {
        let width = self.transformer.layers[site.layer].hidden;
        let kernels = self.weight(u64::from(kernel) * u64::from(width));
        let radius = kernel / 2;
        let operands = vec![activation(input, RowAccess::Halo { radius }), kernels.whole()];
        let extents = [self.parameters.sequence, width, 1];
        let work = Work::Convolution { kernel };
        let draft = Draft::new(site, Role::Convolution, work, extents, operands);
        (self.emit(draft), HeadTape::Convolution { kernels, kernel })
    }
}
