//! Traces are right: they hold every tile once, spans add up to what is reported, and other programs can read them.

mod damaged;
mod perfetto;
mod power;
mod waveforms;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;

use analysis::result::tile_operations;
use analysis::run::run_watched;
use scenarios::system::{Measurements, Plan, RunError};
use sim_core::{Engine, Tick};
use tests::traced::{entries, run_traced, whole};
use tests::{engines, plan, shipped, shipped_small};
use traces::{Entry, Form, TraceFile, matches};

/// The whole trace of a run, and what the run measured.
fn traced(plan: &Plan) -> (Measurements, Vec<Entry<'static>>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.parquet");
    let measured = run_traced(plan, Engine::Wheel, &whole(file.clone()));
    (measured, entries(&file).1)
}

fn spans<'a>(entries: &'a [Entry<'static>], kind: &str) -> Vec<&'a Entry<'static>> {
    let spans = entries.iter().filter(|entry| entry.record == Form::Span);
    spans.filter(|entry| entry.kind == kind).collect()
}

/// Sum of the lengths of all spans of a kind, in ticks.
fn total(entries: &[Entry<'static>], kind: &str) -> u64 {
    let spans = spans(entries, kind);
    spans.iter().map(|span| span.end_tick - span.start_tick).sum()
}

/// Small plans of different kinds: inference on large memory, mixed layers, training, two machines and other traffic.
fn plans() -> Vec<Plan> {
    let crowded = shipped("contention", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
    });
    let trained = shipped("bert-tiny-train", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 1;
    });
    let names = ["tiny-trace", "flexibert-mixed"];
    names
        .into_iter()
        .map(shipped_small)
        .chain([trained, crowded])
        .map(|loaded| plan(&loaded))
        .collect()
}

#[test]
fn traces_of_all_kinds_of_machines_are_right() {
    for plan in plans() {
        let (measured, entries) = traced(&plan);
        spans_on_a_track_never_overlap(&entries);
        spans_add_up_to_the_busy_times_that_are_reported(&measured, &entries);
        transfers_move_what_is_asked_of_main_memory(&measured, &entries);
        records_are_on_the_tracks_of_their_kind(&entries);
        the_critical_path_is_the_run(&measured, &entries);
        power::integrates_to_the_energies_that_are_reported(&plan, &measured, &entries);
    }
}

