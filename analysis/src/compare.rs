//! The same workload on several memories, alone and under contention.

mod outcome;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use scenarios::schema::Reference;
use scenarios::system::Plan;
use scenarios::{Diagnostics, Loaded};
use serde::{Deserialize, Serialize};
use sim_core::{Engine, TraceSink};
use thiserror::Error;

use crate::critical_path::{CriticalPathSink, PathSummary, STRETCHES};
use crate::over_time::{Curves, TimelineSink};
use crate::result::RunResult;
use crate::run::{self, RunError};
use crate::runner::Pool;
use crate::tee::Tee;

/// Whether other requestors use main memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The transformer has main memory to itself.
    Alone,
    /// With all the traffic that the scenario states.
    Contended,
}

/// What a run simulates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The variant of the scenario, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidate: Option<String>,
    /// The memory's name or file.
    pub memory: String,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.candidate {
            Some(candidate) => write!(f, "{candidate} on {}", self.memory),
            None => f.write_str(&self.memory),
        }
    }
}

/// One run to be done.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What it simulates.
    pub subject: Subject,
    /// Alone or contended.
    pub state: State,
    loaded: Loaded,
}

/// Why a cell has no result.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum CellError {
    /// The scenario of the cell is wrong.
    #[error("{0}")]
    Refused(Diagnostics),
    /// The run failed.
    #[error("{0}")]
    Failed(String),
}

/// The outcome of a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CellResult {
    /// What was run.
    #[serde(flatten)]
    pub subject: Subject,
    /// Alone or contended.
    pub state: State,
    /// The result, or why there is none.
    #[serde(flatten, with = "outcome")]
    pub outcome: Result<Box<RunResult>, CellError>,
    /// What happened over time, if that was recorded.
    #[serde(skip)]
    pub curves: Option<Curves>,
}

/// The cells of a scenario: each candidate on each memory, alone and, if the scenario states other traffic, contended.
/// `memories` replace the scenario's own list; if both are empty, only the scenario's memory is used.
///
/// # Errors
/// A memory that does not exist, or an invalid candidate.
pub fn cells(loaded: &Loaded, memories: &[Reference]) -> Result<Vec<Cell>, Diagnostics> {
    let candidates = &loaded.scenario().compare.candidates;
    if candidates.is_empty() {
        return cells_of(loaded, None, memories);
    }
    let mut cells = Vec::new();
    for (index, candidate) in candidates.iter().enumerate() {
        let variant = loaded.candidate(index)?;
        cells.extend(cells_of(&variant, Some(&candidate.name), memories)?);
    }
    Ok(cells)
}

fn cells_of(
    loaded: &Loaded,
    candidate: Option<&str>,
    memories: &[Reference],
) -> Result<Vec<Cell>, Diagnostics> {
    let compared = &loaded.scenario().compare.memories;
    let on: Vec<Loaded> = if !memories.is_empty() {
        let chosen = memories.iter().map(|memory| loaded.on_memory(memory.clone()));
        chosen.collect::<Result<_, _>>()?
    } else if compared.is_empty() {
        vec![loaded.clone()]
    } else {
        (0..compared.len())
            .map(|index| loaded.on_compared_memory(index))
            .collect::<Result<_, _>>()?
    };
    let states: &[State] = match loaded.scenario().contention.is_none() {
        true => &[State::Alone],
        false => &[State::Alone, State::Contended],
    };
    let cells = on.into_iter().flat_map(|loaded| {
        let subject = Subject {
            candidate: candidate.map(str::to_owned),
            memory: loaded.scenario().memory.name().to_owned(),
        };
        states.iter().map(move |&state| Cell {
            subject: subject.clone(),
            state,
            loaded: loaded.clone(),
        })
    });
    Ok(cells.collect())
}

/// Runs the cells on `pool` and hands each result to `emit`, in the order of the cells. A cell that fails is a result
/// like the others. Once `is_cancelled` returns true (it is called often), no further cell is started, those in flight
/// are abandoned, and `emit` gets the finished ones. With `over_time`, the activity of each cell over time is recorded.
pub fn run_cells(
    cells: Vec<Cell>,
    pool: Pool,
    engine: Engine,
    over_time: bool,
    is_cancelled: &(dyn Fn() -> bool + Sync),
    mut emit: impl FnMut(CellResult) -> ControlFlow<()>,
) {
    let names: Vec<(Subject, State)> = cells
        .iter()
        .map(|cell| (cell.subject.clone(), cell.state))
        .collect();
    let work = |cell: Cell| cell.run(engine, over_time, is_cancelled);
    pool.run(cells, is_cancelled, work, |index, result| {
        let (subject, state) = names[index].clone();
        let (outcome, curves) = match result {
            Ok(Err(Stop::Interrupted)) => return ControlFlow::Continue(()),
            Ok(Err(Stop::Failed(error))) => (Err(error), None),
            Ok(Ok((result, curves))) => (Ok(result), curves),
            Err(panicked) => (Err(CellError::Failed(panicked.to_string())), None),
        };
        emit(CellResult {
            subject,
            state,
            outcome,
            curves,
        })
    });
}

/// Why a run did not finish.
enum Stop {
    Interrupted,
    Failed(CellError),
}

