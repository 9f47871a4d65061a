//! Places of the window, of tensors and of batch tiles, each of a kind of its own.

/// A place of the window: operation `id` stands at place `id % window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WindowPlace(pub(super) usize);

/// The place of a tensor among those that the control block knows; it is reused once the tensor is freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TensorPlace(pub(super) usize);

/// The number of a batch tile, and of the slice that it has of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BatchTile(pub(super) u32);

impl BatchTile {
    /// The first, and the only one of a tensor that is the sum over the batch.
    pub(super) const FIRST: Self = Self(0);

    /// As an index into what is kept by batch tile.
    #[inline]
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }

    /// The batch tile `steps` further.
    #[inline]
    pub(super) fn stepped(self, steps: u32) -> Self {
        Self(self.0 + steps)
    }
}
