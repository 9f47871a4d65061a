//! Layer-norm modules.

use sim_core::Ticks;

use crate::pe::row_module::{ModulePlace, RowModule, row_module};
use crate::runs::RunKind;
use crate::trace_labels;

row_module!(
    /// The layer-norm module of a PE. It takes a whole row of tiles, since mean and variance need every element.
    ///
    /// A tile of b x x x y takes b·(x + y) cycles: the rate behind the published figures of arXiv:2303.14882, without
    /// their factor of 0.5 for density, since a zero counts in the mean and in the variance.
    LayerNorm,
    RunKind::LayerNorm,
    trace_labels::LAYER_NORM_TILE
);
