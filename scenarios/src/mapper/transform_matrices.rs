//! The matrices of linear transforms.

use super::stored::DraftWeight;

/// The matrices of the transforms, created on first use and shared by all heads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TransformMatrices {
    pub(super) fourier: Option<DraftWeight>,
    pub(super) cosine: Option<DraftWeight>,
}
