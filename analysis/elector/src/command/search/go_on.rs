//! `elector search run`: a study from its beginning, or from where it stopped.

use std::io::{IsTerminal as _, stdout};
use std::num::NonZeroUsize;
use std::path::PathBuf;

use analysis::runner::Pool;
use clap::Args;
use search::campaign::{Campaign, Next};
use search::store::{Fidelity, ShardWriter};

use super::look::write_page;
use super::{lay_out, of_store, unless_interrupted};
use crate::command::{print, say_line};
use crate::progress::Bar;
use crate::report::{Style, front_report};
use crate::{Failure, interrupt};

/// Begin a study, or go on where it stopped.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Run {
    /// A study: a file, or the name of a shipped one.
    pub study: PathBuf,
    /// The study's folder: absent, empty, or half begun.
    #[arg(long)]
    pub dir: PathBuf,
    /// How many designs to evaluate at once. Default: one per processor. The rows do not depend on it.
    #[arg(long, value_name = "N")]
    pub jobs: Option<NonZeroUsize>,
}

const HELP: &str = "\
Examples:
  elector search run co-design --dir out
  elector search run mine.ron --dir out --jobs 4

Killed at any moment, the same command goes on. On a finished folder it changes nothing. A larger `budget` goes on from the rows
that are there.";

impl Run {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let store = lay_out(&self.study, &self.dir)?;
        interrupt::listen();
        let mut campaign = Campaign::open(store).map_err(of_store)?;
        let pool = self.jobs.map_or_else(Pool::default, Pool::new);
        let mut shard = campaign.store().shard();
        let name = self.study.display().to_string();
        while let Next::Evaluate(jobs) = campaign.advance().map_err(of_store)? {
            // A batch has one fidelity; each fidelity has a bar of its own.
            for fidelity in [Fidelity::Estimate, Fidelity::Simulated] {
                let of_it = jobs
                    .iter()
                    .filter(|job| job.fidelity == fidelity)
                    .cloned()
                    .collect();
                let bar = Progress::new(&name, fidelity, quiet);
                evaluate(&mut campaign, of_it, pool, &mut shard, &bar)?;
            }
            unless_interrupted(&campaign)?;
        }
        let (finished, wanted) = campaign.progress_of_proposals();
        if finished < wanted && !quiet {
            say_line(&format!(
                "the space is exhausted: {finished} designs, of a budget of {wanted}"
            ));
        }
        write_page(&campaign)?;
        print(&front_report(&campaign, Style::of(stdout().is_terminal())))
    }
}

/// Evaluates `jobs`, and shows how far all is.
pub(super) fn evaluate(
    campaign: &mut Campaign,
    jobs: Vec<search::campaign::Job>,
    pool: Pool,
    shard: &mut ShardWriter,
    bar: &Progress,
) -> Result<(), Failure> {
    if jobs.is_empty() {
        return Ok(());
    }
    let (mut finished, whole) = campaign.progress(bar.fidelity);
    let best = campaign.best_so_far();
    let written = campaign.work(jobs, pool, shard, &interrupt::is_requested, &mut |_| {
        finished += 1;
        bar.set(finished, whole, &best);
    });
    written.map_err(of_store)
}

/// The bar of one fidelity.
pub(super) struct Progress {
    bar: Bar,
    fidelity: Fidelity,
}

impl Progress {
    pub(super) fn new(study: &str, fidelity: Fidelity, quiet: bool) -> Self {
        let does = match fidelity {
            Fidelity::Estimate => "estimating",
            Fidelity::Simulated => "simulating",
        };
        Self {
            bar: Bar::new(&format!("{does} {study}"), quiet),
            fidelity,
        }
    }

    fn set(&self, finished: usize, whole: usize, best: &str) {
        let message = format!("{finished} of {whole} designs{best}");
        self.bar.set(finished as u64, whole as u64, message);
    }
}
