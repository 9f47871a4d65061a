//! The assumptions of the published figures, as switches.

/// Declares [`Convention`] and [`SWITCHES`] from one list.
macro_rules! switches {
    ($($(#[doc = $doc:literal])+ $name:ident: $corrected:literal,)+) => {
        /// How a closed form counts. A field that is `true` counts as the published figures do; `false` corrects that
        /// one convention towards the event-driven model, and nothing else.
        ///
        /// `docs/conventions.md` has a table of the effect of each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Convention {
            $($(#[doc = $doc])+ pub $name: bool,)+
        }

        impl Convention {
            /// The convention of the published figures.
            #[must_use]
            pub const fn published() -> Self {
                Self { $($name: true,)+ }
            }
        }

        /// Every switch of a [`Convention`].
        pub const SWITCHES: &[Switch] = &[$(Switch {
            name: stringify!($name),
            corrected: $corrected,
            correct: |convention| convention.$name = false,
        },)+];
    };
}

/// A convention that can be corrected alone.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// The field of [`Convention`].
    pub name: &'static str,
    /// What replaces the convention, in a few words.
    pub corrected: &'static str,
    /// Corrects it.
    pub correct: fn(&mut Convention),
}

impl Switch {
    /// The published convention with this one corrected.
    #[must_use]
    pub fn corrected_alone(&self) -> Convention {
        let mut convention = Convention::published();
        (self.correct)(&mut convention);
        convention
    }
}

switches! {
    /// A bandwidth in GB/s counts as 2^30 words per second instead of 10^9 bytes per second.
    gigabytes_as_words: "GB/s are 10^9 bytes per second",
    /// The whole embedding table is loaded, and must fit into the weight buffer. Corrected: only the rows of the
    /// batch's tokens and positions are loaded, into the activation buffer.
    whole_embedding_table: "rows of the batch's tokens",
    /// Loading embeddings takes time but no energy.
    embeddings_without_energy: "embeddings cost energy like other loads",
    /// Weights are loaded once for each item of the batch.
    weights_per_batch_item: "weights loaded once",
    /// Loads and stores of the heads take no time.
    head_transfers_without_time: "transfers of heads take time",
    /// A step's transfer and its computation take turns. Corrected: they overlap, and the longer one counts.
    transfers_before_work: "a step's transfer and work overlap",
    /// Accesses are counted as elements / 64, though a block has 64 bytes. Corrected: non-zero elements, one word each.
    elements_as_bytes: "accesses counted in bytes",
    /// The tile count of a product is that of the left matrix times that of the right one, which counts the reduction twice.
    reduction_counted_twice: "b·i·k·j tiles",
    /// Half of a product's multiplications are skipped. Corrected: all with a zero operand, which is three quarters.
    half_of_multiplications: "pairs that survive both masks, a quarter",
    /// A convolution multiplies tile_y - kernel times per element of a tile's first column, which may be negative.
    /// Corrected: kernel times per element.
    kernel_subtracted: "kernel multiplications per element",
    /// A non-linearity takes as many cycles as the last softmax or layer norm had tiles. Corrected: its non-zero elements
    /// divided by the number of multipliers.
    non_linearity_by_last_tiles: "non-zero elements / multipliers",
    /// A non-linearity follows every feed-forward product and projection, counted on the product's input. Corrected:
    /// only between two products, on its own tensor.
    non_linearity_after_every_product: "between products only",
    /// Softmax and layer norm skip half of a tile. Corrected: their modules process every row and column.
    row_modules_skip_zeros: "softmax and layer norm skip nothing",
    /// An operation of a head does not wait for the head's operations before it.
    heads_without_dependence: "an operation waits for the one before it",
    /// Residuals and the sum over the heads are not added.
    no_additions: "heads summed, residuals added",
    /// Each tile of a head is charged for all sparsity modules, FIFOs, DMA ports and dataflows. Corrected: for those of
    /// one lane and one PE.
    tiles_charge_all_modules: "a tile charges one lane and one PE",
    /// Only products and convolutions of heads are charged for sparsity modules, FIFOs, DMA ports and dataflow.
    only_heads_charge_stages: "feed-forward products charge the stages too",
    /// Modules leak only while they work, buffers never. Corrected: all of them for the whole time.
    no_idle_leakage: "everything leaks all the time",
    /// The result stays in the activation buffer. Corrected: it is written to main memory.
    no_write_back: "the result is written back",
}

impl Convention {
    /// Every switch corrected.
    #[must_use]
    pub fn all_corrected() -> Self {
        let mut convention = Self::published();
        for switch in SWITCHES {
            (switch.correct)(&mut convention);
        }
        convention
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_switch_changes_the_published_convention() {
        let corrected: Vec<_> = SWITCHES.iter().map(Switch::corrected_alone).collect();
        for (index, convention) in corrected.iter().enumerate() {
            assert_ne!(*convention, Convention::published());
            assert!(!corrected[..index].contains(convention));
        }
    }
}
