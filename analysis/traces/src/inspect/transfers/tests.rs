//! Transfers by hand: a tick is a nanosecond.

use std::borrow::Cow;

use super::*;

fn header() -> Header {
    Header {
        version: 0,
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

fn span(place: &str, kind: &'static str, transfer: u32, start: u64, end: u64) -> Entry<'static> {
    Entry {
        record: Form::Span,
        track: Cow::Owned(place.to_owned()),
        kind: Cow::Borrowed(kind),
        detail: Some(Cow::Borrowed("weights")),
        start_tick: start,
        end_tick: end,
        start_ns: 0.0,
        duration_ns: 0.0,
        operation: None,
        role: None,
        layer: None,
        head: None,
        tile: None,
        transfer: Some(transfer),
        bytes: Some(64),
        bank: None,
        row: None,
        column: None,
        value: None,
    }
}

#[test]
fn latency_is_from_the_order_on_and_the_queue_is_part_of_it() {
    let mut collector = Collector::default();
    for entry in [
        // Ordered at 10, first requested at 40, there at 100: 90 in all, 30 of them queued.
        span("dma[0]", "load_queued", 1, 10, 40),
        span("dma[0]", "load", 1, 40, 100),
        // Not queued: 50. What queued in the same place before was another transfer.
        span("dma[0]", "load", 2, 100, 150),
        // Queued in another place for 100, and moved in 60: 160.
        span("dma[1]", "load_queued", 3, 0, 100),
        span("dma[1]", "load", 3, 100, 160),
        // The other direction: 20 + 5.
        span("dma[1]", "store_queued", 4, 200, 220),
        span("dma[1]", "store", 4, 220, 225),
    ] {
        collector.add(&entry);
    }
    let found = collector.finish(&header());
    let found: Vec<_> = found
        .iter()
        .map(|class| {
            let (latency, queued) = (&class.latency_ns, &class.queued_ns);
            (
                class.direction.as_str(),
                (class.transfers, class.bytes),
                (latency.mean, latency.max),
                (queued.mean, queued.max),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            // (90 + 50 + 160) / 3 and (30 + 0 + 100) / 3.
            ("load", (3, 192), (100.0, 160.0), (130.0 / 3.0, 100.0)),
            ("store", (1, 64), (25.0, 25.0), (20.0, 20.0)),
        ]
    );
}
