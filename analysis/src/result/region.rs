//! Where the users of main memory have their parts of it.

use scenarios::system::Plan;
use serde::{Deserialize, Serialize};

/// A part of main memory. Where it begins decides whom its owner meets in a bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionResult {
    /// Whose it is: `accelerator`, or the name of a tenant or of a source of background traffic.
    pub name: String,
    /// Its first byte.
    pub start: u64,
    /// Its size in bytes.
    pub bytes: u64,
    /// The channel of its first byte; an ideal memory has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u32>,
    /// The rank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// The bank group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_group: Option<u32>,
    /// The bank in its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank: Option<u32>,
}

impl RegionResult {
    /// All parts, if somebody shares main memory with the scenario's own machine.
    #[must_use]
    pub fn all(plan: &Plan) -> Vec<Self> {
        if !plan.has_contention() {
            return Vec::new();
        }
        let regions = plan.memory_regions().map(|region| Self {
            name: region.owner,
            start: region.start,
            bytes: region.bytes,
            channel: region.location.map(|place| place.channel),
            rank: region.location.map(|place| place.rank),
            bank_group: region.location.map(|place| place.bank_group),
            bank: region.location.map(|place| place.bank),
        });
        regions.collect()
    }
}
