//! `elector check`: checks a scenario and shows the machine it describes.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use analysis::result::Resolved;
use clap::Args;

use super::changes::Changes;
use super::{print, print_json, warn};
use crate::prepare::{Prepared, prepare};
use crate::report::{Style, check_report};
use crate::{Failure, Signed};

/// Check a scenario and show the machine it describes, without running it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  elector check mine.ron\n  elector check bert-tiny-edge --json\n  cat mine.ron | elector check -"
)]
pub struct Check {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// What is changed of the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// Print the machine as one JSON object.
    #[arg(long)]
    pub json: bool,
}

impl Check {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let Prepared { plan, warnings } = prepare(&self.scenario, &self.changes, None)?;
        warn(&warnings, quiet);
        let resolved = Resolved::new(&plan);
        if self.json {
            print_json(&Signed::new(&resolved))
        } else {
            print(&check_report(&resolved, Style::of(stdout().is_terminal())))
        }
    }
}
