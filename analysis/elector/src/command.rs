//! The command line: one file per subcommand.

pub mod changes;
pub mod check;
pub mod compare;
pub mod estimate;
pub mod import;
pub mod inspect;
pub mod lower;
pub mod memory;
pub mod new;
pub mod profile;
mod recording;
pub mod run;
pub mod search;

use std::io::{IsTerminal as _, Write as _, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use analysis::Error as LibraryError;
use clap::{ArgAction, Parser, Subcommand};
use scenarios::Diagnostics;
use sim_core::Engine;
use tracing::Level;

use crate::Failure;

/// Simulates transformer accelerators, event by event.
#[derive(Debug, Parser)]
#[command(name = "elector", version, after_help = HELP)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print only errors on standard error.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print more on standard error; give it twice for even more.
    #[arg(long, short, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented scenario, or a memory, to start from.
    New(new::New),
    /// Check a scenario and show the machine it describes.
    Check(check::Check),
    /// Simulate a scenario.
    Run(run::Run),
    /// Compare memories side by side, alone and under contention.
    Compare(compare::Compare),
    /// Analyse the trace of a run.
    Inspect(inspect::Inspect),
    /// List the tile operations of a scenario, in the order in which they are issued.
    Lower(lower::Lower),
    /// Replay a trace of requests through a memory alone, or describe a memory.
    Memory(memory::Memory),
    /// Estimate area, cycles and energy by formula, without simulating.
    Estimate(estimate::Estimate),
    /// Profile tensors: the share of values that each threshold prunes.
    Profile(profile::Profiling),
    /// Search for the best designs.
    Search(search::Search),
    /// Make a scenario from the files of another simulator.
    Import(import::Import),
}

const HELP: &str = "\
Examples:
  elector new mine.ron           a scenario to start from
  elector check mine.ron         is it right, and what does it amount to?
  elector run mine.ron           simulate it
  elector run bert-tiny-edge     simulate a scenario that is shipped
  elector search run co-design --dir out   which transformer on which accelerator?
  elector compare contention     which memory, alone and with others on it?
  elector memory --list          the memories that are shipped

Exit codes: 0 done, 1 the run failed, 2 the input is wrong.";

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    listen(&arguments);
    match arguments.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_closed_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            report(&failure);
            ExitCode::from(failure.exit_code())
        }
    }
}

impl Arguments {
    fn execute(&self) -> Result<(), Failure> {
        match &self.command {
            Command::New(new) => new.execute(self.quiet),
            Command::Check(check) => check.execute(self.quiet),
            Command::Run(run) => run.execute(self.quiet),
            Command::Compare(compare) => compare.execute(self.quiet),
            Command::Inspect(inspect) => inspect.execute(),
            Command::Lower(lower) => lower.execute(self.quiet),
            Command::Memory(memory) => memory.execute(self.quiet),
            Command::Estimate(estimate) => estimate.execute(self.quiet),
            Command::Profile(profile) => profile.execute(self.quiet),
            Command::Search(search) => search.execute(self.quiet),
            Command::Import(import) => import.execute(self.quiet),
        }
    }
}

fn listen(arguments: &Arguments) {
    let level = match (arguments.quiet, arguments.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_target(false)
        .init();
}

fn report(failure: &Failure) {
    match failure {
        Failure::Input(diagnostics) => say(diagnostics),
        // If standard error cannot be written to, there is nothing left to do.
        failure => drop(writeln!(stderr().lock(), "elector: {failure}")),
    }
}

/// Prints diagnostics to standard error.
fn say(diagnostics: &Diagnostics) {
    let mut out = stderr().lock();
    let colour = out.is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let text = if colour {
        diagnostics.render_in_colour()
    } else {
        diagnostics.render()
    };
    drop(out.write_all(text.as_bytes()));
}

/// Prints a line to standard error; if it cannot be written to, there is nothing left to do.
fn say_line(text: &str) {
    drop(writeln!(stderr().lock(), "elector: {text}"));
}

fn warn(warnings: &Diagnostics, quiet: bool) {
    if !quiet && !warnings.is_empty() {
        say(warnings);
    }
}

/// Fails if this build does not have `engine`.
fn require(engine: Engine) -> Result<(), Failure> {
    if Engine::available().contains(&engine) {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "this build does not have the engine `{engine}`; build with `--features {engine}`"
    )))
}

/// Writes `text` to standard output.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes `value` to standard output as one JSON object.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(&(serde_json::to_string_pretty(value)? + "\n"))
}

/// Refuses to overwrite `file`, before anything has run.
fn refuse_existing(file: Option<&Path>, force: bool) -> Result<(), Failure> {
    match file {
        Some(file) if file.exists() && !force => Err(LibraryError::Exists(file.to_owned()).into()),
        _ => Ok(()),
    }
}
