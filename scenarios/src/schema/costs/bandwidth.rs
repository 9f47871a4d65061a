//! The bandwidths that the published convention knows: one figure for each path.

use serde::{Deserialize, Serialize};

use super::check::positive;
use crate::schema::Checks;

/// A path between two stores, as the published convention sees it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedRate {
    /// Bandwidth, in GB/s of 10^9 bytes.
    pub gb_s: f64,
    /// What the published figures make of it, in bits per cycle: GB/s x 2^30 x bits of a word / clock, which takes gigabytes
    /// for words.
    pub bits_per_cycle: f64,
}

/// Bandwidths of the published convention. The simulator has none of them: its main memory is described by organisation and
/// timing, its buffers by ports.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedBandwidth {
    /// Main memory off the chip: DRAM.
    pub main_memory_low: PublishedRate,
    /// Main memory on the chip or beside it: RRAM and HBM.
    pub main_memory_high: PublishedRate,
    /// The activation buffer.
    pub activation_buffer: PublishedRate,
}

impl PublishedBandwidth {
    pub(super) fn check(&self, checks: &mut Checks) {
        for (field, rate) in [
            ("main_memory_low", self.main_memory_low),
            ("main_memory_high", self.main_memory_high),
            ("activation_buffer", self.activation_buffer),
        ] {
            checks.within(field, |checks| {
                checks.within("gb_s", |checks| positive(rate.gb_s, checks));
                checks.within("bits_per_cycle", |checks| positive(rate.bits_per_cycle, checks));
            });
        }
    }
}
