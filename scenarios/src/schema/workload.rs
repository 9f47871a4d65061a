//! The workload: the transformer and its inputs.

use serde::{Deserialize, Serialize};

use super::limits::{MAX_BATCH, MAX_BATCHES, MAX_SEQUENCE};
use super::optimizer::{Optimizer, Optimizers};
use super::rule::{real, value, whole};
use super::section::{section, stated_as_itself};
use super::transformer::{Layers, Transformer};

section! {
    /// The workload: what is computed.
    Workload, WorkloadFile {
        /// The transformer: `Preset("name")`, `Dictionary("file.json")` or `Inline(layers: [..])`. Default:
        /// Preset("bert-tiny").
        transformer: Transformer => Layers,
        /// Sequences in a batch. Default: 4 (AccelTran, `config_tiny`).
        batch: u32 => whole(1..=MAX_BATCH, 4),
        /// Batches that run one after another, for the rate at which they leave the machine: weights stay if there is room, and
        /// the next batch enters when the first stage is free. Each has the same words. Default: 1.
        batches: u32 => whole(1..=MAX_BATCHES, 1).because("operations of all batches are numbered in 32 bits"),
        /// Tokens of a sequence. Default: 128 (arXiv:2302.14705).
        sequence_length: u32 => whole(1..=MAX_SEQUENCE, 128),
        /// Words of the vocabulary, the rows of the embedding table. Default: 30522 (BERT).
        vocabulary: u32 => whole(1..=1 << 24, 30_522),
        /// Forward pass or training step. Default: Inference.
        phase: Phase => value(Phase::Inference),
        /// Weights and inputs of a machine that computes with values: `Seed`, drawn from the scenario's seed, or
        /// `File("weights.safetensors")`, also `.npz`; `elector new --weights` writes one. Default: Seed.
        weights: Weights => value(Weights::Seed),
        /// The optimiser of a training step: `Sgd(momentum: 0.9)` or `Adam`. Default: Adam, as BERT was trained
        /// (arXiv:1810.04805).
        optimizer: Optimizer => Optimizers,
        /// The learning rate of a training step. It changes values, not time. Default: 1e-4 (BERT).
        learning_rate: f64 => real(0.0..=1e3, 1e-4),
        /// The non-linearity between feed-forward products. Default: Gelu (BERT).
        activation_function: ActivationFunction => value(ActivationFunction::Gelu),
        /// Which part of the embedding table is loaded. Default: Gather.
        embedding: Embedding => value(Embedding::Gather),
    }
}

/// Which pass over the transformer is simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// The forward pass.
    #[default]
    Inference,
    /// A step: forward pass, backward pass and weight update.
    Training,
}

/// Where the numbers that a machine computes with come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Weights {
    /// Drawn from the scenario's seed.
    #[default]
    Seed,
    /// From a file of tensors, relative to the file that names it.
    File(String),
}

/// The non-linearity between feed-forward products.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ActivationFunction {
    /// Gaussian error linear unit.
    #[default]
    Gelu,
    /// Rectified linear unit.
    Relu,
}

/// Which part of the embedding table is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Embedding {
    /// The rows of the tokens in the batch, as hardware would.
    #[default]
    Gather,
    /// The whole table, into the weight buffer: the convention of the published figures.
    WholeTable,
}

stated_as_itself!(Phase, Weights, ActivationFunction, Embedding);
