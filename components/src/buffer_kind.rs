//! The three on-chip buffers.

/// Which of the three buffers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum BufferKind {
    /// Zero-free activations.
    Activation,
    /// Zero-free weights.
    Weight,
    /// Masks of both.
    Mask,
}

impl BufferKind {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Activation, Self::Weight, Self::Mask];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activation => "activation",
            Self::Weight => "weight",
            Self::Mask => "mask",
        }
    }
}
