//! `elector inspect`: analyses a trace without a viewer.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use clap::Args;
use traces::inspect::{Question, difference, inspect};
use traces::{TimePoint, TimeWindow};

use super::{print, print_json};
use crate::Failure;
use crate::report::{Style, difference_report, inspect_report};

/// Analyse a trace: utilisation, slow operations, idle lanes, transfers, differences.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Inspect {
    /// A trace (.parquet, .jsonl or .pftrace) written by `elector run --trace`.
    pub trace: PathBuf,
    /// Look only at these tracks: a pattern such as `pe[3].*`. For MAC lanes, also report why they were idle.
    #[arg(long, value_name = "PATTERN")]
    pub component: Option<String>,
    /// Look from here on: a cycle of the accelerator (1000) or a time (10us).
    #[arg(long, value_name = "T")]
    pub from: Option<TimePoint>,
    /// Look until here.
    #[arg(long, value_name = "T")]
    pub to: Option<TimePoint>,
    /// How many of the slowest operations and longest gaps to name.
    #[arg(long, value_name = "N", default_value = "10")]
    pub top: usize,
    /// Find the first record in which this trace and another one differ instead.
    #[arg(long, value_name = "TRACE", conflicts_with_all = ["component", "from", "to"])]
    pub diff: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Examples:
  elector run mine.ron --trace run.parquet && elector inspect run.parquet
  elector inspect run.parquet --component 'pe[12].mac[3]' --from 1000 --to 2000
  elector inspect run.parquet --component 'memory.*' --json
  elector inspect before.jsonl --diff after.jsonl";

impl Inspect {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let style = Style::of(stdout().is_terminal());
        if let Some(other) = &self.diff {
            let difference = difference(&self.trace, other)?;
            return match self.json {
                true => print_json(&difference),
                false => print(&difference_report(&difference, style)?),
            };
        }
        let question = Question {
            component: self.component.clone(),
            window: TimeWindow {
                from: self.from,
                to: self.to,
            },
            top: self.top,
        };
        let inspection = inspect(&self.trace, &question)?;
        match self.json {
            true => print_json(&inspection),
            false => print(&inspect_report(&inspection, style)),
        }
    }
}
