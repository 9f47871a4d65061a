//! Energy of a machine by part and microsecond.

use std::collections::VecDeque;

use sim_core::Tick;

use super::{COUNTERS, Charge, PARTS, POWER, Reading};

/// What is known of a microsecond.
#[derive(Clone, Copy, Debug, Default)]
struct Slice {
    /// Charged in it, in nJ.
    charged: Charge,
    /// By how much what is charged a tick is another after it.
    change: Charge,
}

/// The account of a machine. Slices are kept until nothing can come for them any more.
pub(super) struct Ledger {
    track: u32,
    /// What is read: from the first tick on, to the end.
    shown: Option<(Tick, Tick)>,
    /// Ticks of a slice, and how many microseconds that is.
    window: u64,
    microseconds: f64,
    /// The number of the first slice that is kept.
    first: u64,
    slices: VecDeque<Slice>,
    /// Charged a tick from the beginning of the first slice on, in nJ.
    level: Charge,
    /// What rounding has kept back of each counter, in mW.
    kept_back: [f64; PARTS + 1],
    last: [Option<u64>; PARTS + 1],
}

impl Ledger {
    /// An account whose readings are those of `track`, in slices of so many ticks, which are so many microseconds; only
    /// those within `shown` are read, without it none.
    pub(super) fn new(track: u32, window: u64, microseconds: f64, shown: Option<(Tick, Tick)>) -> Self {
        Self {
            track,
            shown,
            window,
            microseconds,
            first: 0,
            slices: VecDeque::new(),
            level: [0.0; PARTS],
            kept_back: [0.0; PARTS + 1],
            last: [None; PARTS + 1],
        }
    }

    /// Whether it has readings.
    pub(super) fn is_shown(&self) -> bool {
        self.shown.is_some()
    }

    /// The slice at `tick`; what comes too late is charged to the first that is left, so that none is lost.
    fn slice(&mut self, tick: u64) -> (u64, &mut Slice) {
        let number = (tick / self.window).max(self.first);
        let place = (number - self.first) as usize;
        if place >= self.slices.len() {
            self.slices.resize(place + 1, Slice::default());
        }
        (number, &mut self.slices[place])
    }

    /// Charges `amount` times `price`, evenly from `start` to `end`.
    pub(super) fn charge(&mut self, start: u64, end: u64, price: &Charge, amount: f64) {
        if !self.is_shown() {
            return;
        }
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
            for (charged, price) in slice.charged.iter_mut().zip(price) {
                *charged += price * amount * share;
            }
            if to >= end {
                return;
            }
            from = to;
        }
    }

    /// From `tick` on, `factor` times `price` more is charged every tick.
    pub(super) fn change(&mut self, tick: u64, price: &Charge, factor: f64) {
        if !self.is_shown() {
            return;
        }
        let window = self.window;
        let (number, slice) = self.slice(tick);
        let left = ((number + 1) * window - tick) as f64;
        for ((charged, change), price) in slice.charged.iter_mut().zip(&mut slice.change).zip(price) {
            *charged += price * factor * left;
            *change += price * factor;
        }
    }

    /// Emits all slices that end by `told`, before which nothing can come any more.
    pub(super) fn close(&mut self, told: u64, emit: &mut dyn FnMut(Reading)) {
        while self.is_shown() && (self.first + 1) * self.window <= told {
            let slice = self.slices.pop_front().unwrap_or_default();
            let window = self.window as f64;
            let mut whole = [0.0; PARTS + 1];
            for part in 0..PARTS {
                whole[part] = slice.charged[part] + self.level[part] * window;
                whole[PARTS] += whole[part];
                self.level[part] += slice.change[part];
            }
            self.read(whole, emit);
            self.first += 1;
        }
    }

    /// Emits the counters of the first slice, in whole mW. What rounding keeps back is added to the next slice, so that the sum
    /// over time is right.
    fn read(&mut self, whole: [f64; PARTS + 1], emit: &mut dyn FnMut(Reading)) {
        let at = Tick(self.first * self.window);
        for (counter, energy) in whole.into_iter().enumerate() {
            let milliwatts = energy / self.microseconds + self.kept_back[counter];
            let value = milliwatts.round().max(0.0);
            self.kept_back[counter] = milliwatts - value;
            self.emit(counter, at, value as u64, emit);
        }
    }

    fn emit(&mut self, counter: usize, at: Tick, value: u64, emit: &mut dyn FnMut(Reading)) {
        let shown = self.shown.is_some_and(|(from, to)| (from..to).contains(&at));
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

    /// Emits what is left of a run that has ended at `end`: nothing is charged after it, and all counters are 0.
    pub(super) fn finish(&mut self, end: u64, emit: &mut dyn FnMut(Reading)) {
        if !self.is_shown() {
            return;
        }
        let slices = (self.first + self.slices.len() as u64) * self.window;
        let over = end.div_ceil(self.window) * self.window;
        self.close(over.max(slices), emit);
        let at = Tick(self.first * self.window);
        for counter in 0..COUNTERS.len() {
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
        let mut ledger = Ledger::new(7, 10, 1.0, Some((Tick::ZERO, Tick::NEVER)));
        let mut price = [0.0; PARTS];
        price[1] = 1.0;
        // 20 nJ from 5 to 25: 5, 10 and 5.
        ledger.charge(5, 25, &price, 20.0);
        // 2 nJ a tick from 15 to 40.
        ledger.change(15, &price, 2.0);
        ledger.change(40, &price, -2.0);
        assert_eq!(
            readings(&mut ledger, 1, 48),
            [(0, 5), (10, 20), (20, 25), (30, 20), (40, 0)]
        );
    }

    #[test]
    fn rounding_keeps_the_sum() {
        let mut ledger = Ledger::new(0, 10, 1.0, Some((Tick::ZERO, Tick::NEVER)));
        let mut price = [0.0; PARTS];
        price[0] = 0.03;
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
