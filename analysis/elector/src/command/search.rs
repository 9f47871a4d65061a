//! `elector search`: the co-design search, and any study over scenarios.

mod distribute;
mod go_on;
mod look;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use search::campaign::Campaign;
use search::store::{Store, StoreError};
use search::study::{Frozen, StudyError};

use super::print;
use crate::{Failure, interrupt};

/// Search for the best designs: transformers, accelerators, or any fields of a scenario.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Search {
    /// What to do.
    #[command(subcommand)]
    pub command: Action,
}

/// What to do with a study.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Write a commented study to start from.
    New(New),
    /// Lay out a study's folder, without evaluating anything.
    Init(Init),
    /// Begin a study, or go on where it stopped.
    Run(go_on::Run),
    /// Print the open batch, which other processes may evaluate.
    Ask(distribute::Ask),
    /// Evaluate a share of the open batch.
    Evaluate(distribute::Evaluate),
    /// Close the open batch, if all of it is evaluated.
    Tell(distribute::Tell),
    /// What there is in a study's folder.
    Status(look::Status),
    /// The best designs so far.
    Front(look::Front),
    /// All rows, one JSON object a line.
    Rows(look::Rows),
    /// One row, or its scenario.
    Show(look::Show),
    /// Print a batch file for Slurm.
    Slurm(distribute::Slurm),
}

const HELP: &str = "\
Examples:
  elector search run co-design --dir out        the shipped study: transformers and accelerators
  elector search front out                      the best designs so far
  elector search show out ID --scenario         the scenario of one of them
  elector search new mine.ron                   a commented study to start from

A study's folder may be worked on by any number of processes, killed at any moment, and gone on with.";

/// Write a commented study to start from.
#[derive(Debug, Args)]
pub struct New {
    /// The file; without it, the study goes to standard output.
    pub file: Option<PathBuf>,
    /// Overwrite an existing file.
    #[arg(long, requires = "file")]
    pub force: bool,
}

/// Lay out a study's folder, without evaluating anything.
#[derive(Debug, Args)]
pub struct Init {
    /// A study: a file, or the name of a shipped one.
    pub study: PathBuf,
    /// The study's folder.
    #[arg(long)]
    pub dir: PathBuf,
}

/// The study that `search new` writes: every field with its meaning.
const TEMPLATE: &str = include_str!("search/template.ron");

impl Search {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        match &self.command {
            Action::New(new) => match &new.file {
                Some(file) => Ok(analysis::output::write_whole(file, TEMPLATE, new.force)?),
                None => print(TEMPLATE),
            },
            Action::Init(init) => lay_out(&init.study, &init.dir).map(drop),
            Action::Run(run) => run.execute(quiet),
            Action::Ask(ask) => ask.execute(),
            Action::Evaluate(evaluate) => evaluate.execute(quiet),
            Action::Tell(tell) => tell.execute(),
            Action::Status(status) => status.execute(),
            Action::Front(front) => front.execute(),
            Action::Rows(rows) => rows.execute(),
            Action::Show(show) => show.execute(),
            Action::Slurm(slurm) => slurm.execute(),
        }
    }
}

/// Lays the folder out for a study, or checks that it is the study's.
fn lay_out(study: &std::path::Path, folder: &std::path::Path) -> Result<Store, Failure> {
    let (frozen, _) = Frozen::open(study).map_err(of_study)?;
    let store = Store::new(folder);
    store.lay_out(&frozen).map_err(of_store)?;
    Ok(store)
}

/// Opens the study of a folder.
fn open(folder: &std::path::Path) -> Result<Campaign, Failure> {
    Campaign::open(Store::new(folder)).map_err(of_store)
}

/// An error that says how to go on, if Ctrl-C was pressed.
fn unless_interrupted(campaign: &Campaign) -> Result<(), Failure> {
    if !interrupt::is_requested() {
        return Ok(());
    }
    let (finished, whole) = campaign.progress_of_proposals();
    Err(Failure::SearchInterrupted {
        finished,
        whole,
        folder: campaign.store().folder().to_owned(),
    })
}

fn of_study(error: StudyError) -> Failure {
    match error {
        StudyError::Input(diagnostics) => Failure::Input(diagnostics),
        error => Failure::Usage(error.to_string()),
    }
}

/// What is wrong with the study or the folder is found before anything runs; a disk that is full is not.
fn of_store(error: StoreError) -> Failure {
    match error {
        StoreError::Study(error) => of_study(error),
        StoreError::NoStudy(_) | StoreError::OtherStudy { .. } | StoreError::Unreadable { .. } => {
            Failure::Usage(error.to_string())
        }
        error => Failure::Failed(error.to_string()),
    }
}
