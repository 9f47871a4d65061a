//! The report of `elector compare`: one table, a column for each run, a row for each figure.

use analysis::compare::{CellResult, Figure, State};
use analysis::result::RunResult;
use analysis::result::memory::Latency;

use super::Style;
use super::table::Table;
use crate::number::{grouped, percent, scaled};

/// Placeholder for a missing figure.
const NOTHING: &str = "-";

/// Runs side by side before the table continues below.
const COLUMNS: usize = 8;

/// The finished cells side by side; the best of each row is marked.
#[must_use]
pub fn compare_report(name: &str, cells: &[CellResult], style: Style) -> String {
    let mut text = format!("{name}\n");
    if let Some(headline) = headline(cells) {
        text.push_str(&format!("{}\n", style.bold(&headline)));
    }
    for columns in cells.chunks(COLUMNS) {
        text.push('\n');
        text.push_str(&table(columns, cells).render(&[0]));
    }
    if Figure::ALL
        .iter()
        .any(|figure| figure.best(State::Alone, cells).is_some())
    {
        text.push_str("\n  * the best of its row, alone or contended\n");
    }
    if cells.iter().any(|cell| cell.state == State::Contended) {
        text.push_str("  energy is that of the scenario's own accelerator and of all main memory\n");
    }
    for cell in cells {
        if let Err(error) = &cell.outcome {
            text.push_str(&format!("\n{} {}: {error}\n", cell.subject, word(cell.state)));
        }
    }
    text
}

/// The fastest and the thriftiest memory.
fn headline(cells: &[CellResult]) -> Option<String> {
    let state = cells.iter().map(|cell| cell.state).max()?;
    let fastest = Figure::Latency.best(state, cells)?;
    let thriftiest = Figure::Energy.best(state, cells)?;
    Some(format!(
        "{}: fastest {fastest}, least energy {thriftiest}",
        word(state)
    ))
}

fn word(state: State) -> &'static str {
    match state {
        State::Alone => "alone",
        State::Contended => "contended",
    }
}

fn table(columns: &[CellResult], all: &[CellResult]) -> Table {
    let mut table = Table::default();
    let mut row = |name: &str, value: &dyn Fn(&CellResult) -> String| {
        let cells: Vec<String> = columns.iter().map(value).collect();
        if cells.iter().any(|cell| cell != NOTHING) {
            table.row_of(std::iter::once(name.to_owned()).chain(cells).collect());
        }
    };
    if columns.iter().any(|cell| cell.subject.candidate.is_some()) {
        row("", &|cell| match cell.state {
            State::Alone => cell.subject.candidate.clone().unwrap_or_default(),
            State::Contended => String::new(),
        });
    }
    row("", &|cell| match cell.state {
        State::Alone => cell.subject.memory.clone(),
        State::Contended => String::new(),
    });
    row("", &|cell| word(cell.state).to_owned());
    for (figure, name) in FIGURES {
        row(name, &|cell| {
            let Some(value) = figure.of(cell, all) else {
                return NOTHING.to_owned();
            };
            let mark = if figure.best(cell.state, all) == Some(&cell.subject) {
                "*"
            } else {
                ""
            };
            format!("{mark}{}", formatted(figure, value))
        });
    }
    for (name, value) in ROWS {
        row(name, &|cell| {
            cell.outcome
                .as_ref()
                .map_or(NOTHING.to_owned(), |result| value(result))
        });
    }
    for requestor in requestors(columns) {
        for (quantile, of) in QUANTILES {
            row(&format!("{requestor} {quantile}, ns"), &|cell| {
                let latency = cell
                    .outcome
                    .as_ref()
                    .ok()
                    .and_then(|result| latency(result, &requestor));
                latency.map_or(NOTHING.to_owned(), |latency| {
                    mark_least(of, latency, cell, &requestor, all)
                })
            });
        }
    }
    table
}

const FIGURES: [(Figure, &str); 6] = [
    (Figure::Latency, "latency"),
    (Figure::Slowdown, "slowdown"),
    (Figure::Energy, "energy"),
    (Figure::EnergyDelayProduct, "energy x delay"),
    (Figure::Bandwidth, "bandwidth"),
    (Figure::EnergyPerBit, "energy per bit"),
];

