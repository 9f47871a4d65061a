//! Runs and transfers in flight, and how their time divides up to any moment.

use super::step::Split;

/// A run on a lane or module.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunTimes {
    pub(super) issued: u64,
    /// When the lane received it; modules do not report that.
    pub(super) started: Option<u64>,
    /// When the unit will finish the previous run.
    pub(super) busy_before: u64,
    /// First tick of its first tile, and end of its last one so far.
    tiles: Option<(u64, u64)>,
    /// Ticks at work on its tiles.
    worked: u64,
}

impl RunTimes {
    pub(super) fn issued(at: u64, busy_before: u64) -> Self {
        Self {
            issued: at,
            started: None,
            busy_before,
            tiles: None,
            worked: 0,
        }
    }

    /// The unit works on a tile.
    pub(super) fn tile(&mut self, start: u64, end: u64) {
        let (first, _) = self.tiles.unwrap_or((start, end));
        self.tiles = Some((first, end));
        self.worked += end - start;
    }

    /// How the time from its issue to `at` divides: issue, operands, work, results. Waiting for the unit's multipliers to
    /// finish the previous run counts as work.
    pub(super) fn split(&self, at: u64) -> Split {
        let started = self.started.unwrap_or(self.issued).min(at);
        let (first, end) = self.tiles.unwrap_or((at, at));
        let (first, end_so_far) = (first.min(at), end.min(at));
        let worked = self.worked.saturating_sub(end - end_so_far);
        let busy = self.busy_before.clamp(started, first.max(started)) - started;
        let waited = first.saturating_sub(started) - busy + (end_so_far - first).saturating_sub(worked);
        let working = at - started - waited - (at - end_so_far);
        [started - self.issued, waited, working, at - end_so_far]
    }
}

/// A transfer that the DMA moves.
#[derive(Clone, Copy, Debug)]
pub(super) struct TransferTimes {
    /// When it was ordered or, if it queued behind another transfer, when the DMA turned to it.
    pub(super) start: u64,
    /// Its first request.
    pub(super) began: u64,
    /// Its last answer, once that has come.
    pub(super) answered: Option<u64>,
}

impl TransferTimes {
    /// How the time from its start to `at` divides: queue, nothing, main memory, buffer.
    pub(super) fn split(&self, at: u64) -> Split {
        let began = self.began.min(at);
        let answered = self.answered.unwrap_or(at).clamp(began, at);
        [began - self.start, 0, answered - began, at - answered]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_divides_into_issue_operands_work_and_results() {
        let mut run = RunTimes::issued(10, 14);
        run.started = Some(12);
        assert_eq!(run.split(11), [1, 0, 0, 0]);
        run.tile(17, 20);
        run.tile(22, 30);
        // The multipliers are busy until 14; operands come at 17, and the second tile's come two ticks late.
        assert_eq!(run.split(35), [2, 3 + 2, 2 + 3 + 8, 5]);
        assert_eq!(run.split(25), [2, 5, 2 + 3 + 3, 0]);
    }

    #[test]
    fn a_transfer_divides_into_queue_memory_and_buffer() {
        let transfer = TransferTimes {
            start: 5,
            began: 7,
            answered: Some(50),
        };
        assert_eq!(transfer.split(53), [2, 0, 43, 3]);
        assert_eq!(transfer.split(20), [2, 0, 13, 0]);
    }

    proptest::proptest! {
        /// However much is known of a run, its parts add up to the time since its issue.
        #[test]
        fn parts_add_up(
            issued in 0u64..100, hop in 0u64..5, before in 0u64..200, gaps in proptest::collection::vec((0u64..9, 0u64..9), 0..6), after in 0u64..50,
        ) {
            let mut run = RunTimes::issued(issued, before);
            let started = issued + hop;
            run.started = Some(started);
            let mut now = started.max(before);
            let mut last_start = now;
            for (gap, length) in gaps {
                last_start = now + gap;
                now = last_start + length;
                run.tile(last_start, now);
            }
            for at in [last_start, now, now + after] {
                proptest::prop_assert_eq!(run.split(at).iter().sum::<u64>(), at - issued);
            }
        }
    }
}
