//! Sparsity of the tensors, and how the accelerator exploits it.

use components::sparsity::threshold::TensorKind;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::rule::{Rule, real, value};
use super::section::{section, stated_as_itself};
use super::{Number, Reference, Stated};

section! {
    /// Sparsity of the operands. Defaults: half of all activations and weights are zero, as AccelTran assumes
    /// (`constants.yaml`, arXiv:2302.14705).
    Sparsity, SparsityFile {
        /// Where the density of a tile comes from. Default: Uniform.
        source: DensitySource => Densities,
        /// Share of activations that are not zero. Default: 0.5.
        activation_density: f64 => real(0.0..=1.0, 0.5),
        /// Share of weights that are not zero. Default: 0.5.
        weight_density: f64 => real(0.0..=1.0, 0.5),
        /// Share of gradients that are not zero, in training: those of activations and those of weights. Default: 0.5, as
        /// of activations (DynaProp prunes both, arXiv:2303.14882).
        gradient_density: f64 => real(0.0..=1.0, 0.5),
        /// Share of the matrices of linear transforms that is not zero; nothing prunes them. Default: 1. A cosine transform has no
        /// zeros, a Fourier transform of 128 tokens 4.7%.
        constant_density: f64 => real(0.0..=1.0, 1.0),
        /// Whether the MAC lanes prune at run time (DynaProp). Without it activations and gradients are dense and the stage takes
        /// no time. Default: true.
        dynaprop: bool => value(true),
    }
}

impl Sparsity {
    /// Share of the words of tensors of `kind` that is not zero. Without DynaProp activations and gradients are dense.
    #[must_use]
    pub fn density(&self, kind: TensorKind) -> f64 {
        match kind {
            TensorKind::Activations | TensorKind::Gradients if !self.dynaprop => 1.0,
            TensorKind::Activations => self.activation_density,
            TensorKind::Gradients => self.gradient_density,
            TensorKind::Weights => self.weight_density,
            TensorKind::Constants => self.constant_density,
        }
    }
}

/// Where the density of a tile comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub enum DensitySource {
    /// Every tile has the mean density, as the papers do.
    #[default]
    Uniform,
    /// Each tile draws its density from a distribution around the mean, which shows load imbalance.
    Sampled {
        /// The distribution of the density of a tile.
        distribution: Distribution,
    },
    /// The machine computes with real numbers: a tile's density is what it holds after pruning, and the results are
    /// compared with a plain computation. Weights and inputs are drawn from the seed.
    Values {
        /// DynaProp treats activations of smaller magnitude as zero.
        activation_threshold: f64,
        /// DynaProp treats weights of smaller magnitude as zero.
        weight_threshold: f64,
        /// DynaProp treats gradients of smaller magnitude as zero, in training.
        gradient_threshold: f64,
    },
    /// As [`Self::Values`], with thresholds that DynaProp's calculator looks up on profiled curves, for each class of
    /// operations and kind of tensor.
    Wanted {
        /// The curves.
        curves: Reference,
        /// Share of activations that is to be zero.
        activation_sparsity: f64,
        /// Share of weights that is to be zero.
        weight_sparsity: f64,
        /// Share of gradients that is to be zero, in training.
        gradient_sparsity: f64,
    },
}

impl DensitySource {
    /// Whether the machine computes with real numbers.
    #[must_use]
    pub fn computes(&self) -> bool {
        matches!(self, Self::Values { .. } | Self::Wanted { .. })
    }

    /// The share of tensors of `kind` that is to be zero, if that is stated.
    #[must_use]
    pub fn wanted(&self, kind: TensorKind) -> Option<f64> {
        let Self::Wanted {
            curves: _,
            activation_sparsity,
            weight_sparsity,
            gradient_sparsity,
        } = self
        else {
            return None;
        };
        Some(match kind {
            TensorKind::Weights => *weight_sparsity,
            TensorKind::Activations => *activation_sparsity,
            TensorKind::Gradients => *gradient_sparsity,
            TensorKind::Constants => return None,
        })
    }
}

/// The distribution of the densities of tiles, whose mean is the density of the tensor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub enum Distribution {
    /// The beta distribution.
    Beta {
        /// Sum of both shape parameters: the higher, the closer to the mean are the tiles. Default: 20.
        concentration: f64,
    },
}

