//! A source of background traffic, resolved and checked.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use components::background::{
    ArrivalProcess, BackgroundParameters, BackgroundTraffic, GeneratedRequests, RequestStream,
};
use components::memory::{MemoryRoute, RequestorId, parse_trace};
use components::units::BLOCK;
use sim_core::Tick;

use super::{MainMemory, Plan, Problem};
use crate::diagnostics::Diagnostics;
use crate::loaded::Loaded;
use crate::schema::{Arrivals, Background, Traffic};

/// A source of background traffic, ready to be built.
#[derive(Clone, Debug)]
pub struct BackgroundPlan {
    /// Its name in results.
    pub name: String,
    /// What was stated of it.
    pub stated: Background,
    /// First byte of its part of main memory.
    pub region_start: u64,
    /// Bytes of its part of main memory; none if a trace names its addresses.
    pub region_bytes: u64,
    requests: Requests,
    start: Tick,
    stop: Option<Tick>,
}

#[derive(Clone, Debug)]
enum Requests {
    Generated {
        arrivals: ArrivalProcess,
        seed: u64,
    },
    Trace(Trace),
    /// It never asks for anything.
    None,
}

/// A trace that has been read once to its end.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    path: PathBuf,
    requests: u64,
}

/// The traces that a scenario names, by source, each read once so that what is wrong with it is known now.
pub(super) fn find_traces(loaded: &Loaded) -> Result<Vec<Option<Trace>>, Diagnostics> {
    let sources = loaded.scenario().contention.background.iter().enumerate();
    let mut problems = Diagnostics::default();
    let traces = sources
        .map(|(index, source)| {
            let Traffic::Trace(file) = &source.traffic else {
                return None;
            };
            let field = format!("contention.background[{index}].traffic");
            read_trace(loaded, &field, file)
                .map_err(|(message, help)| problems.push(loaded.problem(&field, message, help)))
                .ok()
        })
        .collect();
    if problems.is_empty() {
        Ok(traces)
    } else {
        Err(problems)
    }
}

fn read_trace(loaded: &Loaded, field: &str, file: &str) -> Result<Trace, (String, String)> {
    let Some(path) = loaded.file_beside(field, file) else {
        return Err((
            format!("the trace {file:?} is not shipped"),
            "a trace is a file on the disk, beside the scenario that names it".to_owned(),
        ));
    };
    let name = path.display();
    let opened = File::open(&path)
        .map_err(|error| (format!("cannot read {name}: {error}"), TRACE_FORMAT.to_owned()))?;
    let mut requests = 0;
    for record in parse_trace(BufReader::new(opened)) {
        record.map_err(|error| (format!("{name}: {error}"), TRACE_FORMAT.to_owned()))?;
        requests += 1;
    }
    Ok(Trace { path, requests })
}

const TRACE_FORMAT: &str = "a line of a trace is `0xADDRESS READ|WRITE CYCLE`";

/// The sources of a plan whose machines are resolved.
pub(super) fn resolve(
    plan: &Plan,
    sources: &[Background],
    traces: &[Option<Trace>],
    seed: u64,
) -> Result<Vec<BackgroundPlan>, Vec<Problem>> {
    let mut problems = Vec::new();
    let resolved = sources
        .iter()
        .enumerate()
        .filter_map(|(index, stated)| {
            let requests = match (&stated.traffic, traces.get(index)) {
                (Traffic::Trace(_), Some(Some(trace))) => Requests::Trace(trace.clone()),
                (Traffic::Trace(_), _) => return None,
                (Traffic::Generated { arrivals, .. }, _) => generated(plan, *arrivals, seed, index)
                    .map_err(|problem| problems.push(problem))
                    .ok()?,
            };
            let edge = |microseconds| plan.memory_clock.edge_at_or_after(plan.instant(microseconds));
            let has_region = !matches!(requests, Requests::Trace(_));
            let bytes = (stated.region_mb * 1_048_576.0) as u64 / BLOCK.0 * BLOCK.0;
            Some(BackgroundPlan {
                name: stated.name.clone(),
                start: edge(stated.start_us),
                stop: stated.stop_us.map(edge),
                stated: stated.clone(),
                region_start: 0,
                region_bytes: if has_region { bytes.max(BLOCK.0) } else { 0 },
                requests,
            })
        })
        .collect();
    if problems.is_empty() {
        Ok(resolved)
    } else {
        Err(problems)
    }
}

