//! Rows as a table of columns, for files that other programs read.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::campaign::FrontRow;
use crate::objective::{Metric, Metrics};
use crate::store::{Fidelity, Row, State};

/// The values of a column, one for each row.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Text.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Numbers.
    Number(Vec<Option<f64>>),
}

/// A table: columns of one length, with their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    columns: Vec<(String, Column)>,
    rows: usize,
}

impl Table {
    /// A front: a row a design, with the figures that count, and what a simulation says of an estimate. Nothing in it depends on who
    /// evaluated it.
    #[must_use]
    pub fn of_front(front: &[FrontRow]) -> Self {
        let rows: Vec<&Row> = front.iter().map(|row| &row.row).collect();
        let mut table = Self::begin(rows.len());
        table.names(&rows);
        table.text(
            "fidelity",
            front.iter().map(|row| Some(fidelity(counted(row)).to_owned())),
        );
        table.text(
            "simulated",
            front.iter().map(|row| Some(row.simulated.as_ref()?.id.clone())),
        );
        table.metrics("", front.iter().map(FrontRow::metrics).collect());
        table.number("objective", front.iter().map(FrontRow::objective));
        let simulated = || front.iter().map(|row| row.simulated.as_ref());
        table.number(
            "latency_ratio",
            simulated().map(|found| Some(found?.latency_ratio)),
        );
        table.number("energy_ratio", simulated().map(|found| Some(found?.energy_ratio)));
        table.design(&rows);
        table
    }

    /// All rows, whatever became of them.
    #[must_use]
    pub fn of_rows(rows: &[Row]) -> Self {
        let rows: Vec<&Row> = rows.iter().collect();
        let mut table = Self::begin(rows.len());
        let each = || rows.iter().copied();
        table.names(&rows);
        table.text("state", each().map(|row| Some(state(row.state).to_owned())));
        table.text(
            "fidelity",
            each().map(|row| Some(fidelity(row.fidelity).to_owned())),
        );
        table.text("of", each().map(|row| row.of.clone()));
        table.metrics("", each().map(|row| row.metrics).collect());
        table.number("objective", each().map(|row| row.objective));
        table.design(&rows);
        let workloads: BTreeSet<&String> = each().flat_map(|row| row.workloads.keys()).collect();
        for name in workloads {
            let metrics = each().map(|row| row.workloads.get(name).copied());
            table.metrics(&format!("workloads.{name}."), metrics.collect());
        }
        table.text("reason", each().map(|row| row.reason.clone()));
        table.text("field", each().map(|row| row.field.clone()));
        table.number("seconds", each().map(|row| row.seconds));
        table.text("host", each().map(|row| row.host.clone()));
        table
    }

    /// The columns, with their names.
    #[must_use]
    pub fn columns(&self) -> &[(String, Column)] {
        &self.columns
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn begin(rows: usize) -> Self {
        Self {
            columns: Vec::new(),
            rows,
        }
    }

    /// What a row is called.
    fn names(&mut self, rows: &[&Row]) {
        self.integer("index", rows.iter().map(|row| Some(row.index as i64)));
        self.text("id", rows.iter().map(|row| Some(row.id.clone())));
        self.integer("batch", rows.iter().map(|row| Some(i64::from(row.batch))));
    }

    fn metrics(&mut self, prefix: &str, metrics: Vec<Option<Metrics>>) {
        for metric in Metric::ALL {
            let values = metrics.iter().map(|metrics| metric.of(metrics.as_ref()?));
            self.number(&format!("{prefix}{metric}"), values);
        }
    }

    /// What a design is, and what is to be known of its figures.
    fn design(&mut self, rows: &[&Row]) {
        let each = || rows.iter().copied();
        self.text("describe", each().map(|row| Some(row.describe.clone())));
        self.text("transformer", each().map(|row| json(row.transformer.as_ref()?)));
        self.text("accelerator", each().map(|row| json(row.accelerator.as_ref()?)));
        self.parameters(rows);
        self.text("violates", each().map(|row| joined(&row.violates)));
        self.text("caution", each().map(|row| joined(&row.caution)));
        self.text("accuracy_source", each().map(|row| row.accuracy_source.clone()));
        self.text("elector", each().map(|row| row.elector.clone()));
        self.text("costs", each().map(|row| Some(row.costs.clone())));
    }

    /// A column for each field that designs set, by its path.
    fn parameters(&mut self, rows: &[&Row]) {
        let mut values: BTreeMap<&String, Vec<Option<&Value>>> = BTreeMap::new();
        for path in rows.iter().flat_map(|row| row.parameters.keys()) {
            if !values.contains_key(path) {
                values.insert(path, rows.iter().map(|row| row.parameters.get(path)).collect());
            }
        }
        for (path, values) in values {
            // The path `costs`, say, is also the name of a column.
            let is_taken = self.columns.iter().any(|(name, _)| name == path) || path == "costs";
            let name = if is_taken {
                format!("parameters.{path}")
            } else {
                path.clone()
            };
            if values.iter().flatten().all(|value| value.is_number()) {
                self.number(&name, values.iter().map(|value| (*value)?.as_f64()));
            } else {
                let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.text(&name, values.iter().map(|value| value.map(text)));
            }
        }
    }

    fn text(&mut self, name: &str, values: impl Iterator<Item = Option<String>>) {
        self.columns
            .push((name.to_owned(), Column::Text(values.collect())));
    }

    fn integer(&mut self, name: &str, values: impl Iterator<Item = Option<i64>>) {
        self.columns
            .push((name.to_owned(), Column::Integer(values.collect())));
    }

    fn number(&mut self, name: &str, values: impl Iterator<Item = Option<f64>>) {
        self.columns
            .push((name.to_owned(), Column::Number(values.collect())));
    }
}

/// How the figures that count were found.
fn counted(row: &FrontRow) -> Fidelity {
    match row.simulated {
        Some(_) => Fidelity::Simulated,
        None => row.row.fidelity,
    }
}

fn fidelity(fidelity: Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Estimate => "estimate",
        Fidelity::Simulated => "simulated",
    }
}

fn state(state: State) -> &'static str {
    match state {
        State::Done => "done",
        State::Refused => "refused",
        State::Failed => "failed",
        State::Stopped => "stopped",
    }
}

fn json(numbers: &impl serde::Serialize) -> Option<String> {
    serde_json::to_string(numbers).ok()
}

fn joined(sentences: &[String]) -> Option<String> {
    (!sentences.is_empty()).then(|| sentences.join("; "))
}