fn the_critical_path_is_the_run(measured: &Measurements, entries: &[Entry<'static>]) {
    let mut until = 0;
    for entry in entries.iter().filter(|entry| entry.track == "critical_path") {
        assert_eq!((entry.record, entry.start_tick), (Form::Span, until));
        until = entry.end_tick;
    }
    assert_eq!(until, measured.machine.finished.0);
}

fn spans_on_a_track_never_overlap(entries: &[Entry<'static>]) {
    let mut tracks: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
    for span in entries.iter().filter(|entry| entry.record == Form::Span) {
        let track = tracks.entry(&span.track).or_default();
        track.push((span.start_tick, span.end_tick));
    }
    for (track, spans) in &mut tracks {
        spans.sort_unstable();
        for pair in spans.windows(2) {
            assert!(pair[0].1 <= pair[1].0, "{track}: {pair:?}");
        }
    }
}

#[test]
fn every_tile_of_the_program_appears_once() {
    for name in ["tiny-trace", "flexibert-mixed"] {
        let plan = plan(&shipped_small(name));
        let (_, entries) = traced(&plan);
        let mut seen: Vec<_> = entries
            .iter()
            .filter(|entry| entry.record == Form::Span && entry.kind.ends_with("_tile"))
            .map(|entry| {
                let role = entry.role.as_deref().unwrap();
                (
                    entry.operation.unwrap(),
                    entry.tile.unwrap(),
                    role,
                    entry.layer.unwrap(),
                    entry.head,
                )
            })
            .collect();
        let mut listed: Vec<_> = tile_operations(&plan)
            .map(|tile| (tile.operation, tile.tile, tile.role.name(), tile.layer, tile.head))
            .collect();
        seen.sort_unstable();
        listed.sort_unstable();
        assert!(
            seen == listed,
            "{name}: {} tiles, not {}",
            seen.len(),
            listed.len()
        );
    }
}

fn spans_add_up_to_the_busy_times_that_are_reported(measured: &Measurements, entries: &[Entry<'static>]) {
    let machines = || measured.machines();
    let lanes: u64 = machines().map(|machine| machine.lanes.busy.0).sum();
    let softmax: u64 = machines().map(|machine| machine.softmax.1.0).sum();
    let layer_norm: u64 = machines().map(|machine| machine.layer_norm.1.0).sum();
    assert_eq!(total(entries, "mac_tile"), lanes);
    assert_eq!(total(entries, "softmax_tile"), softmax);
    assert_eq!(total(entries, "layer_norm_tile"), layer_norm);
    let bursts = spans(entries, "read_data").len() + spans(entries, "write_data").len();
    let memory = &measured.memory;
    assert_eq!(bursts as u64, memory.read_commands + memory.write_commands);
    let commands = |kind| entries.iter().filter(|entry| entry.kind == kind).count() as u64;
    assert_eq!(commands("ACT"), measured.memory.activates);
    assert_eq!(commands("PRE"), measured.memory.precharges);
    let open = spans(entries, "row_open");
    assert_eq!(open.len() as u64, measured.memory.activates);
    // Rows that nothing has closed are open as long as anything happens; bandwidths are of whole microseconds.
    let happened = entries.iter().filter(|entry| {
        entry.kind != "bandwidth_bytes_per_second" && entry.track.rsplit('.').next() != Some("power")
    });
    let last = happened.map(|entry| entry.end_tick).max();
    let left_open = open.iter().filter(|span| Some(span.end_tick) == last).count() as u64;
    assert_eq!(left_open, measured.memory.activates - measured.memory.precharges);
}

fn transfers_move_what_is_asked_of_main_memory(measured: &Measurements, entries: &[Entry<'static>]) {
    let asked: u64 = measured.machines().flat_map(|machine| machine.dma_requests).sum();
    let transfers = || {
        entries
            .iter()
            .filter(|entry| entry.kind == "load" || entry.kind == "store")
    };
    let blocks: u64 = transfers().map(|entry| entry.bytes.unwrap().div_ceil(64)).sum();
    // Rows of tables may begin and end within a block.
    assert!(blocks <= asked, "{blocks} blocks of {asked}");
    let ordered = entries.iter().filter(|entry| entry.kind == "transfer_ordered");
    assert!(ordered.clone().all(|entry| entry.role.is_some()));
    let data = transfers().filter(|entry| entry.transfer.unwrap() % 2 == 0);
    assert!(transfers().all(|entry| entry.role.is_some()));
    assert!(data.count() <= ordered.count());
}

/// The mean of a counter from the beginning to `end`.
fn mean(entries: &[Entry<'static>], track: &str, kind: &str, end: Tick) -> f64 {
    let (mut sum, mut since, mut value) = (0.0, 0, 0);
    let changes = entries
        .iter()
        .filter(|entry| entry.record == Form::Counter && entry.track == track && entry.kind == kind);
    for change in changes {
        let at = change.start_tick.min(end.0);
        sum += value as f64 * (at - since) as f64;
        (since, value) = (at, change.value.unwrap());
    }
    (sum + value as f64 * (end.0 - since) as f64) / end.0 as f64
}

#[test]
fn counters_integrate_to_the_averages_that_are_reported() {
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (measured, entries) = traced(&plan);
    for buffer in &measured.machine.buffers {
        let track = format!("buffer.{}", buffer.kind.name());
        let held = mean(&entries, &track, "occupancy_bytes", measured.machine.finished);
        assert!(
            (held - buffer.mean).abs() <= 1e-6 * buffer.mean.max(1.0),
            "{track}: {held}"
        );
    }
    let end = Tick(measured.ended.0 * 2);
    let channels = plan.memory.channels();
    let bandwidth: f64 = (0..channels)
        .map(|channel| {
            mean(
                &entries,
                &format!("memory.channel[{channel}]"),
                "bandwidth_bytes_per_second",
                end,
            )
        })
        .sum();
    let moved = bandwidth * plan.timebase.seconds(end.since(Tick::ZERO));
    let expected = (measured.memory.read_commands + measured.memory.write_commands) as f64 * 64.0;
    assert!((moved / expected - 1.0).abs() < 1e-3, "{moved} of {expected}");
}

#[test]
fn traces_are_the_same_on_all_engines_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&shipped("flexibert-mixed", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
    }));
    let untraced = tests::run(plan.clone()).measured.digest;
    for extension in ["pftrace", "vcd", "fst", "parquet", "jsonl"] {
        let of = |engine: Engine| {
            let file = folder.path().join(format!("{engine}.{extension}"));
            let measured = run_traced(&plan, engine, &whole(file.clone()));
            assert_eq!(measured.digest, untraced);
            fs::read(file).unwrap()
        };
        let expected = of(Engine::Wheel);
        for engine in engines().into_iter().filter(|engine| *engine != Engine::Wheel) {
            assert!(of(engine) == expected, "{extension} on {engine}");
        }
    }
}

#[test]
fn all_formats_that_are_read_back_hold_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for plan in plans() {
        let [lines, rows, packets] = ["run.jsonl", "run.parquet", "run.pftrace"].map(|name| {
            let file = folder.path().join(name);
            let _ = run_traced(&plan, Engine::Wheel, &whole(file.clone()));
            entries(&file)
        });
        assert!(lines == rows, "Parquet");
        // Ticks, too: what the nanoseconds of Perfetto lose is in the file.
        assert!(lines == packets, "Perfetto");
    }
}

fn records_are_on_the_tracks_of_their_kind(entries: &[Entry<'static>]) {
    for entry in entries {
        let pattern = match &*entry.kind {
            "mac_tile" | "run_started" => "*pe[*].mac[*]",
            "softmax_tile" => "*pe[*].softmax[*]",
            "layer_norm_tile" => "*pe[*].layer_norm",
            "load" | "store" | "load_queued" | "store_queued" => "*dma.slot[*]",
            "outstanding_requests" => "*dma",
            "row_open" => "memory.channel[*].bank[*]",
            "refresh" => "memory.channel[*].rank[*]",
            "occupancy_bytes" => "*buffer.*",
            "issue" | "operands" | "mac_lanes" | "softmax" | "layer_norm" | "results" | "dma_queue"
            | "memory_read" | "memory_write" | "buffer_ports" => "critical_path",
            kind if kind.ends_with("_milliwatts") => "*power",
            "stall" | "transfer_ordered" | "operation_woken" | "finished" => "*control_block",
            _ => "memory.channel[*]",
        };
        assert!(matches(pattern, &entry.track), "{entry:?}");
    }
}

#[test]
fn filters_keep_a_part_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (_, all) = traced(&plan);
    let file = folder.path().join("part.jsonl");
    let mut options = whole(file.clone());
    options.only = vec!["pe[0].*".to_owned(), "dma.*".to_owned()];
    options.window = "1000..2us".parse().unwrap();
    let _ = run_traced(&plan, Engine::Wheel, &options);
    let (header, part) = entries(&file);
    let (from, to) = (header.from_tick, header.to_tick.unwrap());
    assert_eq!(from, 1000 * header.ticks_per_cycle);
    assert_eq!(to, header.ticks_per_second / 500_000);
    let expected = all.into_iter().filter(|entry| {
        let selected = matches("pe[0].*", &entry.track) || matches("dma*", &entry.track);
        let began = entry.start_tick < to;
        selected && began && (entry.end_tick > from || entry.start_tick >= from)
    });
    assert!(!part.is_empty());
    assert!(part == expected.collect::<Vec<_>>());
}

/// The trace of a run that is broken off when it is first looked at, after a million events.
fn broken_off(plan: &Plan) -> Vec<Entry<'static>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.parquet");
    let mut trace = TraceFile::create(plan, &whole(file.clone())).unwrap();
    let outcome = run_watched(plan, Engine::Wheel, false, Some(trace.sink()), &mut |_| {
        ControlFlow::Break(())
    });
    assert!(matches!(outcome, Err(RunError::Interrupted)));
    let _ = trace.finish().unwrap();
    entries(&file).1
}

