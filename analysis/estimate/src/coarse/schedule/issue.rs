//! Issuing: free units go to the oldest operations whose next rows have all they need.

use super::activations::SliceId;
use super::{Event, FRACTIONS, Schedule, Transfer, fractions};
use crate::coarse::cost::{Timing, Unit};

impl Schedule<'_> {
    /// Issues runs to free units.
    pub(super) fn issue(&mut self, class: usize) {
        while self.free[class].count() > 0 {
            let from = if self.in_turn { self.turn[class] } else { 0 };
            let ready = &self.issuable[class];
            let Some(&index) = ready.range(from..).next().or_else(|| ready.first()) else {
                return;
            };
            self.turn[class] = index + 1;
            self.issue_runs(class, index);
        }
    }

    /// The slices that the next piece of an operation reads and writes.
    pub(super) fn slices(&self, index: usize, piece: usize) -> Vec<SliceId> {
        let step = &self.steps.steps[index];
        let batch = step.pieces.slice_of(piece);
        let slice = |maker: usize| {
            let slices = self.steps.steps[maker].output_slices();
            (maker, batch.min(slices - 1))
        };
        let inputs = step.inputs.iter().map(|&(maker, _)| slice(maker));
        inputs.chain(step.output.map(|_| slice(index))).collect()
    }

    /// The oldest operation of the window that still needs a slice; past all operations if there is none. In
    /// inference, where spilled slices are nearly always read soon, all count as needed at the same time.
    fn next_use(&self, (maker, batch): SliceId) -> usize {
        if !self.steps.trains {
            return 0;
        }
        let step = &self.steps.steps[maker];
        let users = std::iter::once(maker).chain(step.readers.iter().copied());
        users
            .take_while(|&user| user < self.admitted)
            .find(|&user| {
                let missing = &self.progress[user].missing_of;
                !self.progress[user].finished && missing.get(batch).is_none_or(|&pieces| pieces > 0)
            })
            .unwrap_or(usize::MAX)
    }

    /// Takes room for the next piece of an operation, unless it has begun; if there is no room, the operation is blocked.
    pub(super) fn acquire(&mut self, index: usize) -> bool {
        let piece = self.progress[index].next;
        if self.progress[index].pinned == Some(piece) {
            return true;
        }
        let slices = self.slices(index, piece);
        let mut activations = std::mem::take(&mut self.activations);
        let acquired = activations.acquire(&slices, index == self.leader, &|slice| self.next_use(slice));
        self.activations = activations;
        for motion in std::mem::take(&mut self.activations.motions) {
            self.moving.push_back(Transfer::Slice(motion));
        }
        if acquired {
            self.activations.pin(&slices);
            self.progress[index].pinned = Some(piece);
        } else {
            self.blocked.insert(index);
        }
        acquired
    }

    pub(super) fn advance_leader(&mut self) {
        while self.leader < self.admitted
            && self.progress[self.leader].next >= self.pieces(self.leader).count()
        {
            self.leader += 1;
        }
    }

    /// Issues runs of an operation's next piece, as many as units are free.
    fn issue_runs(&mut self, class: usize, index: usize) {
        let steps = self.steps;
        let Some(cost) = &steps.steps[index].cost else {
            return;
        };
        if !self.acquire(index) {
            self.issuable[class].remove(&index);
            return;
        }
        let sharing = self.sharing(class);
        let left: u64 = self.progress[index].left.iter().sum();
        // Far more runs than units: each unit gets several at once.
        let rounds = (left / (2 * self.units[class])).max(1);
        let mut taken = self.free[class].count().min(left.div_ceil(rounds));
        let mut of_left = left;
        for (place, kind) in cost.kinds.iter().enumerate() {
            let of_kind = self.progress[index].left[place];
            // Kinds are mixed in program order: each gets its share of the units.
            let units = (u128::from(taken) * u128::from(of_kind)).div_ceil(u128::from(of_left.max(1))) as u64;
            (taken, of_left) = (taken - units, of_left - of_kind);
            let runs = (units * rounds).min(of_kind);
            if runs > 0 {
                self.hand_out(class, index, units, runs, &kind.timing, sharing);
                self.progress[index].left[place] -= runs;
            }
        }
        if self.progress[index].left.iter().all(|&left| left == 0) {
            self.all_issued(class, index);
        }
    }

    /// Issues `runs` runs to `units` units, several in a row per unit if there are more runs; units free longest come first.
    fn hand_out(&mut self, class: usize, index: usize, units: u64, runs: u64, timing: &Timing, sharing: f64) {
        let units = units.min(runs);
        let each = timing.occupancy(sharing);
        let rounds = runs as f64 / units as f64;
        let latency = each * (rounds.ceil() - 1.0) + timing.latency(sharing);
        let mut wanted = units;
        while wanted > 0 {
            let Some((count, ready)) = self.free[class].take(wanted) else {
                return;
            };
            wanted -= count;
            // A unit that reported itself free may still be at its last tile.
            let waits = ready.saturating_sub(self.now) as f64 / FRACTIONS;
            let end = waits + each * rounds;
            let ready = self.now + fractions(end);
            self.send(end - timing.early(sharing), Event::Free { class, count, ready });
            self.in_pes += count;
            self.send(waits + latency, Event::Left { count });
            let done = self.now as f64 / FRACTIONS + waits + latency;
            let progress = &mut self.progress[index];
            progress.done_at = progress.done_at.max(done);
        }
    }

    /// All runs of an operation's next piece have been issued.
    fn all_issued(&mut self, class: usize, index: usize) {
        let piece = self.progress[index].next;
        let wait = self.progress[index].done_at - self.now as f64 / FRACTIONS;
        self.progress[index].next += 1;
        self.progress[index].done_at = 0.0;
        self.advance_leader();
        self.send(wait, Event::Piece { step: index, piece });
        self.progress[index].left = self.runs_of(index, piece + 1);
        if !self.is_ready(index) {
            self.issuable[class].remove(&index);
        }
    }

    /// Units per PE that will work at once after this issue; they share its buses.
    fn sharing(&self, class: usize) -> f64 {
        let waiting = self.issuable[class].iter();
        let waiting: u64 = waiting
            .map(|&index| self.progress[index].left.iter().sum::<u64>())
            .sum();
        let free = self.free[class].count();
        let busy = self.units[class] - free + waiting.min(free);
        let pes = self.units[Unit::LayerNorm as usize];
        busy.div_ceil(pes).max(1) as f64
    }
}