/// What a file states of a [`DensitySource`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "DensitySource", deny_unknown_fields)]
pub enum DensitySourceFile {
    /// Every tile has the mean density.
    Uniform,
    /// Each tile draws its density from a distribution around the mean.
    Sampled {
        /// The distribution of the density of a tile.
        distribution: DistributionFile,
    },
    /// The machine computes with real numbers.
    Values {
        /// DynaProp treats activations of smaller magnitude as zero. Default: 0.
        #[serde(default = "zero")]
        activation_threshold: Number,
        /// DynaProp treats weights of smaller magnitude as zero. Default: 0.
        #[serde(default = "zero")]
        weight_threshold: Number,
        /// DynaProp treats gradients of smaller magnitude as zero, in training. Default: 0.
        #[serde(default = "zero")]
        gradient_threshold: Number,
    },
    /// As `Values`, with thresholds looked up on profiled curves.
    Wanted {
        /// The curves, `Preset("name")` or `File("file.ron")`. Default: Preset("synthetic-bert-tiny").
        #[serde(default = "synthetic")]
        curves: Reference,
        /// Share of activations that is to be zero. Default: 0.5.
        #[serde(default = "half")]
        activation_sparsity: Number,
        /// Share of weights that is to be zero. Default: 0.5.
        #[serde(default = "half")]
        weight_sparsity: Number,
        /// Share of gradients that is to be zero, in training. Default: 0.5.
        #[serde(default = "half")]
        gradient_sparsity: Number,
    },
}

fn zero() -> Number {
    Number::Whole(0)
}

fn half() -> Number {
    Number::Real(0.5)
}

fn synthetic() -> Reference {
    Reference::Preset("synthetic-bert-tiny".to_owned())
}

/// What a file states of a [`Distribution`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Distribution", deny_unknown_fields)]
pub enum DistributionFile {
    /// The beta distribution.
    Beta {
        /// Sum of both shape parameters.
        concentration: Number,
    },
}

stated_as_itself!(DensitySourceFile);

impl Stated for DensitySource {
    type Form = DensitySourceFile;

    fn to_form(&self) -> DensitySourceFile {
        match self.clone() {
            Self::Uniform => DensitySourceFile::Uniform,
            Self::Sampled {
                distribution: Distribution::Beta { concentration },
            } => DensitySourceFile::Sampled {
                distribution: DistributionFile::Beta {
                    concentration: concentration.into(),
                },
            },
            Self::Values {
                activation_threshold,
                weight_threshold,
                gradient_threshold,
            } => DensitySourceFile::Values {
                activation_threshold: activation_threshold.into(),
                weight_threshold: weight_threshold.into(),
                gradient_threshold: gradient_threshold.into(),
            },
            Self::Wanted {
                curves,
                activation_sparsity,
                weight_sparsity,
                gradient_sparsity,
            } => DensitySourceFile::Wanted {
                curves,
                activation_sparsity: activation_sparsity.into(),
                weight_sparsity: weight_sparsity.into(),
                gradient_sparsity: gradient_sparsity.into(),
            },
        }
    }
}

struct Densities;

impl Rule<DensitySource> for Densities {
    fn read(&self, stated: Option<DensitySourceFile>, checks: &mut Checks) -> DensitySource {
        match stated {
            None | Some(DensitySourceFile::Uniform) => DensitySource::Uniform,
            Some(DensitySourceFile::Values {
                activation_threshold,
                weight_threshold,
                gradient_threshold,
            }) => {
                let mut threshold = |field: &str, stated| {
                    checks.within(field, |checks| real(0.0..=1e9, 0.0).check(stated, checks))
                };
                DensitySource::Values {
                    activation_threshold: threshold("activation_threshold", activation_threshold),
                    weight_threshold: threshold("weight_threshold", weight_threshold),
                    gradient_threshold: threshold("gradient_threshold", gradient_threshold),
                }
            }
            Some(DensitySourceFile::Wanted {
                curves,
                activation_sparsity,
                weight_sparsity,
                gradient_sparsity,
            }) => {
                let mut share = |field: &str, stated| {
                    checks.within(field, |checks| real(0.0..=1.0, 0.5).check(stated, checks))
                };
                DensitySource::Wanted {
                    curves,
                    activation_sparsity: share("activation_sparsity", activation_sparsity),
                    weight_sparsity: share("weight_sparsity", weight_sparsity),
                    gradient_sparsity: share("gradient_sparsity", gradient_sparsity),
                }
            }
            Some(DensitySourceFile::Sampled {
                distribution: DistributionFile::Beta { concentration },
            }) => DensitySource::Sampled {
                distribution: Distribution::Beta {
                    concentration: checks.within("distribution", |checks| {
                        checks.within("concentration", |checks| {
                            real(1e-3..=1e9, 20.0).check(concentration, checks)
                        })
                    }),
                },
            },
        }
    }
}
