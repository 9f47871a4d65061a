//! What names a constant tensor.

use components::operation::Role;

/// The purpose of a constant tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The layer.
    pub layer: u32,
    /// The head, if it belongs to one.
    pub head: Option<u32>,
    /// The operation that it is an operand of.
    pub role: Role,
    /// Number of operations of that role before it in its layer and head.
    pub ordinal: u32,
}
