//! `elector new`: a scenario or a memory to start from.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use analysis::output::write_whole;
use clap::Args;
use scenarios::load::library::TEMPLATE;
use scenarios::system::Plan;
use scenarios::weights::Precision;

use super::print;
use crate::Failure;
use crate::prepare::{load, shipped_memory_text};

/// Write a commented scenario, every field with its default; or a memory technology.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct New {
    /// The file to write, or `-` for standard output. Default: `scenario.ron`, the memory's name with `.ron`, or
    /// `weights.safetensors`.
    pub file: Option<PathBuf>,
    /// Write the shipped memory technology with this name instead of a scenario.
    #[arg(long, value_name = "NAME")]
    pub memory: Option<String>,
    /// Write the weights and inputs that the seed of this scenario gives instead: a file or a shipped one.
    #[arg(long, value_name = "SCENARIO", conflicts_with = "memory")]
    pub weights: Option<PathBuf>,
    /// Write weights in double precision, exactly as the seed gives them, instead of single precision.
    #[arg(long, requires = "weights")]
    pub double: bool,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
}

const HELP: &str = "\
Examples:
  elector new
  elector new mine.ron && elector run mine.ron
  elector new --memory hbm2 mine.ron && elector memory mine.ron
  elector new --weights bert-tiny-values mine.safetensors

A scenario names weights as `workload: (weights: File(\"mine.safetensors\"))`; the file shows which tensors are expected.
It names a memory as `memory: File(\"mine.ron\")`; `elector memory --list` shows the names.";

impl New {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        if let Some(scenario) = &self.weights {
            return self.write_weights(scenario, quiet);
        }
        let (text, name, next) = match &self.memory {
            Some(memory) => (
                shipped_memory_text(memory)?,
                format!("{}.ron", memory.rsplit('/').next().unwrap_or(memory)),
                "memory",
            ),
            None => (TEMPLATE.to_owned(), "scenario.ron".to_owned(), "run"),
        };
        let file = self.file.clone().unwrap_or_else(|| PathBuf::from(name));
        if file == Path::new("-") {
            return print(&text);
        }
        write_whole(&file, text.as_bytes(), self.force)?;
        if !quiet {
            writeln!(
                stderr().lock(),
                "wrote {0}; next: elector {next} {0}",
                file.display()
            )?;
        }
        Ok(())
    }

    fn write_weights(&self, scenario: &Path, quiet: bool) -> Result<(), Failure> {
        let file = self.file.as_deref().unwrap_or(Path::new("weights.safetensors"));
        if file.extension().is_none_or(|ending| ending != "safetensors") {
            let message = format!(
                "weights are written as .safetensors; {} has another ending",
                file.display()
            );
            return Err(Failure::Usage(message));
        }
        let loaded = load(scenario)?;
        let plan = Plan::load(&loaded)?;
        let precision = match self.double {
            true => Precision::Double,
            false => Precision::Single,
        };
        let bytes = plan.machine.weights_file(precision).map_err(Failure::Usage)?;
        write_whole(file, &bytes, self.force)?;
        if !quiet {
            writeln!(
                stderr().lock(),
                "wrote {0}; a scenario names it as `workload: (weights: File(\"{0}\"))`",
                file.display()
            )?;
        }
        Ok(())
    }
}
