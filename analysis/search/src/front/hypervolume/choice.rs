use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::Covered;

/// A candidate that was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Its position among the candidates.
    pub index: usize,
    /// The hypervolume that it adds to the front and to those chosen before it.
    pub gain: f64,
}

/// A candidate and what it gained when `chosen` others had been chosen.
struct Promise {
    choice: Choice,
    chosen: usize,
}

impl Ord for Promise {
    /// The larger gain is the greater, then the earlier candidate.
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (&self.choice, &other.choice);
        a.gain.total_cmp(&b.gain).then(b.index.cmp(&a.index))
    }
}

impl PartialOrd for Promise {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Promise {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Promise {}

/// Up to `count` of the `candidates`, one after the other the one that adds most hypervolume to the front and to those chosen
/// before; `front` grows by them. Fewer if no other adds anything. Ties go to the earlier candidate.
///
/// A gain never rises while the front grows (hypervolume is submodular: Ulrich, Thiele, Bounding the effectiveness
/// of hypervolume-based (mu + lambda)-archiving algorithms, LION 2012), so a gain found earlier is a bound, and only those
/// candidates are looked at again that lead by their bound (Minoux, Accelerated greedy algorithms for maximizing
/// submodular set functions, 1978).
///
/// ```
/// use search::front::hypervolume::{Covered, choose};
/// let mut front = Covered::new(&[4.0, 4.0]);
/// front.add(&[2.0, 2.0]);
/// let chosen = choose(&mut front, &[[3.0, 3.0], [1.0, 3.0], [3.0, 0.0]], 2);
/// assert_eq!(chosen.iter().map(|choice| choice.index).collect::<Vec<_>>(), [2, 1]);
/// ```
///
/// # Panics
/// If a candidate has not as many objectives as the front's reference.
#[must_use]
pub fn choose<P: AsRef<[f64]>>(front: &mut Covered, candidates: &[P], count: usize) -> Vec<Choice> {
    let mut promises: BinaryHeap<Promise> = (candidates.iter().enumerate())
        .map(|(index, candidate)| Promise {
            choice: Choice {
                index,
                gain: front.gain(candidate.as_ref()),
            },
            chosen: 0,
        })
        .collect();
    let mut chosen = Vec::with_capacity(count.min(candidates.len()));
    while chosen.len() < count {
        let Some(Promise { choice, chosen: then }) = promises.pop() else {
            break;
        };
        if choice.gain <= 0.0 {
            break;
        }
        let candidate = candidates[choice.index].as_ref();
        if then == chosen.len() {
            front.add(candidate);
            chosen.push(choice);
        } else {
            let choice = Choice {
                gain: front.gain(candidate),
                ..choice
            };
            promises.push(Promise {
                choice,
                chosen: chosen.len(),
            });
        }
    }
    chosen
}
