//! The requests that wait for one bank.

use super::scoreboard::CLOSED;
use super::transaction::{NONE, Transaction};
use crate::Access;

/// A request in a bank's queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) slot: u32,
    pub(super) row: u32,
    column: u32,
    pub(super) access: Access,
    pub(super) class: u8,
    /// Orders requests of different banks by age.
    pub(super) age: u64,
}

/// One bank's queue, the oldest request first; under strict priority ordered by class before age.
#[derive(Clone, Debug, Default)]
pub(super) struct BankQueue {
    entries: Vec<Entry>,
    /// Queued reads and writes to the open row.
    pub(super) read_hits: u16,
    pub(super) write_hits: u16,
}

impl BankQueue {
    pub(super) fn with_places(places: u32) -> Self {
        Self {
            entries: Vec::with_capacity(places as usize),
            ..Self::default()
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[inline]
    pub(super) fn get(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    #[inline]
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    #[inline]
    pub(super) fn has_hits(&self) -> bool {
        self.read_hits != 0 || self.write_hits != 0
    }

    #[inline]
    pub(super) fn push(&mut self, slot: u32, transaction: &Transaction, open_row: u32) {
        debug_assert!(slot != NONE, "a transaction was taken in");
        let entry = Entry {
            slot,
            row: transaction.row,
            column: transaction.column,
            access: transaction.access,
            class: transaction.class,
            age: transaction.added << 8 | u64::from(transaction.requestor.0),
        };
        let mut place = self.entries.len();
        while place > 0 && self.entries[place - 1].class > entry.class {
            place -= 1;
        }
        self.entries.insert(place, entry);
        if entry.row == open_row {
            self.count_hit(entry.access, 1);
        }
    }

    /// Takes out the request at `place`, which hits the open row.
    #[inline]
    pub(super) fn remove_hit(&mut self, place: usize) -> Entry {
        let entry = self.entries.remove(place);
        match entry.access {
            Access::Read => self.read_hits -= 1,
            Access::Write => self.write_hits -= 1,
        }
        entry
    }

    #[inline]
    fn count_hit(&mut self, access: Access, by: u16) {
        match access {
            Access::Read => self.read_hits += by,
            Access::Write => self.write_hits += by,
        }
    }

    /// Counts the hits anew after another row was opened, or the bank closed.
    pub(super) fn row_changed(&mut self, open_row: u32) {
        (self.read_hits, self.write_hits) = (0, 0);
        if open_row == CLOSED {
            return;
        }
        for place in 0..self.entries.len() {
            if self.entries[place].row == open_row {
                self.count_hit(self.entries[place].access, 1);
            }
        }
    }

    /// Whether an earlier read of the same block forbids the write at `place` to go.
    pub(super) fn write_follows_read(&self, place: usize) -> bool {
        let write = &self.entries[place];
        self.entries[..place].iter().any(|earlier| {
            earlier.access == Access::Read && earlier.row == write.row && earlier.column == write.column
        })
    }
}
