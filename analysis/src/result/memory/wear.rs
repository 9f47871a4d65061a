//! Wear and lifetime of resistive cells.

use components::memory::Wear;
use serde::{Deserialize, Serialize};

/// Wear of a resistive memory over a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WearResult {
    /// Block writes to the most-written bank.
    pub most_bank_writes: u64,
    /// Block writes to all banks.
    pub bank_writes: u64,
    /// Blocks per bank.
    pub blocks_per_bank: u64,
    /// Writes that a cell survives, if the technology states it.
    pub endurance: Option<u64>,
    /// Years until the most-written bank is worn out, if writes continue at the rate of this run and wear levelling
    /// within the bank is ideal, so that each block gets an equal share. `None` if the endurance is not known or
    /// nothing was written.
    pub lifetime_years: Option<f64>,
}

/// The Julian year of astronomers: 365.25 days.
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

impl WearResult {
    /// The wear of a run of `seconds`.
    pub(super) fn of(wear: &Wear, seconds: f64) -> Self {
        let Wear {
            most_bank_writes,
            bank_writes,
            blocks_per_bank,
            endurance,
        } = *wear;
        let writes_per_second_and_block = most_bank_writes as f64 / seconds / blocks_per_bank as f64;
        let lifetime = endurance.map(|writes| writes as f64 / writes_per_second_and_block / SECONDS_PER_YEAR);
        Self {
            most_bank_writes,
            bank_writes,
            blocks_per_bank,
            endurance,
            lifetime_years: lifetime.filter(|years| years.is_finite()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_lives_as_long_as_its_blocks_share_the_writes() {
        let mut wear = Wear {
            most_bank_writes: 1000,
            bank_writes: 3000,
            blocks_per_bank: 100,
            endurance: Some(1_000_000),
        };
        // Ten writes per block and second last a hundred thousand seconds.
        let years = WearResult::of(&wear, 1.0).lifetime_years.unwrap();
        assert!((years * SECONDS_PER_YEAR / 1e5 - 1.0).abs() < 1e-12, "{years}");
        wear.most_bank_writes = 0;
        assert_eq!(WearResult::of(&wear, 1.0).lifetime_years, None);
        assert_eq!(WearResult::of(&wear, 0.0).lifetime_years, None);
        wear = Wear {
            most_bank_writes: 1,
            endurance: None,
            ..wear
        };
        assert_eq!(WearResult::of(&wear, 1.0).lifetime_years, None);
    }
}