fn formatted(figure: Figure, value: f64) -> String {
    match figure {
        Figure::Latency => scaled(value, "s"),
        Figure::Slowdown => format!("{value:.2}x"),
        Figure::Energy | Figure::EnergyPerBit => scaled(value, "J"),
        Figure::EnergyDelayProduct => scaled(value, "J s"),
        Figure::Bandwidth => scaled(value, "B/s"),
    }
}

type Row = (&'static str, fn(&RunResult) -> String);

const ROWS: [Row; 11] = [
    ("sequences per second", |result| {
        grouped(result.machine.sequences_per_second().round() as u64)
    }),
    ("effective", |result| {
        scaled(
            2.0 * result.machine.macs_effective as f64 / result.machine.seconds,
            "OP/s",
        )
    }),
    ("MAC lanes busy", |result| {
        percent(result.machine.utilization.mac_lanes, 1.0)
    }),
    ("zeros of activations", |result| {
        let values = result.machine.values.as_ref();
        let pruned = values.and_then(|values| values.pruned.get("activations"));
        pruned.map_or(NOTHING.to_owned(), |pruned| percent(pruned.zero_share, 1.0))
    }),
    ("error by pruning", |result| {
        let error = result
            .machine
            .values
            .as_ref()
            .and_then(|values| values.pruning_error);
        error.map_or(NOTHING.to_owned(), |error| percent(error, 1.0))
    }),
    ("peak bandwidth", |result| {
        let peak = result.memory.peak_gb_s;
        peak.map_or("without limit".to_owned(), |peak| scaled(peak * 1e9, "B/s"))
    }),
    ("of peak", |result| {
        let peak = result.memory.peak_gb_s;
        peak.map_or(NOTHING.to_owned(), |peak| {
            percent(result.memory.achieved_gb_s, peak)
        })
    }),
    ("row hits", |result| share_of_rows(result, result.memory.row_hits)),
    ("row conflicts", |result| {
        share_of_rows(result, result.memory.row_conflicts)
    }),
    ("refreshing", |result| percent(result.memory.refresh_share, 1.0)),
    ("writes of worst bank", |result| {
        let wear = result.memory.wear.as_ref();
        wear.map_or(NOTHING.to_owned(), |wear| grouped(wear.most_bank_writes))
    }),
];

fn share_of_rows(result: &RunResult, count: u64) -> String {
    let memory = &result.memory;
    let all = memory.row_hits + memory.row_misses + memory.row_conflicts;
    percent(count as f64, all as f64)
}

type Quantile = (&'static str, fn(&Latency) -> f64);

const QUANTILES: [Quantile; 4] = [
    ("p50", |latency| latency.p50),
    ("p90", |latency| latency.p90),
    ("p99", |latency| latency.p99),
    ("max", |latency| latency.max),
];

/// All requestors with requests in some run; each tenant as a whole.
fn requestors(cells: &[CellResult]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for result in cells.iter().filter_map(|cell| cell.outcome.as_ref().ok()) {
        let own = result.memory.requestors.iter().map(|requestor| &requestor.name);
        let own = own.filter(|name| !name.contains('.'));
        let tenants = result.tenants.iter().map(|tenant| &tenant.name);
        for name in own.chain(tenants) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

fn latency(result: &RunResult, name: &str) -> Option<Latency> {
    let requestor = result
        .memory
        .requestors
        .iter()
        .find(|requestor| requestor.name == name);
    let tenant = || result.tenants.iter().find(|tenant| tenant.name == name);
    requestor
        .map(|requestor| requestor.latency_ns)
        .or_else(|| tenant().map(|tenant| tenant.latency_ns))
}

fn mark_least(
    of: fn(&Latency) -> f64,
    mine: Latency,
    cell: &CellResult,
    requestor: &str,
    all: &[CellResult],
) -> String {
    let peers = all.iter().filter(|other| other.state == cell.state);
    let others = peers.filter_map(|other| latency(other.outcome.as_ref().ok()?, requestor));
    let figures: Vec<f64> = others.map(|latency| of(&latency)).collect();
    let value = of(&mine);
    let least = figures.iter().all(|&other| value <= other) && figures.iter().any(|&other| value < other);
    format!("{}{value:.0}", if least { "*" } else { "" })
}
