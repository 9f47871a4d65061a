//! The stages of a program: what the mapper lowers at a time.

/// A part of the program that is lowered as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Embedding,
    /// Forward.
    Layer(usize),
    /// Write-back of the result, in inference.
    Store,
    /// The gradient of the loss, in training.
    Loss,
    Backward(usize),
    EmbeddingBackward,
    WordUpdate,
    /// Of the weights whose gradients were the so-many-th to be made.
    Update(usize),
}

impl Stage {
    /// Its place among the stages of a transformer of `layers` layers.
    pub(super) fn number(self, layers: usize) -> u32 {
        let number = match self {
            Self::Embedding => 0,
            Self::Layer(layer) => 1 + layer,
            Self::Store | Self::Loss => 1 + layers,
            Self::Backward(layer) => 1 + 2 * layers - layer,
            Self::EmbeddingBackward => 2 + 2 * layers,
            Self::WordUpdate => 3 + 2 * layers,
            Self::Update(index) => 4 + 2 * layers + index,
        };
        number as u32
    }

    /// The stage that goes back through this one in training; `None` if this is not a stage of the forward pass.
    pub(super) fn backward(self) -> Option<Self> {
        match self {
            Self::Embedding => Some(Self::EmbeddingBackward),
            Self::Layer(layer) => Some(Self::Backward(layer)),
            _ => None,
        }
    }
}
