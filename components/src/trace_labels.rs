//! Kinds of the accelerator's trace records. `Label::work` is the operation's number, `Label::part` the packed tile.

/// A MAC lane works on a tile.
pub const MAC_TILE: u16 = 1;
/// A softmax module works on a tile.
pub const SOFTMAX_TILE: u16 = 2;
/// A layer-norm module works on a tile.
pub const LAYER_NORM_TILE: u16 = 3;
/// The DMA moves a transfer; `work` is its number, `part` its bytes.
pub const TRANSFER: u16 = 4;

/// Counter: bytes held by a buffer.
pub const BUFFER_OCCUPANCY: u16 = 1;
