//! From the number of a part to its place, and back.

use std::ops::Range;

use super::super::cut_operation::{At, CutOperation, SLOT};
use super::{Group, Parts, Place};

impl Parts {
    /// Where part number `number` stands.
    pub(super) fn place(&self, number: u64) -> Place {
        let full = self.starts[0].last().copied().unwrap_or(0);
        let last = u64::from(self.rounds.saturating_sub(1));
        // What has no batch comes in the last round alone.
        let round = number.checked_div(full).map_or(last, |round| round.min(last));
        let left = number - round * full;
        let starts = self.starts_in(round as u32);
        let group = starts.partition_point(|&start| start <= left).saturating_sub(1);
        let left = left - starts[group];
        let of_group = &self.groups[group];
        let items = self.items_of(of_group.operations.start, round as u32);
        let (operation, at) = match of_group.operations.len() {
            1 => self.place_alone(of_group.operations.start, &items, left),
            _ => self.place_in_wave(of_group, &items, left),
        };
        Place {
            round: round as u32,
            operation: operation as u32,
            at,
        }
    }

    fn place_alone(&self, operation: usize, items: &Range<u32>, left: u64) -> (usize, At) {
        let cut = &self.operations[operation];
        let mut at = [items.start, 0, 0, 0, cut.slot];
        unfold(left, &cut.digits, &radices(cut, items), &mut at);
        (operation, at)
    }

    fn place_in_wave(&self, group: &Group, items: &Range<u32>, left: u64) -> (usize, At) {
        let of_rows = group.of_rows.max(1);
        let (rows, left) = (left / of_rows, left % of_rows);
        let of_group = &self.operations[group.operations.clone()];
        let slot = of_group
            .partition_point(|cut| cut.before <= left)
            .saturating_sub(1);
        let cut = &of_group[slot];
        let mut at = [items.start, 0, 0, 0, cut.slot];
        let radices = radices(cut, items);
        unfold(rows, &cut.digits[..2], &radices, &mut at);
        unfold(left - cut.before, &cut.digits[3..], &radices, &mut at);
        (group.operations.start + slot, at)
    }

    /// The number of the part at `place`.
    #[inline]
    pub(in super::super) fn number(&self, place: &Place) -> u64 {
        let cut = self.cut_of(place.operation);
        let group = &self.groups[cut.group as usize];
        let items = self.items_of(group.operations.start, place.round);
        let full = self.starts[0].last().copied().unwrap_or(0);
        let start = u64::from(place.round) * full + self.starts_in(place.round)[cut.group as usize];
        let radices = radices(cut, &items);
        let mut at = place.at;
        at[0] -= items.start;
        match group.operations.len() {
            1 => start + fold(&cut.digits, &radices, &at),
            _ => {
                let rows = fold(&cut.digits[..2], &radices, &at);
                start + rows * group.of_rows + cut.before + fold(&cut.digits[3..], &radices, &at)
            }
        }
    }
}

/// How many values each coordinate of an operation's parts has in a round of these batch tiles.
#[inline]
fn radices(cut: &CutOperation, items: &Range<u32>) -> At {
    let mut radices = cut.pieces;
    radices[0] = items.end - items.start;
    radices
}

/// The number that these coordinates are the digits of, outermost first.
#[inline]
fn fold(digits: &[usize], radices: &At, at: &At) -> u64 {
    let nested = digits.iter().filter(|&&digit| digit != SLOT);
    nested.fold(0, |sum, &digit| {
        sum * u64::from(radices[digit]) + u64::from(at[digit])
    })
}

/// Adds to the coordinates `at` the digits of `number`: the inverse of `fold`.
#[inline]
fn unfold(mut number: u64, digits: &[usize], radices: &At, at: &mut At) {
    for &digit in digits.iter().rev() {
        if radices[digit] > 1 {
            let radix = u64::from(radices[digit]);
            at[digit] += (number % radix) as u32;
            number /= radix;
        }
    }
}
