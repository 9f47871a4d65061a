//! `elector compare`: the same workload on several memories, side by side.

use std::io::{IsTerminal as _, stdout};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use analysis::compare::{CellError, CellResult, State, Verdict, cells, run_cells};
use analysis::output::write_whole;
use analysis::runner::Pool;
use clap::Args;
use scenarios::load::library::Shelf;
use scenarios::schema::Reference;
use sim_core::Engine;

use super::changes::Changes;
use super::{print, refuse_existing, require, warn};
use crate::page::{Compared, comparison_page};
use crate::prepare::{load, with_seed};
use crate::progress::Bar;
use crate::report::{Style, compare_report};
use crate::{Failure, interrupt};

/// Simulate a scenario on several memories, alone and under contention, and compare the results side by side.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Compare {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// What is changed of the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// The memories, in place of the scenario's own list: shipped names or RON files, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "A,B,C")]
    pub memory: Vec<String>,
    /// How many runs to do at once. Default: one per processor.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
    /// The event queue: wheel (fast), desim (uses the crate of that name) or heap (simple). All give the same result.
    #[arg(long, default_value_t = Engine::Wheel)]
    pub engine: Engine,
    /// Seed of every random draw, in place of the scenario's.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Print one JSON object; its cells are printed in order, as they finish.
    #[arg(long)]
    pub json: bool,
    /// Write a page with plots of the runs side by side, which needs no network: .html.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Overwrite an existing page.
    #[arg(long, requires = "report")]
    pub force: bool,
}

const HELP: &str = "\
Examples:
  elector compare contention
  elector compare mine.ron --memory lpddr3-1600,hbm2,my-memory.ron
  elector compare dynaprop-sweep --report sweep.html
  elector compare contention --jobs 4 --json | jq '.cells[].result.seconds'

Each memory is simulated with the transformer alone and, if the scenario has `contention`, with all its other
traffic. A run that fails is reported beside the others; the exit code is then 1. Ctrl-C keeps what is finished.";

impl Compare {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        require(self.engine)?;
        refuse_existing(self.report.as_deref(), self.force)?;
        let loaded = self.changes.of(load(&self.scenario)?)?;
        warn(loaded.warnings(), quiet);
        let loaded = with_seed(loaded, self.seed)?;
        let memories: Vec<Reference> = self.memory.iter().map(|memory| reference(memory)).collect();
        let cells = cells(&loaded, &memories)?;
        let name = loaded.scenario().name.clone();
        interrupt::listen();
        let pool = self.jobs.map_or_else(Pool::default, Pool::new);
        let whole = cells.len();
        let bar = Bar::new(&format!("comparing {name}"), quiet);
        bar.set(0, whole as u64, String::new());
        let mut stream = JsonStream::begin(self.json, &name)?;
        let mut finished: Vec<CellResult> = Vec::new();
        let mut written = Ok(());
        run_cells(
            cells,
            pool,
            self.engine,
            self.report.is_some(),
            &interrupt::is_requested,
            |mut cell| {
                cell.outcome = cell.outcome.map_err(rendered);
                bar.set(
                    finished.len() as u64 + 1,
                    whole as u64,
                    format!("{} of {whole} runs", finished.len() + 1),
                );
                written = stream.cell(&cell);
                finished.push(cell);
                match written {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            },
        );
        drop(bar);
        written?;
        stream.end(&Verdict::new(&finished), finished.len() < whole)?;
        if !self.json {
            print(&compare_report(
                &name,
                &finished,
                Style::of(stdout().is_terminal()),
            ))?;
        }
        if let Some(file) = &self.report {
            write_whole(file, page(&name, &finished), self.force)?;
        }
        outcome(&finished, whole)
    }
}

/// The page of all finished runs.
fn page(name: &str, finished: &[CellResult]) -> String {
    let several_states = finished.iter().any(|cell| cell.state != State::Alone);
    let first = finished.first().map(|cell| &cell.subject.memory);
    let several_memories = finished.iter().any(|cell| Some(&cell.subject.memory) != first);
    let runs = finished.iter().filter_map(|cell| {
        let subject = match &cell.subject.candidate {
            // A memory that all runs share does not distinguish them.
            Some(candidate) if !several_memories => candidate.clone(),
            _ => cell.subject.to_string(),
        };
        let state = several_states.then_some(match cell.state {
            State::Alone => "alone",
            State::Contended => "contended",
        });
        Some(Compared {
            name: state.map_or_else(|| subject.clone(), |state| format!("{subject}, {state}")),
            subject,
            state,
            result: cell.outcome.as_ref().ok()?.as_ref().clone(),
            curves: cell.curves.clone(),
        })
    });
    comparison_page(name, &runs.collect::<Vec<_>>())
}

/// The same error, with the problems of a scenario rendered as text, each with its line underlined.
fn rendered(error: CellError) -> CellError {
    match error {
        CellError::Refused(wrong) => CellError::Failed(wrong.render()),
        error => error,
    }
}

/// An error if the runs were interrupted or some of them failed.
fn outcome(finished: &[CellResult], whole: usize) -> Result<(), Failure> {
    if interrupt::is_requested() {
        return Err(Failure::Interrupted {
            finished: finished.len(),
            whole,
        });
    }
    match finished.iter().filter(|cell| cell.outcome.is_err()).count() {
        0 => Ok(()),
        failed => Err(Failure::Cells { failed, whole }),
    }
}

/// A shipped memory if there is one with that name, otherwise a file.
fn reference(memory: &str) -> Reference {
    let shipped = memory == "ideal" || Shelf::Memories.names().any(|name| name == memory);
    match !shipped && (memory.ends_with(".ron") || Path::new(memory).exists()) {
        true => Reference::File(memory.to_owned()),
        false => Reference::Preset(memory.to_owned()),
    }
}

/// One JSON object, written as its cells finish.
struct JsonStream {
    wanted: bool,
    cells: usize,
}

impl JsonStream {
    fn begin(wanted: bool, scenario: &str) -> Result<Self, Failure> {
        if wanted {
            print(&format!(
                "{{\"scenario\": {}, \"cells\": [",
                serde_json::to_string(scenario)?
            ))?;
        }
        Ok(Self { wanted, cells: 0 })
    }

    fn cell(&mut self, cell: &CellResult) -> Result<(), Failure> {
        if !self.wanted {
            return Ok(());
        }
        let comma = if self.cells == 0 { "" } else { "," };
        self.cells += 1;
        print(&format!("{comma}\n{}", serde_json::to_string(cell)?))
    }

    fn end(&self, verdict: &Verdict, interrupted: bool) -> Result<(), Failure> {
        if !self.wanted {
            return Ok(());
        }
        print(&format!(
            "\n], \"verdict\": {}, \"interrupted\": {interrupted}}}\n",
            serde_json::to_string(verdict)?
        ))
    }
}