impl Cell {
    /// Runs the cell. Its recording stays on the thread that runs it; only the few numbers of its curves leave the thread.
    fn run(
        self,
        engine: Engine,
        over_time: bool,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(Box<RunResult>, Option<Curves>), Stop> {
        let plan = Plan::load(&self.loaded).map_err(|wrong| Stop::Failed(CellError::Refused(wrong)))?;
        let plan = match self.state {
            State::Alone => plan.alone(),
            State::Contended => plan,
        };
        let mut timeline = over_time.then(|| TimelineSink::new(&plan));
        let mut path = over_time.then(|| CriticalPathSink::new(&plan));
        let mut sinks: Vec<&mut dyn TraceSink> = Vec::new();
        sinks.extend(timeline.as_mut().map(|sink| sink as _));
        sinks.extend(path.as_mut().map(|sink| sink as _));
        let watch = &mut |_| match is_cancelled() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        };
        match run::run_watched(&plan, engine, false, Tee::new(sinks).sink(), watch) {
            Ok(mut result) => {
                let path = path.as_ref().and_then(CriticalPathSink::path);
                result.critical_path = path.map(|path| PathSummary::new(path, &plan, STRETCHES));
                let curves = timeline.map(|timeline| Curves::new(&plan, &result, &timeline));
                Ok((Box::new(result), curves))
            }
            Err(RunError::Interrupted) => Err(Stop::Interrupted),
            Err(error) => Err(Stop::Failed(CellError::Failed(error.to_string()))),
        }
    }
}

/// A figure by which memories are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Figure {
    /// Simulated seconds of the scenario's own transformer.
    Latency,
    /// Latency relative to the same memory alone.
    Slowdown,
    /// Energy of its accelerator and of all of main memory.
    Energy,
    /// Energy times latency.
    EnergyDelayProduct,
    /// Bytes per second that main memory moved, for all requestors.
    Bandwidth,
    /// Energy per bit moved.
    EnergyPerBit,
}

impl Figure {
    /// All figures.
    pub const ALL: [Self; 6] = [
        Self::Latency,
        Self::Slowdown,
        Self::Energy,
        Self::EnergyDelayProduct,
        Self::Bandwidth,
        Self::EnergyPerBit,
    ];

    /// The figure of a cell; `None` if the cell failed or has no such figure.
    #[must_use]
    pub fn of(self, cell: &CellResult, all: &[CellResult]) -> Option<f64> {
        let result = cell.outcome.as_ref().ok()?;
        Some(match self {
            Self::Latency => result.machine.seconds,
            Self::Slowdown if cell.state == State::Alone => return None,
            Self::Slowdown => result.machine.seconds / alone(cell, all)?.machine.seconds,
            Self::Energy => result.machine.energy_nj.total * 1e-9,
            Self::EnergyDelayProduct => result.energy_delay_product(),
            Self::Bandwidth => result.memory.achieved_gb_s * 1e9,
            Self::EnergyPerBit => result.memory.pj_per_bit * 1e-12,
        })
    }

    /// Whether `a` is better than `b`.
    fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Bandwidth => a > b,
            _ => a < b,
        }
    }

    /// The run with the best figure among those in `state`; `None` if there is only one run.
    #[must_use]
    pub fn best(self, state: State, all: &[CellResult]) -> Option<&Subject> {
        let mut best: Option<(&Subject, f64)> = None;
        let mut candidates = 0;
        for cell in all.iter().filter(|cell| cell.state == state) {
            let Some(figure) = self.of(cell, all) else {
                continue;
            };
            candidates += 1;
            if best.is_none_or(|(_, other)| self.is_better(figure, other)) {
                best = Some((&cell.subject, figure));
            }
        }
        best.filter(|_| candidates > 1).map(|(subject, _)| subject)
    }
}

fn alone<'a>(cell: &CellResult, all: &'a [CellResult]) -> Option<&'a RunResult> {
    let same = |other: &&CellResult| other.subject == cell.subject && other.state == State::Alone;
    all.iter().find(same)?.outcome.as_ref().ok().map(Box::as_ref)
}

/// The best run by every figure, and the slowdowns.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Latency under contention relative to latency alone, by run.
    pub slowdown: BTreeMap<String, f64>,
    /// The best run by state and figure.
    pub best: BTreeMap<State, BTreeMap<Figure, String>>,
}

impl Verdict {
    /// Sums up the finished cells.
    #[must_use]
    pub fn new(cells: &[CellResult]) -> Self {
        let slowdowns = cells.iter().filter_map(|cell| {
            let slowdown = Figure::Slowdown.of(cell, cells)?;
            Some((cell.subject.to_string(), slowdown))
        });
        let best = [State::Alone, State::Contended].map(|state| {
            let winners = Figure::ALL.into_iter();
            let winners = winners.filter_map(|figure| Some((figure, figure.best(state, cells)?.to_string())));
            (state, winners.collect::<BTreeMap<_, _>>())
        });
        Self {
            slowdown: slowdowns.collect(),
            best: best
                .into_iter()
                .filter(|(_, winners)| !winners.is_empty())
                .collect(),
        }
    }
}
