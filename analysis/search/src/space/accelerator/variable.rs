//! The variables of an accelerator, and the values that each may have.

/// A variable of an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variable {
    /// Batch items in a tile.
    TileBatch,
    /// Rows of a tile, which are as many as its columns, in elements.
    TileSide,
    /// PEs.
    ProcessingElements,
    /// MAC lanes per PE.
    Lanes,
    /// Multipliers per MAC lane.
    Multipliers,
    /// Softmax modules per PE.
    Softmax,
    /// Sequences in a batch.
    Batch,
    /// The activation buffer, in MB.
    ActivationBuffer,
    /// The weight buffer, in MB.
    WeightBuffer,
    /// The mask buffer, in MB.
    MaskBuffer,
    /// Main memory, by its index: see [`Organisation`](estimate::Organisation).
    Memory,
}

impl Variable {
    /// All variables, in the order of the published vector.
    pub const ALL: [Self; 11] = [
        Self::TileBatch,
        Self::TileSide,
        Self::ProcessingElements,
        Self::Lanes,
        Self::Multipliers,
        Self::Softmax,
        Self::Batch,
        Self::ActivationBuffer,
        Self::WeightBuffer,
        Self::MaskBuffer,
        Self::Memory,
    ];

    /// The values that it may have, in order.
    #[must_use]
    pub const fn values(self) -> &'static [u32] {
        match self {
            Self::TileBatch => &[1, 4],
            Self::TileSide => &[8, 16, 32],
            Self::ProcessingElements => &[64, 128, 256, 512, 1024],
            Self::Lanes => &[8, 16, 32, 64, 128],
            Self::Multipliers => &[1, 16],
            Self::Softmax => &[2, 4, 8, 16, 32, 64],
            Self::Batch => &[4, 16, 32],
            Self::ActivationBuffer => &[4, 8, 16, 32, 64],
            Self::WeightBuffer => &[8, 16, 32, 64, 128],
            Self::MaskBuffer => &[1, 2, 4, 8, 16],
            Self::Memory => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        }
    }

    /// Whether neighbours in the list of values are alike. Memories are only listed.
    #[must_use]
    pub const fn is_ordinal(self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// The name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TileBatch => "tile_b",
            Self::TileSide => "tile_x and tile_y",
            Self::ProcessingElements => "processing elements",
            Self::Lanes => "MAC lanes per PE",
            Self::Multipliers => "multipliers per lane",
            Self::Softmax => "softmax modules per PE",
            Self::Batch => "batch size",
            Self::ActivationBuffer => "activation buffer, MB",
            Self::WeightBuffer => "weight buffer, MB",
            Self::MaskBuffer => "mask buffer, MB",
            Self::Memory => "memory",
        }
    }

    /// Its number in the published vector, from 0; the first of two for the side of a tile.
    #[must_use]
    pub const fn number(self) -> usize {
        match self {
            Self::TileBatch => 0,
            Self::TileSide => 1,
            other => other as usize + 1,
        }
    }
}
