//! Main memory's queues: reads that are answered together, and writes that are accepted before they are performed.

use std::collections::VecDeque;

use components::memory::description::WriteDrain;
use scenarios::system::{MainMemory, Plan};

use super::memory::Memory;
use super::open_rows::OpenRows;

/// Accesses of data, or of a mask, that are so few that those of another block of the tensor may be the same.
const FEW: u64 = 8;

/// How long a transfer occupies main memory, and how long after that it ends; in cycles of the accelerator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Occupied {
    pub(super) time: f64,
    pub(super) delay: f64,
}

/// Data and masks: the number of the first access of 64 bytes, and how many.
pub(super) type Parts = [(u64, u64); 2];

/// The queues of all channels that a stream is spread over.
#[derive(Debug)]
pub(super) struct Queues<'a> {
    memory: &'a Memory,
    /// `None` for a memory without rows.
    rows: Option<OpenRows>,
    merges: bool,
    /// Writes that an idle memory leaves alone; `None` if it performs all of them, and lets reads go first.
    left_alone: Option<f64>,
    /// When the rows of earlier reads are open.
    rows_open: f64,
    /// Accesses in flight, and when they end: reads of the same are answered with them.
    flying: VecDeque<(u64, f64)>,
    /// Writes that wait, and how long their rows take to open.
    queued: f64,
    opening: f64,
}

impl<'a> Queues<'a> {
    /// The empty queues of `plan`.
    pub(super) fn of(plan: &Plan, memory: &'a Memory) -> Self {
        let controller = match &plan.memory {
            MainMemory::Ideal => None,
            MainMemory::Banked(banked) => Some(&banked.description().controller),
        };
        let drain = controller.map(|controller| controller.write_drain);
        Self {
            memory,
            rows: match &plan.memory {
                MainMemory::Ideal => None,
                MainMemory::Banked(banked) => {
                    let ratio = plan.memory_clock.period().0 as f64 / plan.machine.clock.period().0 as f64;
                    Some(OpenRows::of(banked, ratio))
                }
            },
            merges: controller.is_some_and(|controller| controller.read_merging),
            left_alone: match drain {
                Some(WriteDrain::FullOrIdle { threshold }) => Some(f64::from(threshold) * memory.channels),
                Some(WriteDrain::Watermarks { .. }) | None => None,
            },
            rows_open: 0.0,
            flying: VecDeque::new(),
            queued: 0.0,
            opening: 0.0,
        }
    }

    /// A read that begins at `now`, main memory having been idle from `since` on.
    pub(super) fn read(&mut self, parts: &Parts, since: f64, now: f64) -> Occupied {
        let (pace, latency) = (self.memory.read, self.memory.latency);
        // Of a part, the first access opens a row.
        let further = latency - self.memory.opening;
        let begins = self.rest(now - since);
        let (mut time, mut end) = (begins, 0.0_f64);
        while self.flying.front().is_some_and(|&(_, end)| end <= now) {
            self.flying.pop_front();
        }
        for &(first, blocks) in parts {
            if blocks == 0 {
                continue;
            }
            if blocks > FEW || !self.merges {
                end = end.max(time + pace + latency);
                let opens = self.rows.as_mut().map_or(0.0, |rows| rows.open(first, blocks));
                // Of a read that waited its turn, the first accesses are in the queues already.
                let ahead = if now > since {
                    0.0
                } else {
                    self.memory.in_flight * pace
                };
                let asked = self.rows_open.max(now + time - ahead);
                self.rows_open = asked + opens;
                time = (time + blocks as f64 * pace).max(self.rows_open - now);
                end = end.max(time + further);
                continue;
            }
            for block in first..first + blocks {
                let same = self.flying.iter().find(|&&(other, _)| other == block);
                if let Some(&(_, same_end)) = same.filter(|&&(_, end)| end > now + time) {
                    end = end.max(same_end - now);
                    continue;
                }
                time += pace;
                let answered = time + if block == first { latency } else { further };
                end = end.max(answered);
                self.flying.push_back((block, now + answered));
            }
        }
        Occupied {
            time,
            delay: (end - time).max(0.0),
        }
    }

    /// As [`Self::read`], of a write, which ends once main memory has accepted it: how long that takes.
    pub(super) fn write(&mut self, parts: &Parts, since: f64, now: f64) -> f64 {
        self.rest(now - since);
        self.queued += (parts[0].1 + parts[1].1) as f64;
        if let Some(rows) = &mut self.rows {
            let opens = parts.iter().map(|&(first, blocks)| rows.open(first, blocks));
            self.opening += opens.sum::<f64>();
        }
        let places = self.memory.posted_writes;
        if self.queued <= places {
            return 0.0;
        }
        let kept = match self.left_alone {
            // A full queue is drained to its end.
            Some(_) if places > 0.0 => self.queued % places,
            _ => places,
        };
        let drained = self.queued - kept;
        let opening = self.opening * drained / self.queued;
        self.opening -= opening;
        self.queued = kept;
        let drains = drained / places.max(1.0);
        opening.max(drained * self.memory.write) + drains * self.memory.turnaround
    }

    /// Main memory was idle for so long. How much longer reads have to wait for writes that it has begun.
    fn rest(&mut self, idle: f64) -> f64 {
        let time = self.opening.max(self.queued * self.memory.write);
        if self.queued <= 0.0 || idle <= 0.0 {
            return 0.0;
        }
        match self.left_alone {
            None => {
                let left = (1.0 - idle / time).max(0.0);
                (self.queued, self.opening) = (self.queued * left, self.opening * left);
                0.0
            }
            Some(left_alone) if self.queued <= left_alone => 0.0,
            Some(_) => {
                (self.queued, self.opening) = (0.0, 0.0);
                (time - idle).max(0.0)
            }
        }
    }
}