#[test]
fn what_is_under_way_when_a_run_is_broken_off_has_spans() {
    let mut cut_short = BTreeSet::new();
    for name in ["flexibert-mixed", "bert-tiny-train"] {
        let plan = plan(&shipped_small(name));
        let (_, all) = traced(&plan);
        let part = broken_off(&plan);
        spans_on_a_track_never_overlap(&part);
        let activates = part.iter().filter(|entry| entry.kind == "ACT").count();
        assert_eq!(spans(&part, "row_open").len(), activates);
        for kind in ["stall", "load", "store"] {
            // What was cut short is the beginning of a span of the whole run.
            let begun = |span: &Entry<'static>| (span.track.clone(), span.start_tick);
            let whole: BTreeMap<_, _> = spans(&all, kind)
                .into_iter()
                .map(|span| (begun(span), span))
                .collect();
            for span in spans(&part, kind) {
                let found = whole[&begun(span)];
                let cut = Entry {
                    end_tick: found.end_tick,
                    duration_ns: found.duration_ns,
                    ..span.clone()
                };
                assert_eq!(&cut, found);
                if span.end_tick < found.end_tick {
                    cut_short.insert(kind);
                }
            }
        }
    }
    assert!(
        cut_short.contains("stall") && cut_short.contains("load"),
        "{cut_short:?}"
    );
}

#[test]
fn a_sample_keeps_one_of_many() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (_, all) = traced(&plan);
    let file = folder.path().join("sample.jsonl");
    let mut options = whole(file.clone());
    options.sample = 10.try_into().unwrap();
    let _ = run_traced(&plan, Engine::Wheel, &options);
    let (_, part) = entries(&file);
    let tiles = |entries: &[Entry<'static>]| {
        spans(entries, "mac_tile")
            .into_iter()
            .filter(|entry| entry.track == "pe[0].mac[0]")
            .count()
    };
    assert_eq!(tiles(&part), tiles(&all).div_ceil(10));
}
