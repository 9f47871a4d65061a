//! From the transaction queues to the banks' queues: which request moves, and when writes are drained.

use sim_core::Context;

use super::{Access, Channel};
use crate::MemoryHost;
use crate::description::{Scheduling, WriteDrain};

/// Drains of a full queue in a row, while reads wait, after which as many reads move as the queue has places for writes
/// (`FullOrIdle`). DRAMsim3 knows no bound: there, writes that never end stop all reads.
const DRAINS_IN_A_ROW: u32 = 16;

/// Whether a drain can continue.
enum Movable {
    /// With the write at this place.
    At(usize),
    /// Not before a read of the same block has been served.
    AwaitsRead,
    /// Not before a bank's queue has room.
    None,
}

impl Channel {
    /// Moves requests to the queues of their banks.
    #[inline]
    pub(super) fn move_transactions<M: MemoryHost>(&mut self, context: &mut Context<'_, M>) {
        let mut moved = 0;
        while self.move_one(context) {
            moved += 1;
            if moved == self.moves_per_cycle {
                break;
            }
        }
    }

    fn move_one<M: MemoryHost>(&mut self, context: &mut Context<'_, M>) -> bool {
        if self.drains_writes() {
            self.start_drain();
            match self.first_movable_write() {
                Movable::At(place) => {
                    if self.draining == 1 {
                        self.end_drain();
                    }
                    self.draining = self.draining.saturating_sub(1);
                    let waiting = self.writes.remove(place);
                    self.enter_bank(waiting.slot, context);
                    return true;
                }
                Movable::AwaitsRead => self.draining = 0,
                Movable::None => {}
            }
            // DRAMsim3 waits for the read here, for ever if that still waits in the transaction queue.
            let only_reads_help =
                self.busy_banks == 0 || matches!(self.write_drain, WriteDrain::Watermarks { .. });
            if !(only_reads_help && self.writes.banks() & self.room != 0) {
                return false;
            }
        }
        let by_class = matches!(self.scheduling, Scheduling::Priority(_));
        let Some(place) = self.reads.first_movable(self.room, by_class, |_| true) else {
            return false;
        };
        self.reads_owed = self.reads_owed.saturating_sub(1);
        self.drains_in_a_row = 0;
        let waiting = self.reads.remove(place);
        self.enter_bank(waiting.slot, context);
        true
    }

    /// Whether the next request to move is a write.
    #[inline]
    fn drains_writes(&self) -> bool {
        if self.unified || self.writes.is_empty() {
            return false;
        }
        match self.write_drain {
            WriteDrain::FullOrIdle { threshold } => {
                let reads_first = self.reads_owed > 0 && !self.reads.is_empty();
                self.draining > 0
                    || !reads_first
                        && (self.writes.is_full()
                            || (self.writes.len() > threshold as usize && self.busy_banks == 0))
            }
            WriteDrain::Watermarks { high, .. } => {
                let no_read_waits = self.reads.is_empty() && self.queued_reads == 0;
                self.draining > 0
                    || no_read_waits
                    || (self.writes.len() >= high as usize && self.reads_owed == 0)
            }
        }
    }

    /// Fixes how many writes a drain that begins now will move.
    #[inline]
    fn start_drain(&mut self) {
        if self.draining > 0 {
            return;
        }
        self.draining = match self.write_drain {
            WriteDrain::FullOrIdle { .. } => self.writes.len(),
            WriteDrain::Watermarks { high, low } if self.writes.len() >= high as usize => {
                self.reads_owed = self.writes.len() - low as usize;
                self.reads_owed
            }
            WriteDrain::Watermarks { .. } => 0,
        };
    }

    /// Counts a drain that has moved its last write.
    #[inline]
    fn end_drain(&mut self) {
        if !matches!(self.write_drain, WriteDrain::FullOrIdle { .. }) || self.reads.is_empty() {
            return;
        }
        self.drains_in_a_row += 1;
        if self.drains_in_a_row == DRAINS_IN_A_ROW {
            self.drains_in_a_row = 0;
            self.reads_owed = self.writes.places();
        }
    }

    fn first_movable_write(&self) -> Movable {
        let by_class = matches!(self.scheduling, Scheduling::Priority(_));
        let awaits_read = |slot: u32| self.pending_reads.contains(self.transactions.get(slot).block);
        if matches!(self.write_drain, WriteDrain::FullOrIdle { .. }) {
            // The first with room decides, as in DRAMsim3.
            return match self.writes.first_movable(self.room, by_class, |_| true) {
                Some(place) if awaits_read(self.writes.get(place).slot) => Movable::AwaitsRead,
                Some(place) => Movable::At(place),
                None => Movable::None,
            };
        }
        match self
            .writes
            .first_movable(self.room, by_class, |waiting| !awaits_read(waiting.slot))
        {
            Some(place) => Movable::At(place),
            None => Movable::None,
        }
    }

    /// Whether some request may move in the next cycle.
    #[inline]
    pub(super) fn can_move(&self) -> bool {
        if self.drains_writes() && self.writes.banks() & self.room != 0 {
            return true;
        }
        let waits = matches!(self.write_drain, WriteDrain::FullOrIdle { .. }) && self.drains_writes();
        !waits && self.reads.banks() & self.room != 0
    }

    #[inline]
    fn enter_bank<M: MemoryHost>(&mut self, slot: u32, context: &mut Context<'_, M>) {
        let transaction = *self.transactions.get(slot);
        let bank = usize::from(transaction.bank);
        let open_row = self.board.banks[bank].open_row;
        self.queues[bank].push(slot, &transaction, open_row);
        self.busy_banks |= 1 << bank;
        self.update_wants(bank);
        if transaction.access == Access::Read {
            self.queued_reads += 1;
        }
        match &mut self.shared_places {
            Some(left) => {
                *left -= 1;
                if *left == 0 {
                    self.room = 0;
                }
            }
            None if self.queues[bank].len() >= self.bank_places => self.room &= !(1 << bank),
            None => {}
        }
        self.trace_queue(transaction.access, context);
        self.give_credit(&transaction, context);
    }
}
