//! What actors measure of themselves adds up.

use proptest::prelude::*;
use sim_core::statistics::{BusyTime, Gauge, Latencies};
use sim_core::{Tick, Ticks};

fn recorded(latencies: &[u64]) -> Latencies {
    let mut all = Latencies::new();
    for &latency in latencies {
        all.record(Ticks(latency));
    }
    all
}

proptest! {
    #[test]
    fn latencies_have_an_exact_mean_and_close_quantiles(mut latencies in prop::collection::vec(0..1u64 << 40, 1..200)) {
        let all = recorded(&latencies);
        latencies.sort_unstable();
        let count = latencies.len();
        let total: u128 = latencies.iter().map(|&latency| u128::from(latency)).sum();
        prop_assert_eq!(all.count(), count as u64);
        prop_assert_eq!(all.mean(), total as f64 / count as f64);
        let close = |value: Ticks, exact: u64| value.0.abs_diff(exact) <= exact / 1000 + 1;
        prop_assert!(close(all.max(), latencies[count - 1]));
        prop_assert!(close(all.quantile(0.5), latencies[count.div_ceil(2) - 1]));
        prop_assert!(close(all.quantile(0.0), latencies[0]));
    }

    #[test]
    fn merging_is_recording_all(
        first in prop::collection::vec(any::<u64>(), 0..50),
        second in prop::collection::vec(any::<u64>(), 0..50),
    ) {
        let mut merged = recorded(&first);
        merged.merge(&recorded(&second));
        let together = recorded(&[first, second].concat());
        prop_assert_eq!(merged.count(), together.count());
        prop_assert_eq!(merged.mean(), together.mean());
        prop_assert_eq!(merged.histogram(), together.histogram());
    }

    #[test]
    fn a_gauge_weighs_values_by_time(steps in prop::collection::vec((0..1000u64, 0..1000u64), 1..50)) {
        let mut gauge = Gauge::default();
        let (mut now, mut value, mut integral) = (0, 0, 0u128);
        for &(wait, next) in &steps {
            integral += u128::from(value * wait);
            now += wait;
            value = next;
            gauge.set(Tick(now), value);
        }
        integral += u128::from(value * 10);
        now += 10;
        prop_assert_eq!(gauge.value(), value);
        prop_assert_eq!(Some(gauge.peak()), steps.iter().map(|step| step.1).max());
        prop_assert_eq!(gauge.mean(Tick(now)), integral as f64 / now as f64);
        prop_assert!(gauge.mean(Tick(now)) <= gauge.peak() as f64);
    }

    #[test]
    fn busy_and_idle_make_the_whole(spans in prop::collection::vec(0..1000u64, 0..50), idle in 1..1000u64) {
        let mut busy = BusyTime::default();
        for &span in &spans {
            busy.add(Ticks(span));
        }
        let total: u64 = spans.iter().sum();
        let elapsed = Ticks(total + idle);
        prop_assert_eq!(busy.total(), Ticks(total));
        let idle_share = idle as f64 / elapsed.0 as f64;
        prop_assert!((busy.share_of(elapsed) + idle_share - 1.0).abs() < 1e-12);
    }
}

#[test]
fn nothing_measured_is_zero_not_undefined() {
    assert_eq!(Latencies::new().mean(), 0.0);
    assert_eq!(Latencies::new().quantile(0.99), Ticks::ZERO);
    assert_eq!(BusyTime::default().share_of(Ticks::ZERO), 0.0);
    assert_eq!(Gauge::default().mean(Tick::ZERO), 0.0);
}
