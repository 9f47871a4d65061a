//! Power adds up to the energies of the result; it and bandwidth are the same whatever else is recorded.

use std::collections::BTreeMap;

use analysis::over_time::{Timeline, TimelineSink};
use components::energy_part::EnergyPart;
use scenarios::system::{Measurements, Plan};
use sim_core::Engine;
use tests::traced::{entries, run_traced, whole};
use tests::{plan, shipped, shipped_small};
use traces::{Entry, TraceOptions};

use super::traced;

/// The integral over time of each counter of a machine's power, in nJ, by its name without the unit.
fn energies(plan: &Plan, entries: &[Entry<'static>], track: &str) -> BTreeMap<String, f64> {
    let mut counters: BTreeMap<String, Vec<(u64, u64)>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| entry.track == track) {
        let part = entry.kind.strip_suffix("_milliwatts").unwrap().to_owned();
        let value = (entry.start_tick, entry.value.unwrap());
        counters.entry(part).or_default().push(value);
    }
    let microsecond = plan.timebase.frequency().hertz() / 1e6;
    let integral = |(part, values): (String, Vec<(u64, u64)>)| {
        assert_eq!(values.last().unwrap().1, 0, "{part} never ends");
        let held = values.windows(2).map(|pair| {
            assert!(pair[0].0 < pair[1].0, "{part} has two values at once");
            pair[0].1 as f64 * (pair[1].0 - pair[0].0) as f64
        });
        let sum: f64 = held.sum();
        (part, sum / microsecond)
    };
    counters.into_iter().map(integral).collect()
}

