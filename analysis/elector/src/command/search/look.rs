//! `elector search status`, `front`, `rows`, `show`: what there is.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;

use clap::Args;
use search::campaign::Counts;
use search::store::{Fidelity, Row};
use serde::Serialize;

use super::{of_store, open};
use crate::Failure;
use crate::command::{print, print_json};
use crate::report::{Style, front_report, status_report};

/// What there is in a study's folder.
#[derive(Debug, Args)]
pub struct Status {
    /// The study's folder.
    pub dir: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The best designs so far: the Pareto front over the metrics of the objective.
#[derive(Debug, Args)]
pub struct Front {
    /// The study's folder.
    pub dir: PathBuf,
    /// Print one JSON object.
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print comma-separated values.
    #[arg(long)]
    pub csv: bool,
}

/// All rows, one JSON object a line, each once, in the order in which they were proposed.
#[derive(Debug, Args)]
pub struct Rows {
    /// The study's folder.
    pub dir: PathBuf,
}

/// One row, or its scenario.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  elector search show out 5f0c…\n  elector search show out 5f0c… --scenario | elector run -"
)]
pub struct Show {
    /// The study's folder.
    pub dir: PathBuf,
    /// The row's name, or as much of its beginning as no other row has.
    pub id: String,
    /// Print the scenario, self-contained: `elector run -` gives the row of a simulated one again, `elector estimate -` that of an
    /// estimated one.
    #[arg(long)]
    pub scenario: bool,
    /// The workload of the scenario, if the study has several.
    #[arg(long, requires = "scenario", value_name = "NAME")]
    pub workload: Option<String>,
}

/// `search status --json`.
#[derive(Serialize)]
struct StatusJson {
    finished: bool,
    #[serde(flatten)]
    counts: Counts,
    estimates: usize,
    simulations: usize,
    budget: u32,
    batches: usize,
    proposal_cpu_s: f64,
}

impl Status {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let campaign = open(&self.dir)?;
        if !self.json {
            return print(&status_report(&campaign));
        }
        print_json(&StatusJson {
            finished: campaign.is_finished(),
            counts: campaign.counts(),
            estimates: campaign.progress(Fidelity::Estimate).0,
            simulations: campaign.progress(Fidelity::Simulated).0,
            budget: campaign.study().file.budget,
            batches: campaign.batches().len(),
            proposal_cpu_s: campaign.proposal_cpu_s(),
        })
    }
}

/// `search front --json`.
#[derive(Serialize)]
struct FrontJson {
    front: Vec<search::campaign::FrontRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hypervolume: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    least_violation: Option<Row>,
}

impl Front {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let campaign = open(&self.dir)?;
        if self.json {
            let front = campaign.front();
            return print_json(&FrontJson {
                least_violation: campaign.least_violation().filter(|_| front.is_empty()),
                hypervolume: campaign.hypervolume(&front),
                front,
            });
        }
        if self.csv {
            return print(&search::csv::of_front(&campaign.front()));
        }
        print(&front_report(&campaign, Style::of(stdout().is_terminal())))
    }
}

impl Rows {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let campaign = open(&self.dir)?;
        for row in campaign.rows() {
            print(&(serde_json::to_string(&row)? + "\n"))?;
        }
        Ok(())
    }
}

impl Show {
    pub(super) fn execute(&self) -> Result<(), Failure> {
        let campaign = open(&self.dir)?;
        let rows = campaign.rows();
        let mut of_name = rows.iter().filter(|row| row.id.starts_with(&self.id));
        let row = match (of_name.next(), of_name.next()) {
            (Some(row), None) => row,
            (None, _) => {
                return Err(Failure::Usage(format!(
                    "no row is called {:?}; `elector search rows` lists them",
                    self.id
                )));
            }
            (Some(_), Some(_)) => {
                return Err(Failure::Usage(format!(
                    "several rows begin with {:?}; give more of the name",
                    self.id
                )));
            }
        };
        if !self.scenario {
            return print_json(row);
        }
        let scenario = campaign.scenario(&row.id, self.workload.as_deref());
        print(&scenario.map_err(of_store)?)
    }
}
