//! One layer of a genome.

use super::{Heads, Stack};
use crate::shape::{HeadKind, LayerShape};

/// The widths that a layer may have, in order, in elements per token.
pub const WIDTHS: [u32; 4] = [128, 256, 512, 768];

/// One layer: its width, its heads and its feed-forward widths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LayerGenes {
    width: u8,
    /// The heads.
    pub heads: Heads,
    /// The feed-forward widths.
    pub stack: Stack,
}

impl LayerGenes {
    /// How many layers there are: 4 widths, 258 stacks, 21,805 multisets of heads.
    pub const ALL: u64 = WIDTHS.len() as u64 * Stack::ALL as u64 * Heads::ALL as u64;

    /// The layer whose width has this position in [`WIDTHS`]; `None` if there is no such width.
    #[must_use]
    pub fn new(width: usize, heads: Heads, stack: Stack) -> Option<Self> {
        (width < WIDTHS.len()).then_some(Self {
            width: width as u8,
            heads,
            stack,
        })
    }

    /// The layer with this number: its heads count fastest, then its stack; `None` from [`ALL`](Self::ALL) on.
    pub(crate) fn nth(number: u64) -> Option<Self> {
        let (rest, heads) = (number / u64::from(Heads::ALL), number % u64::from(Heads::ALL));
        let (width, stack) = (rest / u64::from(Stack::ALL), rest % u64::from(Stack::ALL));
        let (heads, stack) = (Heads::of_index(heads as u32)?, Stack::of_index(stack as u32)?);
        Self::new(usize::try_from(width).ok()?, heads, stack)
    }

    /// The layer with index 0 in each of its numbers, which stands for unused layers.
    pub(crate) fn first() -> Self {
        let stack = Stack::of_positions(&[0]).expect("there is a stack of the first width");
        Self {
            width: 0,
            heads: Heads::alike(0, HeadKind::ScaledDotProduct),
            stack,
        }
    }

    /// The position of the width in [`WIDTHS`].
    #[must_use]
    pub fn width_position(&self) -> usize {
        usize::from(self.width)
    }

    /// The layer with another width; itself if there is no such position.
    #[must_use]
    pub fn with_width(mut self, position: usize) -> Self {
        if position < WIDTHS.len() {
            self.width = position as u8;
        }
        self
    }

    /// Width of the layer's input and output, in elements per token.
    #[must_use]
    pub fn hidden(&self) -> u32 {
        WIDTHS[self.width_position()]
    }

    /// Width of each head, in elements: that of the layer divided by the number of heads, rounded down. Twelve heads of a
    /// layer of 128 are 10 wide, 120 together.
    #[must_use]
    pub fn head_dimension(&self) -> u32 {
        self.hidden() / u32::from(self.heads.total())
    }

    /// What cost and capacity of the layer depend on.
    #[must_use]
    pub fn shape(&self) -> LayerShape<'_> {
        LayerShape::of_counts(
            self.hidden(),
            self.heads.counts(),
            self.head_dimension(),
            self.stack.widths(),
        )
    }
}
