//! `elector search ask`, `evaluate`, `tell`, `slurm`: a study in the hands of a scheduler.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use analysis::runner::Pool;
use clap::Args;
use search::campaign::Next;
use search::store::{Fidelity, Outcome};
use serde::Serialize;

use super::go_on::{Progress, evaluate};
use super::{of_store, open, unless_interrupted};
use crate::command::print;
use crate::{Failure, interrupt};

/// Print the open batch, which other processes may evaluate: one JSON object a line. Nothing if the study is finished.
#[derive(Debug, Args)]
pub struct Ask {
    /// The study's folder.
    pub dir: PathBuf,
}

/// Evaluate a share of the open batch. What is evaluated already is left alone.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  elector search evaluate out --shard 0/4\n  elector search evaluate out --shard $SLURM_ARRAY_TASK_ID/64"
)]
pub struct Evaluate {
    /// The study's folder.
    pub dir: PathBuf,
    /// I/N: the designs of the open batch whose place, from 0, leaves I when divided by N.
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: (usize, usize),
    /// How many designs to evaluate at once. Default: one.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

/// Close the open batch, if all of it is evaluated.
#[derive(Debug, Args)]
pub struct Tell {
    /// The study's folder.
    pub dir: PathBuf,
    /// Rows that were measured elsewhere: lines like those of `shards/`, `-` for standard input.
    pub file: Option<PathBuf>,
}

/// Print a batch file for Slurm: an array of tasks for each batch, and a step that goes on.
#[derive(Debug, Args)]
pub struct Slurm {
    /// The study's folder.
    pub dir: PathBuf,
    /// For how long a task may run, in minutes.
    #[arg(long, value_name = "N", default_value = "15")]
    pub chunk_minutes: NonZeroUsize,
    /// How many tasks share a batch.
    #[arg(long, value_name = "N", default_value = "8")]
    pub tasks: NonZeroUsize,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let wrong = || format!("{text:?} is no share: I/N with I from 0 to N - 1 is accepted, such as 0/4");
    let (place, of) = text.split_once('/').ok_or_else(wrong)?;
    let (place, of) = (
        place.parse().map_err(|_| wrong())?,
        of.parse().map_err(|_| wrong())?,
    );
    if place < of { Ok((place, of)) } else { Err(wrong()) }
}

/// A line of `search ask`.
#[derive(Serialize)]
struct Asked<'a> {
    index: u64,
    id: &'a str,
    batch: u32,
    position: usize,
    fidelity: Fidelity,
    design: &'a search::store::StoredDesign,
}

impl Ask {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let mut campaign = open(&self.dir)?;
        let Next::Evaluate(jobs) = campaign.advance().map_err(of_store)? else {
            return Ok(());
        };
        for job in &jobs {
            let line = Asked {
                index: job.index,
                id: &job.id,
                batch: job.batch,
                position: job.position,
                fidelity: job.fidelity,
                design: &job.design,
            };
            print(&(serde_json::to_string(&line)? + "\n"))?;
        }
        Ok(())
    }
}

impl Evaluate {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let mut campaign = open(&self.dir)?;
        interrupt::listen();
        let (place, of) = self.shard;
        let pool = Pool::new(self.jobs.unwrap_or(NonZeroUsize::MIN));
        let mut shard = campaign.store().shard();
        let open: Vec<_> = campaign.open_jobs();
        for fidelity in [Fidelity::Estimate, Fidelity::Simulated] {
            let mine = open
                .iter()
                .filter(|job| job.position % of == place && job.fidelity == fidelity);
            let bar = Progress::new(&self.dir.display().to_string(), fidelity, quiet);
            evaluate(&mut campaign, mine.cloned().collect(), pool, &mut shard, &bar)?;
        }
        unless_interrupted(&campaign)
    }
}

impl Tell {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let mut campaign = open(&self.dir)?;
        if let Some(file) = &self.file {
            let mut shard = campaign.store().shard();
            for outcome in read_outcomes(file)? {
                shard.append(&outcome).map_err(of_store)?;
            }
            campaign.reload().map_err(of_store)?;
        }
        let open = campaign.open_jobs();
        if open.is_empty() {
            return Ok(());
        }
        let ids: Vec<&str> = open.iter().map(|job| job.id.as_str()).collect();
        Err(Failure::Failed(format!(
            "the open batch is not complete: {} {} not evaluated: {}",
            ids.len(),
            if ids.len() == 1 { "row is" } else { "rows are" },
            ids.join(", ")
        )))
    }
}

/// The rows of a file.
fn read_outcomes(file: &Path) -> Result<Vec<Outcome>, Failure> {
    let text = match file == Path::new("-") {
        true => std::io::read_to_string(std::io::stdin()),
        false => fs::read_to_string(file),
    };
    let text = text.map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| {
                Failure::Usage(format!("{}:{}: no row: {error}", file.display(), number + 1))
            })
        })
        .collect()
}

impl Slurm {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let campaign = open(&self.dir)?;
        let folder = campaign.store().folder().canonicalize()?;
        let folder = quoted(&folder.display().to_string());
        let (minutes, tasks) = (self.chunk_minutes, self.tasks);
        let again =
            format!("elector search slurm {folder} --chunk-minutes {minutes} --tasks {tasks} | sbatch");
        print(&format!(
            "#!/bin/bash
# Submit with `elector search slurm .. | sbatch`. Each task evaluates its share of the open batch; a step after them proposes the
# next batch and submits the same again, until the study is finished. A task that is killed leaves its designs to the next round.
#SBATCH --job-name=elector-search
#SBATCH --array=0-{last}
#SBATCH --time={minutes}
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --signal=B:INT@60

# Jobs begin in the folder that they were submitted from, with its environment: `elector` is the one on the path.
if [ \"$SLURM_ARRAY_TASK_ID\" = 0 ] && [ -z \"$SLURM_RESTART_COUNT\" ]; then
    sbatch --dependency=\"afterany:$SLURM_ARRAY_JOB_ID\" --job-name=elector-search-next --time=30 --wrap {next}
fi
exec elector search evaluate {folder} --shard \"$SLURM_ARRAY_TASK_ID/{tasks}\"
",
            last = tasks.get() - 1,
            next = quoted(&format!("[ -z \"$(elector search ask {folder})\" ] || {again}")),
        ))
    }
}

/// A word of the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
