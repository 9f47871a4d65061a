//! The volume of a union of boxes that share one corner, the origin (While, Bradstreet, Barone, A fast way of calculating
//! exact hypervolumes, IEEE Transactions on Evolutionary Computation 16(1), 2012: "WFG").
//!
//! A box is given by its far corner, all of whose coordinates are positive. A set of them is a [`Corners`]. The far corner is
//! what a point of a front gains over the reference, so here more is better.

mod stairs;

use std::cmp::Ordering;

use stairs::Stairs;

/// Corners of boxes, `dimensions` numbers each, in one run of memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Corners {
    dimensions: usize,
    numbers: Vec<f64>,
}

impl Corners {
    pub(super) fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            numbers: Vec::new(),
        }
    }

    /// Empties the set for corners of `dimensions` numbers; the memory is kept.
    fn clear(&mut self, dimensions: usize) {
        self.dimensions = dimensions;
        self.numbers.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len().checked_div(self.dimensions).unwrap_or(0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[f64]> {
        self.numbers.chunks_exact(self.dimensions.max(1))
    }

    fn corner(&self, index: usize) -> &[f64] {
        &self.numbers[index * self.dimensions..(index + 1) * self.dimensions]
    }

    /// Adds a corner unless a box of the set covers its box; boxes that it covers leave the set.
    pub(super) fn add(&mut self, corner: &[f64]) {
        self.numbers.extend_from_slice(corner);
        self.settle_last();
    }

    /// Takes the last corner out again if another covers it, or else those that it covers.
    fn settle_last(&mut self) {
        let Some(mut last) = self.len().checked_sub(1) else {
            return;
        };
        if (0..last).any(|index| covers(self.corner(index), self.corner(last))) {
            self.numbers.truncate(last * self.dimensions);
            return;
        }
        let mut index = 0;
        while index < last {
            if covers(self.corner(last), self.corner(index)) {
                self.copy(last - 1, index);
                self.copy(last, last - 1);
                self.numbers.truncate(last * self.dimensions);
                last -= 1;
            } else {
                index += 1;
            }
        }
    }

    fn copy(&mut self, from: usize, to: usize) {
        let begin = from * self.dimensions;
        self.numbers
            .copy_within(begin..begin + self.dimensions, to * self.dimensions);
    }

    /// Sorts by the last coordinate, ties by the one before it, and so on. A set has one order, so one sum.
    fn sort(&mut self, order: &mut Vec<usize>, sorted: &mut Vec<f64>) {
        order.clear();
        order.extend(0..self.len());
        order.sort_unstable_by(|&a, &b| compare_from_last(self.corner(a), self.corner(b)));
        sorted.clear();
        for &index in order.iter() {
            sorted.extend_from_slice(self.corner(index));
        }
        std::mem::swap(&mut self.numbers, sorted);
    }
}

/// Whether the box of `a` contains the box of `b`.
pub(super) fn covers(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a >= b)
}

fn compare_from_last(a: &[f64], b: &[f64]) -> Ordering {
    let pairs = a.iter().rev().zip(b.iter().rev());
    pairs
        .map(|(a, b)| a.total_cmp(b))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// Memory for one depth of the recursion.
#[derive(Clone, Debug, Default)]
struct Level {
    limits: Corners,
    order: Vec<usize>,
    sorted: Vec<f64>,
}

/// Memory that is used again from one volume to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// One for each number of dimensions.
    levels: Vec<Level>,
    stairs: Stairs,
    limits: Corners,
}

impl Scratch {
    /// The volume of the union of the boxes of `corners`, which come out sorted.
    pub(super) fn volume(&mut self, corners: &mut Corners) -> f64 {
        self.levels.resize_with(corners.dimensions + 1, Level::default);
        volume(corners, &mut self.levels, &mut self.stairs)
    }

    /// The volume of the part of the box of `corner` that no box of `others` covers: the box less the union of its
    /// intersections with the others, which are boxes again (the "limit set").
    pub(super) fn exclusive(&mut self, corner: &[f64], others: &Corners) -> f64 {
        let mut limits = std::mem::take(&mut self.limits);
        let inclusive: f64 = corner.iter().product();
        let exclusive = if limit(corner, others.iter(), &mut limits) {
            inclusive - self.volume(&mut limits)
        } else {
            0.0
        };
        self.limits = limits;
        exclusive.max(0.0)
    }
}

/// The intersections of the box of `corner` with `others`, of which only as many coordinates count as `corner` has. False if
/// one of the others covers the box.
fn limit<'a>(corner: &[f64], others: impl Iterator<Item = &'a [f64]>, limits: &mut Corners) -> bool {
    limits.clear(corner.len());
    // What is left of a box inside another adds nothing. Below four dimensions the sweeps find that as fast.
    let thin_out = corner.len() >= 4;
    for other in others {
        let start = limits.numbers.len();
        limits
            .numbers
            .extend(corner.iter().zip(other).map(|(a, b)| a.min(*b)));
        if covers(&limits.numbers[start..], corner) {
            return false;
        }
        if thin_out {
            limits.settle_last();
        }
    }
    true
}

fn volume(corners: &mut Corners, levels: &mut [Level], stairs: &mut Stairs) -> f64 {
    match corners.dimensions {
        0 => 0.0,
        1 => corners.numbers.iter().copied().fold(0.0, f64::max),
        2 => stairs.area(corners.numbers.as_chunks().0),
        3 => stairs.volume(corners.numbers.as_chunks().0),
        _ => sliced(corners, levels, stairs),
    }
}

/// The sum over the boxes of what each adds to those that are longer in the last dimension. Their intersections with it are
/// all as long as it is itself, so its exclusive volume is its length times an exclusive volume of one dimension fewer.
fn sliced(corners: &mut Corners, levels: &mut [Level], stairs: &mut Stairs) -> f64 {
    let Some((level, deeper)) = levels.split_last_mut() else {
        return 0.0;
    };
    corners.sort(&mut level.order, &mut level.sorted);
    let mut sum = 0.0;
    for index in 0..corners.len() {
        let Some((&length, base)) = corners.corner(index).split_last() else {
            continue;
        };
        let longer = corners.numbers[(index + 1) * corners.dimensions..].chunks_exact(corners.dimensions);
        if limit(base, longer, &mut level.limits) {
            let inclusive: f64 = base.iter().product();
            sum += length * (inclusive - volume(&mut level.limits, deeper, stairs)).max(0.0);
        }
    }
    sum
}
