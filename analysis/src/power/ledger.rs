//! Energy of a machine, by part and microsecond.

use std::collections::VecDeque;

use components::energy_part::ByPart;
use components::units::NanoJoules;
use sim_core::Tick;

use super::{COUNTERS, POWER, Reading, counted};

/// The charges of a microsecond.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// Charged in it.
    charged: ByPart<NanoJoules>,
    /// By how much the charge per tick changes after it.
    change: ByPart<NanoJoules>,
}

/// The account of a machine. Slices are kept until no more charges can come for them.
pub(super) struct Ledger {
    track: u32,
    /// The time that is read: first tick and end.
    shown: (Tick, Tick),
    /// Ticks per slice, and how many microseconds that is.
    window: u64,
    microseconds: f64,
    /// The number of the first kept slice.
    first: u64,
    slices: VecDeque<Slice>,
    /// Charged per tick from the beginning of the first slice on.
    level: ByPart<NanoJoules>,
    /// The rounding remainder of each counter, in mW.
    kept_back: [f64; COUNTERS],
    last: [Option<u64>; COUNTERS],
}

impl Ledger {
    /// An account that reads out as `track`, in slices of `window` ticks or `microseconds`; only slices within `shown`
    /// are read.
    pub(super) fn new(track: u32, window: u64, microseconds: f64, shown: (Tick, Tick)) -> Self {
        Self {
            track,
            shown,
            window,
            microseconds,
            first: 0,
            slices: VecDeque::new(),
            level: ByPart::default(),
            kept_back: [0.0; COUNTERS],
            last: [None; COUNTERS],
        }
    }

    /// The slice at `tick`. A late charge goes to the first remaining slice, so that none is lost.
    fn slice(&mut self, tick: u64) -> (u64, &mut Slice) {
        let number = (tick / self.window).max(self.first);
        let place = (number - self.first) as usize;
        if place >= self.slices.len() {
            self.slices.resize(place + 1, Slice::default());
        }
        (number, &mut self.slices[place])
    }

    /// Charges `amount` times `price`, evenly from `start` to `end`.
    pub(super) fn charge(&mut self, start: u64, end: u64, price: &ByPart<NanoJoules>, amount: f64) {
        let whole = end.saturating_sub(start).max(1) as f64;
        let mut from = start;
        loop {
            let next = (from / self.window + 1) * self.window;
            let to = end.min(next).max(from);
            let share = if start >= end {
                1.0
            } else {
                (to - from) as f64 / whole
            };
            let (_, slice) = self.slice(from);
            for (part, charged) in slice.charged.iter_mut() {
                *charged += price[part] * (amount * share);
            }
            if to >= end {
                return;
            }
            from = to;
        }
    }

    /// From `tick` on, `factor` times `price` more is charged every tick.
    pub(super) fn change(&mut self, tick: u64, price: &ByPart<NanoJoules>, factor: f64) {
        let window = self.window;
        let (number, slice) = self.slice(tick);
        let left = ((number + 1) * window - tick) as f64;
        for (part, charged) in slice.charged.iter_mut() {
            *charged += price[part] * (factor * left);
            slice.change[part] += price[part] * factor;
        }
    }

    /// Emits all slices that end by `told`, before which no more charges can come.
    pub(super) fn close(&mut self, told: u64, emit: &mut dyn FnMut(Reading)) {
        while (self.first + 1) * self.window <= told {
            let slice = self.slices.pop_front().unwrap_or_default();
            let window = self.window as f64;
            let mut whole = [0.0; COUNTERS];
            for (counter, part) in counted().into_iter().enumerate() {
                whole[counter] = (slice.charged[part] + self.level[part] * window).0;
                whole[COUNTERS - 1] += whole[counter];
                self.level[part] += slice.change[part];
            }
            self.read(whole, emit);
            self.first += 1;
        }
    }

    /// Emits the counters of the first slice, in whole mW. The rounding remainder is added to the next slice, so that the sum
    /// over time is exact.
    fn read(&mut self, whole: [f64; COUNTERS], emit: &mut dyn FnMut(Reading)) {
        let at = Tick(self.first * self.window);
        for (counter, energy) in whole.into_iter().enumerate() {
            let milliwatts = energy / self.microseconds + self.kept_back[counter];
            let value = milliwatts.round().max(0.0);
            self.kept_back[counter] = milliwatts - value;
            self.emit(counter, at, value as u64, emit);
        }
    }

    fn emit(&mut self, counter: usize, at: Tick, value: u64, emit: &mut dyn FnMut(Reading)) {
        let shown = (self.shown.0..self.shown.1).contains(&at);
        if shown && self.last[counter] != Some(value) {
            self.last[counter] = Some(value);
            emit(Reading {
                actor: self.track,
                kind: POWER + counter as u16,
                at,
                value,
            });
        }
    }

    /// Emits the remaining slices of a run that ended at `end`. After it nothing is charged, and all counters are 0.
    pub(super) fn finish(&mut self, end: u64, emit: &mut dyn FnMut(Reading)) {
        let slices = (self.first + self.slices.len() as u64) * self.window;
        let over = end.div_ceil(self.window) * self.window;
        self.close(over.max(slices), emit);
        let at = Tick(self.first * self.window);
        for counter in 0..COUNTERS {
            self.emit(counter, at, 0, emit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The readings of `counter`.
    fn readings(ledger: &mut Ledger, counter: usize, end: u64) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        ledger.finish(end, &mut |reading| {
            if reading.kind == POWER + counter as u16 {
                found.push((reading.at.0, reading.value));
            }
        });
        found
    }

    #[test]
    fn charges_are_spread_and_changes_hold_until_they_are_undone() {
        let mut ledger = Ledger::new(7, 10, 1.0, (Tick::ZERO, Tick::NEVER));
        let mut price = ByPart::default();
        price[counted()[1]] = NanoJoules(1.0);
        // 20 nJ from 5 to 25: 5, 10 and 5.
        ledger.charge(5, 25, &price, 20.0);
        // 2 nJ per tick from 15 to 40.
        ledger.change(15, &price, 2.0);
        ledger.change(40, &price, -2.0);
        assert_eq!(
            readings(&mut ledger, 1, 48),
            [(0, 5), (10, 20), (20, 25), (30, 20), (40, 0)]
        );
    }

    #[test]
    fn rounding_keeps_the_sum() {
        let mut ledger = Ledger::new(0, 10, 1.0, (Tick::ZERO, Tick::NEVER));
        let mut price = ByPart::default();
        price[counted()[0]] = NanoJoules(0.03);
        ledger.change(0, &price, 1.0);
        ledger.change(1000, &price, -1.0);
        let found = readings(&mut ledger, 0, 1000);
        let sum: u64 = found
            .windows(2)
            .map(|pair| pair[0].1 * (pair[1].0 - pair[0].0) / 10)
            .sum();
        // 0.3 mW for 100 slices.
        assert_eq!(sum, 30);
    }
}
