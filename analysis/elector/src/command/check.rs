//! `elector check`: checks a scenario and shows the machine it describes.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use analysis::result::Resolved;
use clap::Args;

use super::{print, print_json, warn};
use crate::Failure;
use crate::prepare::{Prepared, prepare};
use crate::report::{Style, check_report};

/// Check a scenario and show the machine it describes, without running it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  elector check mine.ron\n  elector check bert-tiny-edge --json\n  cat mine.ron | elector check -"
)]
pub struct Check {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// Print the machine as one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl Check {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let Prepared { plan, warnings } = prepare(&self.scenario, None)?;
        warn(&warnings, quiet);
        let resolved = Resolved::new(&plan);
        if self.json {
            print_json(&resolved)
        } else {
            print(&check_report(&resolved, Style::of(stdout().is_terminal())))
        }
    }
}
