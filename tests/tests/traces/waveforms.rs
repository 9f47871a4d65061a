//! Waveforms, read by the library that Surfer reads them with.

use components::energy_part::Action;
use std::collections::BTreeMap;
use std::path::Path;

use scenarios::system::Plan;
use sim_core::{Engine, Ticks};
use tests::traced::{run_traced, whole};
use tests::{plan, shipped_small};
use wellen::simple::read;

/// A signal's name, and its values with their times in picoseconds.
type Signals = BTreeMap<String, Vec<(u64, String)>>;

fn signals(file: &Path) -> Signals {
    let mut waveform = read(file).unwrap();
    let variables: Vec<_> = waveform
        .hierarchy()
        .all_vars()
        .map(|variable| {
            let variable = &waveform.hierarchy()[variable];
            (variable.full_name(waveform.hierarchy()), variable.signal_ref())
        })
        .collect();
    let references: Vec<_> = variables.iter().map(|(_, signal)| *signal).collect();
    waveform.load_signals(&references);
    let times = waveform.time_table();
    let changes = |signal| {
        let signal = waveform.get_signal(signal).unwrap();
        let changes = signal.iter_changes();
        changes
            .map(|(time, value)| (times[time as usize], value.to_string()))
            .collect()
    };
    variables
        .iter()
        .map(|(name, signal)| (name.clone(), changes(*signal)))
        .collect()
}

/// Picoseconds for which a signal of one bit is 1.
fn high(changes: &[(u64, String)]) -> u64 {
    let pairs = changes.windows(2).filter(|pair| pair[0].1 == "1");
    pairs.map(|pair| pair[1].0 - pair[0].0).sum()
}

fn written(plan: &Plan, extension: &str, window: &str) -> (Signals, Ticks) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("run.{extension}"));
    let mut options = whole(file.clone());
    options.window = window.parse().unwrap();
    let measured = run_traced(plan, Engine::Wheel, &options);
    (signals(&file), measured.machine.time(Action::MacLane))
}

#[test]
fn lanes_are_busy_for_as_long_as_the_run_says() {
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (signals, busy) = written(&plan, "vcd", "..");
    let lanes = signals
        .iter()
        .filter(|(name, _)| name.contains("mac[") && name.ends_with(".busy"));
    let high: u64 = lanes.map(|(_, changes)| high(changes)).sum();
    let expected = plan.timebase.nanoseconds(busy) * 1e3;
    // Each change is rounded to a picosecond.
    let changes: usize = signals.values().map(Vec::len).sum();
    assert!(
        (high as f64 - expected).abs() <= changes as f64,
        "{high} ps of {expected}"
    );
}

#[test]
fn both_forms_of_waveforms_hold_the_same() {
    for name in ["tiny-trace", "flexibert-mixed"] {
        let plan = plan(&shipped_small(name));
        let (dump, packed) = (written(&plan, "vcd", "..").0, written(&plan, "fst", "..").0);
        assert!(dump.keys().eq(packed.keys()));
        for (signal, changes) in dump {
            assert!(changes == packed[&signal], "{name}: {signal}");
        }
    }
}

#[test]
fn a_window_begins_with_what_signals_are() {
    let plan = plan(&shipped_small("tiny-trace"));
    let (all, _) = written(&plan, "vcd", "..");
    let (part, _) = written(&plan, "vcd", "1us..2us");
    for (name, changes) in &part {
        let first = &changes[0];
        assert_eq!(first.0, 1_000_000, "{name}");
        let before = all[name].iter().take_while(|(time, _)| *time <= 1_000_000).last();
        assert_eq!(first.1, before.unwrap().1, "{name}");
        assert!(changes.iter().all(|(time, _)| *time <= 2_000_000), "{name}");
    }
}
