//! `elector new`: a scenario or a memory to start from.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use clap::Args;
use scenarios::load::library::TEMPLATE;

use super::print;
use crate::Failure;
use crate::output::write_whole;
use crate::prepare::shipped_memory_text;

/// Write a commented scenario, every field with its default; or a memory technology.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct New {
    /// The file to write, or `-` for standard output. Left out, it is `scenario.ron`, or the memory's name with `.ron`.
    pub file: Option<PathBuf>,
    /// Write the shipped memory technology of this name instead of a scenario.
    #[arg(long, value_name = "NAME")]
    pub memory: Option<String>,
    /// Overwrite a file that is there already.
    #[arg(long)]
    pub force: bool,
}

const HELP: &str = "\
Examples:
  elector new
  elector new mine.ron && elector run mine.ron
  elector new --memory hbm2 mine.ron && elector memory mine.ron

A scenario names such a memory as `memory: File(\"mine.ron\")`; `elector memory --list` shows the names.";

impl New {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
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
        write_whole(&file, &text, self.force)?;
        if !quiet {
            writeln!(
                stderr().lock(),
                "wrote {0}; next: elector {next} {0}",
                file.display()
            )?;
        }
        Ok(())
    }
}
