//! A batch while it is drawn: what is known already, what is refused, and when to give up.

use std::collections::BTreeSet;

use super::{Past, Proposal, State};
use crate::draws::Draws;
use crate::problem::{Drawn, Problem};
use crate::space::Design;

/// After so many refusals in a row a batch is given up.
const MOST_REFUSED: usize = 10_000;

/// After so many designs in a row that are known already, the space is gone through in order.
const MOST_KNOWN: usize = 200;

/// The largest space that is gone through in order.
const LARGEST_WALK: u64 = 1 << 20;

/// A batch while it is drawn.
pub(super) struct Batch<'a> {
    problem: &'a Problem<'a>,
    known: BTreeSet<Design>,
    drawn: Vec<Drawn>,
    missing: usize,
    refused_in_a_row: usize,
}

/// What became of a design that was offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// It is in the batch.
    Taken,
    /// It cannot be.
    Refused,
    /// It has been drawn before, or nothing more is wanted.
    Passed,
}

impl<'a> Batch<'a> {
    /// A batch that wants `count` designs that are none of the past.
    pub(super) fn new(problem: &'a Problem<'a>, past: &Past<'_>, count: usize) -> Self {
        let evaluated = past.evaluated.iter().map(|row| row.design);
        Self {
            problem,
            known: evaluated.chain(past.taken.iter().copied()).collect(),
            drawn: Vec::new(),
            missing: count,
            refused_in_a_row: 0,
        }
    }

    /// Whether it wants more.
    pub(super) fn is_open(&self) -> bool {
        self.missing > 0 && self.refused_in_a_row < MOST_REFUSED
    }

    /// How many designs it still wants.
    pub(super) fn missing(&self) -> usize {
        self.missing
    }

    /// Whether a design is of the past, or drawn already.
    pub(super) fn knows(&self, design: &Design) -> bool {
        self.known.contains(design)
    }

    /// Takes a design if it is wanted, new, and not refused.
    pub(super) fn offer(&mut self, design: Design) -> Offer {
        if !self.is_open() || !self.known.insert(design) {
            return Offer::Passed;
        }
        let refusal = (self.problem.refuse)(&design);
        let is_refused = refusal.is_some();
        self.drawn.push(Drawn { design, refusal });
        if is_refused {
            self.refused_in_a_row += 1;
            return Offer::Refused;
        }
        self.refused_in_a_row = 0;
        self.missing -= 1;
        Offer::Taken
    }

    /// Takes up to `count` of `designs`, in their order.
    pub(super) fn offer_all(&mut self, designs: impl IntoIterator<Item = Design>, count: usize) {
        let mut left = count;
        let mut designs = designs.into_iter();
        while left > 0 && self.is_open() {
            let Some(design) = designs.next() else { break };
            if self.offer(design) == Offer::Taken {
                left -= 1;
            }
        }
    }

    /// Takes designs of `next` until the batch is full. Where `next` finds nothing new, a small space is gone through in order,
    /// so that none of its designs is left out.
    pub(super) fn fill(&mut self, mut next: impl FnMut() -> Design) {
        let mut known_in_a_row = 0;
        while self.is_open() {
            if self.offer(next()) != Offer::Passed {
                known_in_a_row = 0;
                continue;
            }
            known_in_a_row += 1;
            if known_in_a_row >= MOST_KNOWN {
                let walkable = self
                    .problem
                    .space
                    .exact_count()
                    .is_some_and(|count| count <= LARGEST_WALK);
                match walkable {
                    true => return self.walk(),
                    false if known_in_a_row >= MOST_REFUSED => return,
                    false => {}
                }
            }
        }
    }

    /// Takes the designs of the space in their order, those left out that are known.
    pub(super) fn walk(&mut self) {
        let mut number = 0;
        while self.is_open() {
            let Some(design) = self.problem.space.nth(number) else {
                break;
            };
            let _ = self.offer(design);
            number += 1;
        }
    }

    /// Fills up with designs at random points, with numbers of the stream `member` of batch number `batch`.
    pub(super) fn fill_at_random(&mut self, batch: u32, member: u64) {
        let (space, mut draws) = (
            self.problem.space,
            Draws::new(self.problem.seed, batch.into(), member),
        );
        self.fill(|| space.random(&mut draws));
    }

    /// The batch, drawn.
    pub(super) fn finish(self, state: Option<State>) -> Proposal {
        Proposal {
            drawn: self.drawn,
            state,
        }
    }
}
