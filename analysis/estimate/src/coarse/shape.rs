//! How the blocks and rows of a stream lie in main memory.

use std::collections::BTreeSet;

use components::memory::{Access, Location, MemoryPlan};
use components::units::BLOCK;
use sim_core::random;

use super::stream::{Pace, pace};

/// A stream spread over channels, of which one is walked.
pub(super) struct Stream<'a> {
    memory: &'a MemoryPlan,
    /// Channels that work on it side by side.
    pub(super) channels: f64,
    /// Requests per channel that may be in flight.
    pub(super) window: usize,
    /// Places for writes per channel.
    pub(super) places: usize,
    /// Places for reads per channel, including those of its banks.
    pub(super) all_places: usize,
}

impl<'a> Stream<'a> {
    pub(super) fn of(memory: &'a MemoryPlan, window: usize) -> Self {
        let map = memory.address_map();
        let organisation = &memory.description().organisation;
        let mut seen = vec![false; organisation.channels as usize];
        (0..window as u64).for_each(|block| seen[map.channel_of(block * BLOCK.0)] = true);
        let channels = seen.into_iter().filter(|&seen| seen).count().max(1);
        // The banks of a channel that the stream keeps busy at once; the queues of the other banks stay empty.
        let blocks = (0..window as u64).map(|block| map.locate(block * BLOCK.0));
        let banks: BTreeSet<_> = blocks
            .filter(|place| place.channel == 0)
            .map(|place| (place.rank, place.bank_group, place.bank))
            .collect();
        let (reads, writes, of_banks) = places(memory, banks.len().max(1));
        Self {
            memory,
            channels: channels as f64,
            window: (window / channels).clamp(1, reads + of_banks),
            places: writes,
            all_places: reads + of_banks,
        }
    }

    pub(super) fn pace(&self, access: Access, addresses: &mut dyn Iterator<Item = u64>) -> Pace {
        let map = self.memory.address_map();
        let mut places = addresses
            .map(|address| map.locate(address))
            .filter(|place: &Location| place.channel == 0);
        let window = match access {
            Access::Read => self.window,
            Access::Write => self.places,
        };
        pace(self.memory, &mut places, window, access)
    }
}

/// Places of a channel for reads, for writes, and in the queues of its banks.
fn places(memory: &MemoryPlan, banks: usize) -> (usize, usize, usize) {
    use components::memory::description::{CommandQueues, TransactionQueues};
    let controller = &memory.description().controller;
    let (reads, writes) = match controller.transaction_queues {
        TransactionQueues::Split { reads, writes } => (reads, writes),
        TransactionQueues::Unified { depth } => (depth, depth),
    };
    let of_banks = match controller.command_queues {
        CommandQueues::PerBank { depth } => depth as usize * banks,
        CommandQueues::Unified { depth } => depth as usize,
    };
    (reads as usize, writes as usize, of_banks)
}

/// Most rows of a table.
pub(super) const MOST_ROWS: u64 = 1 << 15;

/// Addresses of the blocks of a table's rows, read in no particular order.
pub(super) fn rows(capacity: u64, row_bytes: u64, most: u64) -> impl Iterator<Item = u64> + Clone {
    let table = (capacity / 2 / row_bytes.max(1)).clamp(1, most.clamp(1, MOST_ROWS));
    (0..).flat_map(move |token| {
        let start = random::draw(1, token) % table * row_bytes;
        let (first, end) = (start / BLOCK.0, (start + row_bytes).div_ceil(BLOCK.0));
        (first..end.max(first + 1)).map(|block| block * BLOCK.0)
    })
}