fn generated(plan: &Plan, arrivals: Arrivals, seed: u64, index: usize) -> Result<Requests, Problem> {
    if arrivals == Arrivals::Saturating && plan.memory == MainMemory::Ideal {
        return Err(Problem::new(
            format!("contention.background[{index}].traffic"),
            "an ideal memory answers at once: no traffic can saturate it",
            "give the source a rate (`Steady`, `Poisson`, `Bursty`), or choose a memory that has banks",
        ));
    }
    if arrivals.is_silent() {
        return Ok(Requests::None);
    }
    let hertz = plan.memory_clock.frequency().hertz();
    let gap = |gb_s: f64| BLOCK.0 as f64 * hertz / (gb_s * 1e9);
    let cycles = |microseconds: f64| microseconds * 1e-6 * hertz;
    let arrivals = match arrivals {
        Arrivals::Saturating => ArrivalProcess::Saturating,
        Arrivals::Steady { gb_s } => ArrivalProcess::Steady { gap: gap(gb_s) },
        Arrivals::Poisson { gb_s } => ArrivalProcess::Poisson { gap: gap(gb_s) },
        Arrivals::Bursty { gb_s, on_us, off_us } => ArrivalProcess::Bursty {
            gap: gap(gb_s),
            on: cycles(on_us),
            off: cycles(off_us),
        },
    };
    Ok(Requests::Generated { arrivals, seed })
}

impl BackgroundPlan {
    /// Whether it never asks for anything.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        match &self.requests {
            Requests::None => true,
            Requests::Trace(trace) => trace.requests == 0,
            Requests::Generated { .. } => self.stop.is_some_and(|stop| stop <= self.start),
        }
    }

    /// When it starts.
    #[must_use]
    pub fn start(&self) -> Tick {
        self.start
    }

    /// From when on it asks for nothing more, if it does not go on to the end.
    #[must_use]
    pub fn stop(&self) -> Option<Tick> {
        self.stop
    }

    /// Its actor. `source` is its number among all sources.
    ///
    /// # Errors
    /// Its trace cannot be read any more.
    pub(super) fn build(
        &self,
        plan: &Plan,
        source: usize,
        requestor: RequestorId,
        memory: &MemoryRoute,
    ) -> Result<BackgroundTraffic, String> {
        let parameters = BackgroundParameters {
            clock: plan.memory_clock,
            memory: memory.for_requestors(1),
            requestor,
            outstanding_requests: self.stated.outstanding_requests,
            start: self.start,
            stop: self.stop,
            transformers: plan.machines().count() as u32,
        };
        let stream = match (&self.requests, &self.stated.traffic) {
            (
                Requests::Generated { arrivals, seed },
                Traffic::Generated {
                    addresses,
                    write_share,
                    ..
                },
            ) => {
                let region = (self.region_start, self.region_bytes);
                RequestStream::Generated(Box::new(GeneratedRequests::new(
                    *addresses,
                    *arrivals,
                    *write_share,
                    region,
                    (*seed, FIRST_STREAM + source as u64),
                )))
            }
            (Requests::Trace(trace), _) => {
                let name = trace.path.display().to_string();
                let file = File::open(&trace.path).map_err(|error| format!("cannot read {name}: {error}"))?;
                RequestStream::Replayed {
                    name,
                    records: Box::new(parse_trace(BufReader::new(file))),
                }
            }
            _ => return Err(format!("the source {} asks for nothing", self.name)),
        };
        Ok(BackgroundTraffic::new(parameters, stream))
    }
}

/// Random streams of background traffic are numbered from here, apart from those of the machines' actors.
const FIRST_STREAM: u64 = 1 << 40;