/// Each part to the rounding of the last microsecond, which is half a nJ.
pub(super) fn integrates_to_the_energies_that_are_reported(
    plan: &Plan,
    measured: &Measurements,
    entries: &[Entry<'static>],
) {
    for (machine, (own, did)) in plan.machines().zip(measured.machines()).enumerate() {
        let track = match machine {
            0 => "power".to_owned(),
            _ => format!("{}.power", own.scenario.name),
        };
        let found = energies(plan, entries, &track);
        let charged = did.energy(own, plan.timebase);
        let main_memory = match machine {
            0 => measured.memory.energy.total().0 * 1e-3,
            _ => 0.0,
        };
        let name = &own.scenario.name;
        for (part, expected) in charged.by_part().iter() {
            if part == EnergyPart::MainMemory {
                continue;
            }
            let (part, expected) = (part.key(), expected.0);
            let error = (found[part] - expected).abs();
            assert!(
                error <= 0.6 + 1e-6 * expected,
                "{name}, {part}: {} of {expected}",
                found[part]
            );
        }
        // Standby of the last cycles, in which nothing is recorded, is not in it.
        let error = (found["main_memory"] - main_memory).abs();
        assert!(
            error <= 0.6 + 2e-3 * main_memory,
            "{name}, main memory: {} of {main_memory}",
            found["main_memory"]
        );
        let total = charged.total().0 + main_memory;
        let error = (found["total"] - total).abs();
        assert!(
            error <= 0.6 + 2e-3 * total,
            "{name}: {} of {total}",
            found["total"]
        );
    }
}

/// Energy up to each of some ticks, in nJ; between two of them it only grows.
type Cumulative = Vec<(u64, f64)>;

/// What the counters of the trace have summed up at the end of each microsecond.
fn of_trace(plan: &Plan, entries: &[Entry<'static>]) -> Cumulative {
    let microsecond = (plan.timebase.frequency().hertz() / 1e6).round() as u64;
    let total = |entry: &&Entry<'_>| entry.track == "power" && entry.kind == "total_milliwatts";
    let mut values = entries.iter().filter(total).peekable();
    let (mut sum, mut level, mut at) = (0.0, 0.0, 0);
    let mut cumulative = vec![(0, 0.0)];
    while let Some(next) = values.peek() {
        if next.start_tick == at {
            level = next.value.unwrap() as f64;
            values.next();
            continue;
        }
        // mW are nJ per microsecond.
        sum += level;
        at += microsecond;
        cumulative.push((at, sum));
    }
    cumulative
}

/// What the bins of the page have summed up at the end of each.
fn of_page(timeline: &Timeline) -> Cumulative {
    let mut sum = 0.0;
    let energies = timeline.energies().into_iter().enumerate();
    let bins = energies.map(|(bin, energy)| {
        assert!(energy > -1e-6, "bin {bin} takes {energy} nJ");
        sum += energy;
        (timeline.span_of(bin).1, sum)
    });
    std::iter::once((0, 0.0)).chain(bins).collect()
}

/// At each of its ticks `inner` lies between what `outer` is at its ticks before and after.
fn lies_between(inner: &Cumulative, outer: &Cumulative, what: &str) {
    for &(tick, energy) in inner {
        let after = outer.partition_point(|&(other, _)| other < tick);
        let low = outer[..outer.partition_point(|&(other, _)| other <= tick)].last();
        let (low, high) = (low.unwrap().1, outer.get(after).or(outer.last()).unwrap().1);
        // Readings are rounded to a mW, and what rounding keeps back is less than one over a microsecond.
        let rounding = 0.6 + 1e-9 * energy;
        assert!(
            (low - rounding..=high + rounding).contains(&energy),
            "{what} at tick {tick}: {energy} nJ, not from {low} to {high}"
        );
    }
}

/// Page and trace spend the same energy in each bin of the one and each microsecond of the other.
pub(super) fn is_that_of_the_page(plan: &Plan, entries: &[Entry<'static>]) {
    let mut sink = TimelineSink::new(plan);
    let system = plan.build(Engine::Wheel).unwrap();
    let _ = system.run_traced(plan, &mut sink).unwrap();
    let timeline = sink.timeline();
    let (page, trace) = (of_page(&timeline), of_trace(plan, entries));
    assert!(page.len() > 80, "{} bins", page.len());
    let name = &plan.machine.scenario.name;
    lies_between(&page, &trace, &format!("{name}, page"));
    lies_between(&trace, &page, &format!("{name}, trace"));
    let (page, trace) = (page.last().unwrap().1, trace.last().unwrap().1);
    assert!(
        (page - trace).abs() < 0.6 + 1e-9 * page,
        "{name}: {page} and {trace}"
    );
}

/// Power gating charges leakage with the activities.
#[test]
fn power_is_right_with_power_gating() {
    let plan = plan(&shipped("tiny-trace", |scenario| {
        scenario.accelerator.power_gating = true;
    }));
    let (measured, entries) = traced(&plan);
    integrates_to_the_energies_that_are_reported(&plan, &measured, &entries);
}

/// Power counts what is not recorded, too, and only if it is recorded itself.
#[test]
fn power_is_the_same_whatever_else_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (_, all) = traced(&plan);
    let (power, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|entry| entry.track == "power");
    let with = |change: &dyn Fn(&mut TraceOptions)| {
        let mut options = whole(folder.path().join("part.jsonl"));
        change(&mut options);
        let _ = run_traced(&plan, Engine::Wheel, &options);
        let entries = entries(&options.file).1;
        let (power, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.track == "power");
        (power, others)
    };
    let only = |patterns: &'static [&'static str]| {
        with(&|options| options.only = patterns.iter().map(|&pattern| pattern.to_owned()).collect())
    };
    assert!(power.len() > 100);
    assert!(only(&["power"]) == (power.clone(), Vec::new()));
    assert!(only(&["power", "dma"]).0 == power);
    assert!(with(&|options| options.sample = 50.try_into().unwrap()).0 == power);
    let without = only(&[
        "pe*",
        "control_block",
        "dma*",
        "buffer.*",
        "memory.*",
        "critical_path",
    ]);
    assert!(without.0.is_empty());
    assert!(without.1 == others);
    // A window has it only if it is named; then each counter is what it is in the whole.
    let window = |options: &mut TraceOptions| options.window = "2us..9us".parse().unwrap();
    assert!(with(&window).0.is_empty());
    let (part, _) = with(&|options| {
        window(options);
        options.only = vec!["power".to_owned()];
    });
    assert!(!part.is_empty());
    let value_at = |entries: &[Entry<'static>], kind: &str, tick: u64| {
        let held = entries
            .iter()
            .filter(|entry| entry.kind == kind && entry.start_tick <= tick);
        held.max_by_key(|entry| entry.start_tick).map(|entry| entry.value)
    };
    let microsecond = (plan.timebase.frequency().hertz() / 1e6) as u64;
    for entry in &part {
        assert!((2 * microsecond..9 * microsecond).contains(&entry.start_tick));
    }
    for kind in power.iter().map(|entry| &entry.kind) {
        for at in 2..9 {
            let tick = at * microsecond;
            assert_eq!(
                value_at(&part, kind, tick),
                value_at(&power, kind, tick),
                "{kind} at {at} us"
            );
        }
    }
}

/// Bandwidth counts the bursts that a sample leaves out, and all of a microsecond that a window cuts.
#[test]
fn bandwidth_is_the_same_whatever_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan(&shipped_small("flexibert-mixed"));
    let bandwidth = |change: &dyn Fn(&mut TraceOptions)| {
        let mut options = whole(folder.path().join("part.jsonl"));
        change(&mut options);
        let _ = run_traced(&plan, Engine::Wheel, &options);
        let mut entries = entries(&options.file).1;
        entries.retain(|entry| entry.kind == "bandwidth_bytes_per_second");
        entries
    };
    let all = bandwidth(&|_| {});
    assert!(all.len() > 50);
    assert!(bandwidth(&|options| options.sample = 37.try_into().unwrap()) == all);
    let part = bandwidth(&|options| options.window = "2500ns..9300ns".parse().unwrap());
    let microsecond = (plan.timebase.frequency().hertz() / 1e6) as u64;
    let value_at = |entries: &[Entry<'static>], tick: u64| {
        let held = entries.iter().rfind(|entry| entry.start_tick <= tick);
        held.and_then(|entry| entry.value)
    };
    for at in 2..10 {
        assert_eq!(
            value_at(&part, at * microsecond),
            value_at(&all, at * microsecond),
            "at {at} us"
        );
    }
}
