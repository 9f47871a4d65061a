//! `elector search status`, `front`, `rows`, `show`: what there is.

use std::fs;
use std::io::{IsTerminal as _, stdout};
use std::path::{Path, PathBuf};

use analysis::output::write_whole;
use clap::Args;
use search::campaign::{Campaign, Counts};
use search::store::{Fidelity, Row};
use search::table::Table;
use serde::Serialize;

use super::{of_store, open};
use crate::Failure;
use crate::command::{print, print_json};
use crate::page::study_page;
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
#[command(after_help = FRONT_HELP, group = clap::ArgGroup::new("form"))]
pub struct Front {
    /// The study's folder.
    pub dir: PathBuf,
    /// Print one JSON object.
    #[arg(long, group = "form")]
    pub json: bool,
    /// Print comma-separated values.
    #[arg(long, group = "form")]
    pub csv: bool,
    /// Write a Parquet file.
    #[arg(long, value_name = "FILE", group = "form")]
    pub parquet: Option<PathBuf>,
    /// Write a page of all designs: fronts, parallel coordinates, convergence, what matters. `search run` writes it as `page.html`.
    #[arg(long, value_name = "FILE", group = "form")]
    pub html: Option<PathBuf>,
    /// All rows in place of the front, whatever became of them: in `--csv` and `--parquet`.
    #[arg(long, conflicts_with_all = ["json", "html"])]
    pub all: bool,
    /// Overwrite an existing file.
    #[arg(long)]
    pub force: bool,
}

const FRONT_HELP: &str = "\
Examples:
  elector search front out                              the front as a table
  elector search front out --csv --all > rows.csv       all rows, with state and reason
  elector search front out --parquet front.parquet      for pandas, Polars and DuckDB
  elector search front out --html page.html             a page for a browser, without network";

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
        if let Some(file) = &self.html {
            return self.write(file, page_of(&campaign).as_bytes());
        }
        if let Some(file) = &self.parquet {
            return self.write(file, &parquet_of(&self.table(&campaign))?);
        }
        if self.csv {
            return print(&search::csv::of_table(&self.table(&campaign)));
        }
        if self.all {
            return Err(Failure::Usage(
                "--all goes with --csv or --parquet FILE; `elector search rows` prints all rows as JSON"
                    .to_owned(),
            ));
        }
        print(&front_report(&campaign, Style::of(stdout().is_terminal())))
    }

    fn table(&self, campaign: &Campaign) -> Table {
        match self.all {
            true => Table::of_rows(&campaign.rows()),
            false => Table::of_front(&campaign.front()),
        }
    }

    fn write(&self, file: &Path, content: &[u8]) -> Result<(), Failure> {
        Ok(write_whole(file, content, self.force)?)
    }
}

/// The page of a study.
fn page_of(campaign: &Campaign) -> String {
    study_page(&campaign.study().file, &campaign.rows())
}

/// Writes the page of a study into its folder, unless it is there already.
pub(super) fn write_page(campaign: &Campaign) -> Result<(), Failure> {
    let file = campaign.store().folder().join("page.html");
    let page = page_of(campaign);
    match fs::read(&file) {
        Ok(known) if known == page.as_bytes() => Ok(()),
        _ => Ok(write_whole(&file, page, true)?),
    }
}

#[cfg(feature = "parquet")]
fn parquet_of(table: &Table) -> Result<Vec<u8>, Failure> {
    search::parquet::of_table(table)
        .map_err(|error| Failure::Failed(format!("cannot write Parquet: {error}")))
}

#[cfg(not(feature = "parquet"))]
fn parquet_of(_: &Table) -> Result<Vec<u8>, Failure> {
    Err(Failure::Usage(
        "this `elector` was built without the feature `parquet` (use --csv)".to_owned(),
    ))
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
