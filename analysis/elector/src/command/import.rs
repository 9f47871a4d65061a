//! `elector import`: a scenario from the files of another simulator.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use analysis::import::{Imported, acceltran};
use analysis::output::write_whole;
use clap::{Args, Subcommand};
use scenarios::load::Disk;

use super::{print, warn};
use crate::Failure;

/// Make a scenario from the files of another simulator.
#[derive(Debug, Args)]
pub struct Import {
    /// Which simulator's files.
    #[command(subcommand)]
    pub from: From,
}

/// Simulators whose files can be imported.
#[derive(Debug, Subcommand)]
pub enum From {
    /// Import a model dictionary (JSON) and an accelerator's configuration (YAML) of AccelTran.
    Acceltran(AccelTran),
}

/// The files of AccelTran.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct AccelTran {
    /// The model dictionary.
    #[arg(long, value_name = "M.json")]
    pub model: PathBuf,
    /// The configuration of the accelerator.
    #[arg(long, value_name = "C.yaml")]
    pub config: PathBuf,
    /// The scenario to write; `-` is standard output.
    #[arg(default_value = "-")]
    pub file: PathBuf,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
}

const HELP: &str = "\
Every value of the scenario is stated, with the setting it comes from. Settings without a counterpart are named in a comment
and on standard error.

Examples:
  elector import acceltran --model bert_tiny.json --config config_tiny.yaml mine.ron
  elector import acceltran --model bert_tiny.json --config config_tiny.yaml | elector run -";

impl Import {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let From::Acceltran(files) = &self.from;
        let Imported { text, notes } = acceltran::import(&files.model, &files.config, &Disk)?;
        warn(&notes, quiet);
        if files.file == Path::new("-") {
            return print(&text);
        }
        write_whole(&files.file, text.as_bytes(), files.force)?;
        if !quiet {
            writeln!(
                stderr().lock(),
                "wrote {0}; next: elector run {0}",
                files.file.display()
            )?;
        }
        Ok(())
    }
}
