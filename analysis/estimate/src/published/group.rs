//! The heads of a layer, side by side on two resources.

use super::work::{Costed, Resource};

/// An operation in flight.
#[derive(Clone, Copy)]
struct Running {
    head: usize,
    left: i128,
}

/// Cycles that the operations of `heads` take. The MAC lanes are one resource, the softmax modules another. Each works on
/// one operation at a time, and a free one goes to the first head whose next operation needs it.
///
/// With `dependent` heads an operation waits for its predecessor in the head, and the group ends with its last
/// operation. Otherwise, as published, the group ends as soon as nothing is left to start and one of the two
/// resources is free.
pub(super) fn cycles(heads: &[Vec<Costed>], dependent: bool) -> i128 {
    let mut group = Group {
        heads,
        next: vec![0; heads.len()],
        first: 0,
        running: [None; 2],
        cycles: 0,
    };
    loop {
        group.skip_finished_heads();
        if group.first == heads.len() {
            break;
        }
        group.start(dependent);
        group.advance();
    }
    while dependent && group.running.iter().any(Option::is_some) {
        group.advance();
    }
    group.cycles
}

struct Group<'a> {
    heads: &'a [Vec<Costed>],
    /// Operations that each head has started.
    next: Vec<usize>,
    /// The first head that has operations left to start.
    first: usize,
    running: [Option<Running>; 2],
    cycles: i128,
}

impl Group<'_> {
    fn skip_finished_heads(&mut self) {
        while let Some(head) = self.heads.get(self.first)
            && self.next[self.first] == head.len()
        {
            self.first += 1;
        }
    }

    /// Visits each head once and starts its next operation if that operation's resource is idle.
    fn start(&mut self, dependent: bool) {
        for head in self.first..self.heads.len() {
            if self.running.iter().all(Option::is_some) {
                return;
            }
            let waits = dependent && self.running.iter().flatten().any(|running| running.head == head);
            let Some(operation) = self.heads[head].get(self.next[head]) else {
                continue;
            };
            let resource = &mut self.running[usize::from(operation.resource == Resource::Softmax)];
            if resource.is_none() && !waits {
                *resource = Some(Running {
                    head,
                    left: operation.cycles,
                });
                self.next[head] += 1;
            }
        }
    }

    /// Advances to the next end of an operation; backwards if the operation takes negative time.
    fn advance(&mut self) {
        let Some(step) = self.running.iter().flatten().map(|running| running.left).min() else {
            return;
        };
        self.cycles += step;
        for resource in &mut self.running {
            *resource = resource.and_then(|running| {
                let left = running.left - step;
                (left != 0).then_some(Running { left, ..running })
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(cycles: i128) -> Costed {
        Costed {
            resource: Resource::MacLanes,
            cycles,
            staged_tiles: 0.0,
        }
    }

    fn softmax(cycles: i128) -> Costed {
        Costed {
            resource: Resource::Softmax,
            ..lanes(cycles)
        }
    }

    #[test]
    fn lanes_and_softmax_work_side_by_side() {
        let heads = [vec![lanes(4), softmax(10), lanes(3)], vec![lanes(5)]];
        // Lanes: 4; 3 beside the softmax of the same head; 5 more. The softmax is not waited for.
        assert_eq!(cycles(&heads, false), 4 + 3 + 5);
        // Lanes 4; 5 of the other head beside a softmax of 10; lanes 3.
        assert_eq!(cycles(&heads, true), 4 + 10 + 3);
    }

    #[test]
    fn negative_times_go_backwards() {
        let heads = [vec![lanes(4)], vec![lanes(-3)], vec![lanes(6)]];
        assert_eq!(cycles(&heads, false), 7);
        // The softmax has 10 cycles left, 13 after the step back.
        let beside = [vec![softmax(10)], vec![lanes(-3)], vec![lanes(6), softmax(1)]];
        assert_eq!(cycles(&beside, false), -3 + 6 + 7 + 1);
    }

    #[test]
    fn nothing_to_do_takes_no_time() {
        for dependent in [false, true] {
            assert_eq!(cycles(&[], dependent), 0);
            assert_eq!(
                cycles(&[vec![], vec![lanes(0), softmax(0)], vec![]], dependent),
                0
            );
        }
    }
}
