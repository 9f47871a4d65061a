//! `elector profile`: curves of threshold and sparsity for tensors.

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::{Path, PathBuf};

use analysis::output::write_whole;
use analysis::profile::{Profile, of_operands, read_files, synthetic};
use analysis::result::ProfileResult;
use clap::{Args, ValueEnum};
use components::sparsity::threshold::{OperationClass, TensorKind};
use scenarios::Diagnostics;
use scenarios::load::Disk;
use scenarios::schema::{CurvesFile, MAX_CURVE_POINTS};
use scenarios::system::Plan;
use scenarios::transformer::Transformer;

use super::{print, print_json, warn};
use crate::Failure;
use crate::prepare::load;
use crate::report::{Style, profile_report};

/// Profile tensors: the share of values that each threshold prunes, for DynaProp to look up.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Profiling {
    /// Files of tensors: `.npy`, `.npz` or `.safetensors`.
    #[arg(value_name = "FILE", required_unless_present_any = ["synthetic", "computed"])]
    pub files: Vec<PathBuf>,
    /// Draw the tensors of this transformer instead: a shipped one, or a FlexiBERT dictionary.
    #[arg(long, value_name = "MODEL", conflicts_with = "files")]
    pub synthetic: Option<String>,
    /// Take the values that this scenario computes with, a file or a shipped one whose `sparsity.source` is `Values(..)` or
    /// `Wanted(..)`: the operands of its products and convolutions, as they are without pruning.
    #[arg(long, value_name = "SCENARIO", conflicts_with_all = ["files", "synthetic", "operations"])]
    pub computed: Option<PathBuf>,
    /// Seed of the drawn values.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Tokens per sequence of the drawn tensors.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1 << 16))]
    pub sequence_length: u32,
    /// The kinds of the tensors. Default: weights for files; all kinds for drawn or computed tensors.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<Kind>,
    /// The operations that use the tensors. Default: implied by the name of each tensor in a file.
    #[arg(long, value_name = "CLASS", conflicts_with = "synthetic")]
    pub operations: Option<Class>,
    /// Points of each curve.
    #[arg(long, value_name = "N", default_value_t = 33, value_parser = clap::value_parser!(u16).range(2..=MAX_CURVE_POINTS as i64))]
    pub points: u16,
    /// Write the curves to this file.
    #[arg(long, value_name = "FILE.ron")]
    pub out: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// Kinds of tensors.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Kind {
    /// Constant in inference.
    Weights,
    /// Made by the forward pass.
    Activations,
    /// Made by the backward pass.
    Gradients,
}

/// Classes of operations that use tensors.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Class {
    /// Self-attention.
    Attention,
    /// Feed-forward stacks and projections.
    FeedForward,
    /// Convolutions along the sequence.
    Convolution,
    /// Fourier and cosine transforms.
    LinearTransform,
    /// All others.
    Other,
}

const HELP: &str = "\
Examples:
  elector profile --synthetic bert-tiny --seed 1
  elector profile --computed bert-tiny-values --out curves.ron
  elector profile bert.safetensors --out curves.ron
  elector profile --kind activations --operations attention q.npy k.npy v.npy --out attention.ron

A tensor in a file belongs to the operations that its name implies (attention, mlp, conv, ...); --operations overrides
that. Numbers must be floating-point and finite.";

impl Profiling {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let (profile, name, source) = self.profile(quiet)?;
        let curves = profile.curves(name, source, self.points.into());
        if let Some(file) = &self.out {
            self.write(file, &curves, quiet)?;
        }
        let result = ProfileResult::new(&profile, &curves);
        if self.json {
            print_json(&result)
        } else {
            print(&profile_report(&result, Style::of(stdout().is_terminal())))
        }
    }

    /// The counted tensors, and the name and source of the set of curves.
    fn profile(&self, quiet: bool) -> Result<(Profile, String, String), Failure> {
        if let Some(scenario) = &self.computed {
            return self.computed(scenario, quiet);
        }
        let Some(model) = &self.synthetic else {
            let kind = self.kind.map_or(TensorKind::Weights, TensorKind::from);
            let profile = read_files(&self.files, kind, self.operations.map(OperationClass::from))?;
            let names: Vec<String> = self.files.iter().map(|file| file.display().to_string()).collect();
            let name = self.files.first().and_then(|file| file.file_stem());
            let name = name
                .map(|stem| stem.to_string_lossy().into_owned())
                .unwrap_or_default();
            return Ok((profile, name, names.join(", ")));
        };
        let transformer = transformer(model, quiet)?;
        let profile = synthetic::draw(&transformer, self.sequence_length, &self.kinds(), self.seed)
            .map_err(Failure::Usage)?;
        let source = format!(
            "drawn: elector profile --synthetic {model} --seed {} --sequence-length {} --points {}",
            self.seed, self.sequence_length, self.points
        );
        Ok((profile, format!("synthetic {model}"), source))
    }

    fn kinds(&self) -> Vec<TensorKind> {
        match self.kind {
            Some(kind) => vec![kind.into()],
            None => TensorKind::PRUNED.to_vec(),
        }
    }

    /// The tensors that a scenario computes with.
    fn computed(&self, scenario: &Path, quiet: bool) -> Result<(Profile, String, String), Failure> {
        let loaded = load(scenario)?;
        warn(loaded.warnings(), quiet);
        let plan = Plan::load(&loaded)?;
        let profile = of_operands(&plan.machine, &self.kinds()).ok_or_else(|| {
            let (what, help) = (
                "the scenario does not compute with values",
                "state `Values()`, or name a scenario that does, such as bert-tiny-values",
            );
            Diagnostics::from(loaded.problem("sparsity.source", what, help))
        })?;
        let source = format!(
            "computed: elector profile --computed {} --points {}",
            scenario.display(),
            self.points
        );
        Ok((profile, loaded.scenario().name.clone(), source))
    }

    fn write(&self, file: &Path, curves: &CurvesFile, quiet: bool) -> Result<(), Failure> {
        write_whole(file, curves.to_ron().as_bytes(), self.force)?;
        if !quiet {
            writeln!(stderr().lock(), "wrote {}", file.display())?;
        }
        Ok(())
    }
}

/// The transformer with this name: a dictionary if there is such a file, otherwise a shipped one.
fn transformer(model: &str, quiet: bool) -> Result<Transformer, Diagnostics> {
    if Path::new(model).is_file() || model.ends_with(".json") {
        let (transformer, warnings) = Transformer::load(model, &Disk)?;
        warn(&warnings, quiet);
        return Ok(transformer);
    }
    Transformer::shipped(model)
}

impl From<Kind> for TensorKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Weights => Self::Weights,
            Kind::Activations => Self::Activations,
            Kind::Gradients => Self::Gradients,
        }
    }
}

impl From<Class> for OperationClass {
    fn from(class: Class) -> Self {
        match class {
            Class::Attention => Self::Attention,
            Class::FeedForward => Self::FeedForward,
            Class::Convolution => Self::Convolution,
            Class::LinearTransform => Self::LinearTransform,
            Class::Other => Self::Other,
        }
    }
}
