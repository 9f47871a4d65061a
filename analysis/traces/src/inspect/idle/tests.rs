//! Gaps of random lanes, explained by a few stalls at a time, against all stalls at once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const CAUSES: [&str; 4] = ["memory", "softmax", "dependence", "drain"];

/// An entry, and when it is recorded.
type Recorded = (u64, Entry<'static>);

fn entry(record: Form, kind: &'static str, track: String, start: u64, end: u64) -> Entry<'static> {
    Entry {
        record,
        track: Cow::Owned(track),
        kind: Cow::Borrowed(kind),
        detail: None,
        start_tick: start,
        end_tick: end,
        start_ns: 0.0,
        duration_ns: 0.0,
        operation: None,
        role: None,
        layer: None,
        head: None,
        tile: None,
        transfer: None,
        bytes: None,
        bank: None,
        row: None,
        column: None,
        value: None,
    }
}

/// Stalls one after another, each recorded at its end.
fn stalls(numbers: &[(u64, u64, usize)]) -> Vec<Recorded> {
    let mut at = 0;
    let stall = |&(pause, length, cause): &(u64, u64, usize)| {
        let start = at + pause;
        at = start + length;
        let span = entry(Form::Span, "stall", "control_block".to_owned(), start, at);
        let span = Entry {
            detail: Some(Cow::Borrowed(CAUSES[cause])),
            operation: Some(at as u32 / 3),
            ..span
        };
        (at, span)
    };
    numbers.iter().map(stall).collect()
}

/// Runs of a lane: how long it waits for each, and its tiles' operands and lengths. Tiles are recorded when their operands
/// are there, which may be before the one before is finished.
fn lane(place: usize, runs: &[(u64, Vec<(u64, u64)>)]) -> Vec<Recorded> {
    let track = format!("pe[0].mac[{place}]");
    let (mut now, mut free_at) = (0, 0);
    let mut recorded = Vec::new();
    for (wait, tiles) in runs {
        now += wait;
        recorded.push((now, entry(Form::Instant, "run_started", track.clone(), now, now)));
        for (operands, length) in tiles {
            now += operands;
            let start = now.max(free_at);
            free_at = start + length;
            recorded.push((now, entry(Form::Span, "mac_tile", track.clone(), start, free_at)));
        }
    }
    recorded
}

/// A gap: its length negated, its start, its lane, and the causes of which none has a larger part.
type Found = (i64, u64, String, Vec<String>);

/// Where the gaps of all lanes are, and when the run came that ended each.
fn pauses(all: &[Recorded], end: u64) -> Vec<(&str, u64, u64, u64)> {
    let mut lanes: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut pauses = Vec::new();
    let of_lanes = all.iter().map(|(_, entry)| entry);
    for entry in of_lanes.filter(|entry| entry.kind != "stall") {
        let (free_at, run) = lanes.entry(&entry.track).or_default();
        if entry.kind == "run_started" {
            *run = entry.start_tick;
        } else {
            pauses.push((&*entry.track, *free_at, entry.start_tick, *run));
            *free_at = entry.end_tick;
        }
    }
    let last = lanes.into_iter().map(|(lane, (free_at, run))| {
        let handed = if run > free_at { run } else { end };
        (lane, free_at, end, handed)
    });
    pauses.extend(last);
    pauses.retain(|(_, start, end, _)| start < end);
    pauses
}

/// Idle ticks by cause, and the gaps, from all stalls at once.
fn expected(all: &[Recorded], end: u64) -> (BTreeMap<String, u64>, Vec<Found>) {
    let stalls: Vec<_> = all.iter().filter(|(_, entry)| entry.kind == "stall").collect();
    let (mut totals, mut gaps) = (BTreeMap::new(), Vec::new());
    for (lane, start, end, run) in pauses(all, end) {
        let handed = run.clamp(start, end);
        let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, stall) in &stalls {
            let ticks = stall
                .end_tick
                .min(handed)
                .saturating_sub(stall.start_tick.max(start));
            *parts.entry(stall.detail.as_deref().unwrap()).or_default() += ticks;
        }
        let stalled: u64 = parts.values().sum();
        parts.insert("pipeline", end - handed);
        parts.insert("issue", handed - start - stalled);
        let most = parts.values().copied().max();
        let causes = parts.iter().filter(|(_, ticks)| Some(**ticks) == most);
        let causes = causes.map(|(&cause, _)| cause.to_owned()).collect();
        gaps.push((start as i64 - end as i64, start, lane.to_owned(), causes));
        for (cause, ticks) in parts {
            *totals.entry(cause.to_owned()).or_default() += ticks;
        }
    }
    totals.retain(|_, ticks| *ticks > 0);
    gaps.sort();
    (totals, gaps)
}

fn header() -> Header {
    Header {
        version: 1,
        scenario: String::new(),
        seed: 0,
        ticks_per_second: 1_000_000_000,
        ticks_per_cycle: 1,
        ticks_per_memory_cycle: 1,
        only: Vec::new(),
        from_tick: 0,
        to_tick: None,
        sample: 1,
        tracks: BTreeMap::new(),
    }
}

proptest! {
    #[test]
    fn a_few_stalls_at_a_time_explain_as_much_as_all(
        numbers in prop::collection::vec((0_u64..12, 1_u64..20, 0..CAUSES.len()), 0..40),
        runs in prop::collection::vec(
            prop::collection::vec((0_u64..60, prop::collection::vec((0_u64..9, 1_u64..9), 1..4)), 0..12),
            1..5,
        ),
        held in 1_usize..9,
    ) {
        let mut all = stalls(&numbers);
        for (place, runs) in runs.iter().enumerate() {
            all.extend(lane(place, runs));
        }
        all.sort_by_key(|(at, _)| *at);
        let window = Window { from: 0, to: u64::MAX };
        let mut collector = Collector::new(window, usize::MAX);
        collector.stalls = Stalls::new(&["pipeline", "issue", "buffer_bandwidth"], held);
        for (_, entry) in &all {
            collector.add_reason(entry);
            collector.add(entry);
        }
        let end = all.iter().map(|(_, entry)| entry.end_tick).max().unwrap_or(0);
        let found = collector.finish(Window { from: 0, to: end }, &header());
        let (totals, gaps) = expected(&all, end);
        let Some(found) = found else {
            prop_assert!(gaps.is_empty());
            return Ok(());
        };
        let causes = found.causes.iter().map(|cause| (cause.cause.clone(), cause.cycles as u64));
        prop_assert_eq!(causes.collect::<BTreeMap<_, _>>(), totals);
        let found = found.gaps.into_iter();
        let mut found: Vec<Found> = found
            .map(|gap| (-(gap.cycles as i64), gap.from_cycle as u64, gap.track, vec![gap.cause]))
            .collect();
        prop_assert!(found.is_sorted_by_key(|gap| (gap.0, gap.1)));
        found.sort();
        prop_assert_eq!(found.len(), gaps.len());
        for (found, expected) in found.into_iter().zip(gaps) {
            prop_assert_eq!((found.0, found.1, &found.2), (expected.0, expected.1, &expected.2));
            prop_assert!(expected.3.contains(&found.3[0]), "{:?} of {:?}", found, expected);
        }
    }
}
