//! What recording costs: the same runs with and without, in turns, and the ratios of their times.
//!
//! `cargo bench -p tests --bench tracing` prints, for BERT-Tiny and for a layer of BERT-Base, the median of the ratios of each
//! way of recording to the run without. Rounds alternate, so a machine that becomes slower does not favour one of them.

#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use analysis::critical_path::CriticalPathSink;
use scenarios::system::Plan;
use sim_core::{Engine, TraceSink};
use tests::{plan, shipped};
use traces::{TimeWindow, TraceFile, TraceOptions};

/// A way of recording.
#[derive(Clone, Copy)]
enum Recording {
    Nothing,
    CriticalPath,
    Trace {
        extension: &'static str,
        only: Option<&'static str>,
        window: Option<&'static str>,
    },
}

const fn trace(
    extension: &'static str,
    only: Option<&'static str>,
    window: Option<&'static str>,
) -> Recording {
    Recording::Trace {
        extension,
        only,
        window,
    }
}

/// Seconds that a run takes, the writing of its trace included.
fn seconds(plan: &Plan, recording: Recording, folder: &Path) -> f64 {
    let start = Instant::now();
    let run = |sink: Option<&mut dyn TraceSink>| {
        let system = plan
            .build(Engine::Wheel)
            .unwrap_or_else(|error| panic!("{error}"));
        system
            .run_watched(plan, sink, &mut |_| ControlFlow::Continue(()))
            .unwrap_or_else(|error| panic!("{error}"));
    };
    match recording {
        Recording::Nothing => run(None),
        Recording::CriticalPath => run(Some(&mut CriticalPathSink::new(plan))),
        Recording::Trace {
            extension,
            only,
            window,
        } => {
            let options = TraceOptions {
                file: folder.join("run").with_extension(extension),
                only: only.into_iter().map(str::to_owned).collect(),
                window: window.map_or_else(TimeWindow::default, |window| {
                    window.parse().unwrap_or_else(|error| panic!("{error}"))
                }),
                sample: NonZeroU32::MIN,
                force: true,
            };
            let mut trace = TraceFile::create(plan, &options).unwrap_or_else(|error| panic!("{error}"));
            run(Some(trace.sink()));
            trace.finish().unwrap_or_else(|error| panic!("{error}"));
        }
    }
    start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn compare(name: &str, plan: &Plan, rounds: usize, ways: &[(&str, Recording)]) {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let mut plain = Vec::new();
    let mut ratios = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        let without = seconds(plan, Recording::Nothing, folder.path());
        plain.push(without);
        for (ratios, (_, way)) in ratios.iter_mut().zip(ways) {
            ratios.push(seconds(plan, *way, folder.path()) / without);
        }
    }
    println!("{name}: {:.1} ms without", median(plain) * 1e3);
    for ((way, _), ratios) in ways.iter().zip(ratios) {
        println!("  {way:<42} {:.2} x", median(ratios));
    }
}

fn main() {
    let tiny = plan(&shipped("bert-tiny-edge", |_| {}));
    let path = ("critical path", Recording::CriticalPath);
    compare(
        "BERT-Tiny on the edge accelerator",
        &tiny,
        25,
        &[
            ("nothing, again", Recording::Nothing),
            path,
            (".pftrace, everything", trace("pftrace", None, None)),
            (".parquet, everything", trace("parquet", None, None)),
            (".jsonl, everything", trace("jsonl", None, None)),
            (".fst, everything", trace("fst", None, None)),
        ],
    );
    let base = plan(&shipped("bert-base-server", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 4;
    }));
    let window = Some("20000..21000");
    compare(
        "A layer of BERT-Base on the server accelerator",
        &base,
        9,
        &[
            ("nothing, again", Recording::Nothing),
            path,
            (".pftrace, 1,000 cycles", trace("pftrace", None, window)),
            (
                ".pftrace, 1,000 cycles of one PE",
                trace("pftrace", Some("pe[3].*"), window),
            ),
        ],
    );
}
