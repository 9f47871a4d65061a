//! The outcome of comparing a run's numbers with the reference.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The outcome of the check of a run's numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ValueCheck {
    /// Tensors compared with the reference.
    pub tensors: u64,
    /// Words compared with the reference.
    pub words: u64,
    /// Words whose error exceeded their bound.
    pub wrong_words: u64,
    /// Words without a finite bound, because an error may have decided which words of a row were pruned.
    pub unbounded_words: u64,
    /// The first wrong ones.
    pub wrong: Vec<Wrong>,
    /// The largest error of a word, over its bound.
    pub worst_of_bound: f64,
    /// The largest error of a word of the last tensor, over that tensor's largest magnitude, or over 2^-10 if that is more.
    pub relative_error: f64,
    /// The largest such error of all tensors.
    pub worst_relative_error: f64,
    /// The largest error of a word against the same operation on the machine's own operands, in steps of the word format.
    pub worst_rounding_steps: f64,
    /// The root mean square distance of the last tensor from what it would be without pruning, over the root mean square of
    /// that; `None` if nothing is pruned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pruning_error: Option<f64>,
    /// Share of the operands' words that were zero after pruning.
    pub zero_share: f64,
    /// The same by kind of tensor.
    pub pruned: BTreeMap<Cow<'static, str>, Pruned>,
    /// Results outside the words' range.
    pub saturated: u64,
    /// In training, half the squared distance between result and target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// The same, as the reference computes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_loss: Option<f64>,
}

/// Shares of zeros among the operands of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pruned {
    /// The share of zeros that was wanted, if the scenario states it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<f64>,
    /// The share of words that are not zero as the scenario states it: room and bytes go by it, whatever comes out.
    pub stated_density: f64,
    /// The share of words that were zero after pruning.
    pub zero_share: f64,
    /// Words that passed DynaProp; a word counts each time that a lane fetches it.
    pub words: u64,
}

/// Tensors of one kind have other shares of zeros than their stated density, which decides what they take in buffers and in main
/// memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DensityWarning {
    /// The kind of tensor.
    pub tensors: Cow<'static, str>,
    /// The share of words that are not zero, as the scenario states it.
    pub stated_density: f64,
    /// The share that was counted.
    pub counted_density: f64,
}

impl DensityWarning {
    /// How far both may be apart: 5 percentage points.
    pub const TOLERANCE: f64 = 0.05;

    /// The sentence in reports.
    #[must_use]
    pub fn sentence(&self) -> String {
        let [counted, stated] =
            [self.counted_density, self.stated_density].map(|density| 100.0 * (1.0 - density));
        format!(
            "{counted:.1}% of the words of {} were zero; room and bytes go by their stated density, {stated:.1}% zeros",
            self.tensors
        )
    }
}

/// A wrong word.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wrong {
    /// The tensor.
    pub tensor: String,
    /// The item of the batch, the row and the column.
    pub place: [usize; 3],
    /// The machine's word.
    pub found: f64,
    /// What it should be.
    pub expected: f64,
    /// Its largest allowed error.
    pub bound: f64,
}

impl ValueCheck {
    /// The kinds of tensors whose zeros are not those of their stated density.
    #[must_use]
    pub fn density_warnings(&self) -> Vec<DensityWarning> {
        let kinds = self.pruned.iter();
        let warnings = kinds.map(|(kind, pruned)| DensityWarning {
            tensors: kind.clone(),
            stated_density: pruned.stated_density,
            counted_density: 1.0 - pruned.zero_share,
        });
        let off = |warning: &DensityWarning| (warning.counted_density - warning.stated_density).abs();
        warnings
            .filter(|warning| off(warning) > DensityWarning::TOLERANCE)
            .collect()
    }

    /// Whether no word is wrong.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.wrong_words == 0 && self.tensors > 0
    }
}
