//! The performance of a pair, as the authors of the published figures count it (github.com/jha-lab/transcode, commit 2a05ddc).
//!
//! It counts per batch, so that small batches always win, and good designs hardly differ in it: their terms of time, energy and
//! area are all near their ends. It serves to repeat published figures.

use super::Metrics;

/// Clock of the published figures, in Hz.
const CLOCK_HZ: f64 = 7e8;
/// The largest area, in mm^2.
const AREA_MM2: f64 = 30_000.0;
/// The largest dynamic energy, in nJ a batch.
const DYNAMIC_NJ: f64 = 9e10;
/// The largest leakage energy, in nJ a batch.
const LEAKAGE_NJ: f64 = 2e10;
/// The most cycles a batch.
const CYCLES: f64 = 4e9;

/// What performance depends on, in the units of the published figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedRun {
    /// GLUE score, a share.
    pub glue: f64,
    /// Cycles of 700 MHz for a batch.
    pub cycles: f64,
    /// Dynamic energy, in nJ a batch.
    pub dynamic_nj: f64,
    /// Leakage energy, in nJ a batch.
    pub leakage_nj: f64,
    /// Area, in mm^2.
    pub area_mm2: f64,
}

impl PublishedRun {
    /// The run of `batch` sequences with these metrics; `None` if its accuracy is not known.
    #[must_use]
    pub fn of(metrics: &Metrics, batch: u32) -> Option<Self> {
        let batch = f64::from(batch);
        Some(Self {
            glue: metrics.accuracy? / 100.0,
            cycles: metrics.batch_latency_s * CLOCK_HZ,
            dynamic_nj: metrics.dynamic_j * batch * 1e9,
            leakage_nj: metrics.leakage_j * batch * 1e9,
            area_mm2: metrics.area_mm2,
        })
    }
}

/// Performance, at most 1: half of it accuracy, a fifth dynamic energy, a tenth each time, leakage energy and area, as shares of
/// the largest that occur. Larger is better.
#[must_use]
pub fn performance(run: &PublishedRun) -> f64 {
    0.5 * run.glue
        + 0.1 * (1.0 - run.cycles / CYCLES)
        + 0.2 * (1.0 - run.dynamic_nj / DYNAMIC_NJ)
        + 0.1 * (1.0 - run.leakage_nj / LEAKAGE_NJ)
        + 0.1 * (1.0 - run.area_mm2 / AREA_MM2)
}
