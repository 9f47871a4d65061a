//! Softmax modules.

use sim_core::Ticks;

use crate::pe::row_module::{ModulePlace, RowModule, row_module};
use crate::runs::RunKind;
use crate::trace_labels;

row_module!(
    /// One softmax module. It takes a whole row of tiles, since the normaliser needs every element of the row.
    ///
    /// A tile of b x x x y takes b·(x + y) cycles: the rate behind the published figures of arXiv:2303.14882, without
    /// their factor of 0.5 for density, since the exponential of a zero is one and cannot be skipped.
    Softmax,
    RunKind::Softmax,
    trace_labels::SOFTMAX_TILE
);
