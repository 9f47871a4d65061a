//! The rows that main memory has open, and how long it takes to open others.

use components::memory::{AddressMap, MemoryPlan};
use components::units::BLOCK;

/// No row.
const CLOSED: u32 = u32::MAX;

/// The open rows of all banks. The activates of a rank keep a distance (tRRD, and tFAW for four of them), so a transfer of a few
/// blocks in each of many banks takes as long as their rows take to open.
#[derive(Clone, Debug)]
pub(super) struct OpenRows {
    map: AddressMap,
    /// By channel, rank and bank.
    rows: Vec<u32>,
    /// Ranks per channel, bank groups per rank, banks per group.
    organisation: [u32; 3],
    /// Activates of each rank for the present transfer.
    activates: Vec<u32>,
    /// Cycles of the accelerator from one activate of a rank to the next, if there are many.
    distance: f64,
}

impl OpenRows {
    /// All banks closed. A cycle of the memory has `ratio` cycles of the accelerator.
    pub(super) fn of(memory: &MemoryPlan, ratio: f64) -> Self {
        let organisation = &memory.description().organisation;
        let rules = memory.constraints();
        let of_window = rules.four_activate_window as f64 / 4.0;
        let ranks = organisation.channels * organisation.ranks;
        Self {
            map: memory.address_map(),
            rows: vec![CLOSED; (ranks * organisation.banks_per_rank()) as usize],
            organisation: [
                organisation.ranks,
                organisation.bank_groups,
                organisation.banks_per_group,
            ],
            activates: vec![0; ranks as usize],
            distance: of_window.max(rules.activate_to_activate_same_rank as f64) * ratio,
        }
    }

    /// Opens the rows of so many `blocks` from number `first` on: cycles from the first activate of a rank to its last one, of the
    /// rank that has most to open. Further rows of a long stream are part of its pace.
    pub(super) fn open(&mut self, first: u64, blocks: u64) -> f64 {
        let banks = self.rows.len() as u64;
        let begins = blocks.min(banks);
        (first..first + begins).for_each(|block| self.activate(block));
        let most = self.activates.iter().copied().max().unwrap_or(0);
        let ends = (blocks - begins).min(banks);
        (first + blocks - ends..first + blocks).for_each(|block| self.activate(block));
        self.activates.fill(0);
        f64::from(most.saturating_sub(1)) * self.distance
    }

    fn activate(&mut self, block: u64) {
        let place = self.map.locate(block * BLOCK.0);
        let [ranks, groups, banks] = self.organisation;
        let rank = place.channel * ranks + place.rank;
        let bank = (rank * groups + place.bank_group) * banks + place.bank;
        let open = &mut self.rows[bank as usize];
        if *open != place.row {
            *open = place.row;
            self.activates[rank as usize] += 1;
        }
    }
}
