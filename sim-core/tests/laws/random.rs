//! Streams: repeatable, distinct, and unmoved by one another.

use proptest::prelude::*;
use rand_core::Rng;
use sim_core::random::{draw, draw_unit, stream};

proptest! {
    #[test]
    fn a_stream_repeats(seed in any::<u64>(), id in any::<u64>()) {
        let take = || {
            let mut stream = stream(seed, id);
            [(); 8].map(|()| stream.next_u64())
        };
        prop_assert_eq!(take(), take());
    }

    #[test]
    fn streams_differ_by_id_and_by_seed(seed in any::<u64>(), id in any::<u64>(), other in any::<u64>()) {
        prop_assume!(other != id && other != seed);
        let first = stream(seed, id).next_u64();
        prop_assert_ne!(first, stream(seed, other).next_u64());
        prop_assert_ne!(first, stream(other, id).next_u64());
    }

    #[test]
    fn unit_draws_are_in_the_unit_interval(seed in any::<u64>(), coordinate in any::<u64>()) {
        prop_assert!((0.0..1.0).contains(&draw_unit(seed, coordinate)));
        prop_assert_eq!(draw(seed, coordinate), draw(seed, coordinate));
    }
}

/// The Pearson correlation of two series, uniform in [0, 1).
fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let count = pairs.len() as f64;
    let variance = 1.0 / 12.0;
    let products = pairs.iter().map(|(x, y)| (x - 0.5) * (y - 0.5));
    products.sum::<f64>() / count / variance
}

#[test]
fn neighbouring_streams_do_not_correlate() {
    let unit = |word: u64| (word >> 11) as f64 / (1u64 << 53) as f64;
    for id in 0..50 {
        let (mut first, mut second) = (stream(42, id), stream(42, id + 1));
        let pairs: Vec<_> = (0..4000)
            .map(|_| (unit(first.next_u64()), unit(second.next_u64())))
            .collect();
        // Five standard deviations of the coefficient of independent series.
        assert!(correlation(&pairs).abs() < 5.0 / 4000f64.sqrt(), "streams {id}");
    }
}

#[test]
fn draws_fill_the_unit_interval_evenly() {
    let mut bins = [0u32; 16];
    for coordinate in 0..16_000 {
        bins[(draw_unit(7, coordinate) * 16.0) as usize] += 1;
    }
    // Each bin is binomial with mean 1000 and standard deviation 31.
    assert!(bins.iter().all(|count| count.abs_diff(1000) < 160), "{bins:?}");
}
