//! What actors measure about themselves: latencies, busy time, quantities over time.

use hdrhistogram::Histogram;

use crate::{Tick, Ticks};

/// A distribution of latencies in ticks, exact to three significant digits.
#[derive(Clone, Debug)]
pub struct Latencies {
    histogram: Histogram<u64>,
    total: u128,
}

impl Default for Latencies {
    fn default() -> Self {
        Self::new()
    }
}

impl Latencies {
    /// An empty distribution.
    #[must_use]
    pub fn new() -> Self {
        // Three significant digits are within what the histogram accepts (0 to 5).
        let histogram = Histogram::new(3).expect("three significant digits are valid");
        Self { histogram, total: 0 }
    }

    /// Adds one latency.
    #[inline]
    pub fn record(&mut self, latency: Ticks) {
        // It resizes automatically, and its buckets reach to the end of 64 bits.
        self.histogram
            .record(latency.0)
            .expect("an auto-resizing histogram takes any value");
        self.total += u128::from(latency.0);
    }

    /// Number of recorded latencies.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// The exact mean, in ticks; 0 when nothing was recorded.
    #[must_use]
    pub fn mean(&self) -> f64 {
        if self.count() == 0 {
            0.0
        } else {
            self.total as f64 / self.count() as f64
        }
    }

    /// The latency that a share of `quantile` (0 to 1) of all latencies does not exceed.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Ticks {
        Ticks(self.histogram.value_at_quantile(quantile))
    }

    /// The longest latency, to the histogram's precision.
    #[must_use]
    pub fn max(&self) -> Ticks {
        Ticks(self.histogram.max())
    }

    /// Adds everything that `other` recorded.
    pub fn merge(&mut self, other: &Self) {
        // Both resize automatically, so no recorded value can be out of range.
        self.histogram
            .add(&other.histogram)
            .expect("auto-resizing histograms take any value");
        self.total += other.total;
    }

    /// The underlying histogram, for serialisation.
    #[must_use]
    pub fn histogram(&self) -> &Histogram<u64> {
        &self.histogram
    }
}

/// How long a resource was in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusyTime {
    total: Ticks,
}

impl BusyTime {
    /// Adds a span of use.
    #[inline]
    pub fn add(&mut self, span: Ticks) {
        self.total += span;
    }

    /// The total time in use.
    #[must_use]
    pub fn total(&self) -> Ticks {
        self.total
    }

    /// The share of `elapsed` in use; 0 for an empty run.
    #[must_use]
    pub fn share_of(&self, elapsed: Ticks) -> f64 {
        if elapsed.0 == 0 {
            0.0
        } else {
            self.total.0 as f64 / elapsed.0 as f64
        }
    }
}

/// A quantity that changes over time, with its time-weighted mean and its peak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauge {
    value: u64,
    peak: u64,
    since: Tick,
    integral: u128,
}

impl Gauge {
    /// Sets the value from `now` on.
    pub fn set(&mut self, now: Tick, value: u64) {
        self.integral += u128::from(self.value) * u128::from(now.since(self.since).0);
        self.since = now;
        self.value = value;
        self.peak = self.peak.max(value);
    }

    /// The current value.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value
    }

    /// The largest value ever set.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// The mean over the time from `start` to `now`, if the value was 0 before `start`.
    #[must_use]
    pub fn mean_since(&self, start: Tick, now: Tick) -> f64 {
        let span = now.since(start).0;
        if span == 0 {
            self.value as f64
        } else {
            self.mean(now) * now.0 as f64 / span as f64
        }
    }

    /// The mean over the time from 0 to `now`.
    #[must_use]
    pub fn mean(&self, now: Tick) -> f64 {
        let integral = self.integral + u128::from(self.value) * u128::from(now.since(self.since).0);
        if now.0 == 0 {
            self.value as f64
        } else {
            integral as f64 / now.0 as f64
        }
    }
}
