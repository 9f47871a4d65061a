//! Main memory: one transfer after another, slices and rows before weights.

use std::collections::VecDeque;

use super::activations::Motion;
use super::{Event, Schedule, Transfer};
use crate::estimate::corrected::moves::{Amount, Moves, Pattern};

/// Cycles from the order of a write to its end, beside the time for its blocks: to the DMA, into main memory's queue, and
/// through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;

/// A transfer that gives way to others between any two of its blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Background {
    /// Blocks that are left.
    blocks: f64,
    /// Cycles of main memory for each.
    pace: f64,
    /// What comes of it, and how long after its last block.
    event: Event,
    delay: f64,
}

/// What a transfer comes to.
struct Moved {
    /// How long it holds main memory.
    time: f64,
    /// How long after that it is over.
    delay: f64,
}

impl Schedule<'_> {
    /// Begins the next transfer if main memory is free: what is urgent first, then the next blocks of the rest.
    pub(super) fn use_pipe(&mut self) {
        if self.pipe_busy {
            return;
        }
        let (time, event, delay) = if let Some(transfer) = self.moving.pop_front() {
            let (Moved { time, delay }, event) = self.transfer(transfer);
            (time, event, delay)
        } else if let Some(part) = next_part(&mut self.background, self.part) {
            (part.blocks * part.pace, part.event, part.delay)
        } else {
            return;
        };
        self.pipe_busy = true;
        self.timeline.memory_busy += time;
        self.send(time, Event::Pipe);
        self.send(time + delay, event);
    }

    /// Orders the loads of weights for which there is room.
    pub(super) fn load_weights(&mut self) {
        while let Some(weight) = self.next_weight() {
            let size = &self.steps.weights[weight];
            let blocks = self.read([0.0, size.data.blocks() as f64, size.mask.blocks() as f64]);
            self.background.push_back(Background {
                blocks,
                pace: self.memory.read,
                event: Event::Arrived { weight },
                delay: self.memory.latency,
            });
        }
    }

    fn next_weight(&mut self) -> Option<usize> {
        let mut losers = Vec::new();
        let progress = &self.progress;
        let has_begun = |user: usize| progress[user].pinned.is_some();
        let next = self.room.next_load(self.oldest, has_begun, &mut losers);
        for loser in losers {
            self.progress[loser].weights_missing += 1;
            self.issuable.iter_mut().for_each(|ready| {
                ready.remove(&loser);
            });
        }
        next
    }

    /// Orders the write-back of what an operation has updated in the weight buffer.
    pub(super) fn write_back(&mut self, step: usize, [data, masks]: [f64; 2]) {
        let Moved { time, delay } = self.written([0.0, data, masks], self.memory.write);
        let blocks = data + masks;
        self.background.push_back(Background {
            blocks,
            pace: time / blocks.max(1.0),
            event: Event::WrittenBack { step },
            delay,
        });
    }

    /// Orders what an operation that only moves data moves for the slice that begins with `piece`.
    pub(super) fn move_data(&mut self, step: usize, piece: usize) {
        let is_urgent = |moves: &Moves| moves.is_urgent;
        if self.steps.steps[step].moves.as_ref().is_none_or(is_urgent) {
            return self.moving.push_back(Transfer::Data { step, piece });
        }
        let (amount, Moved { time, delay }) = self.data(step, piece);
        let blocks = amount.data + amount.masks;
        self.background.push_back(Background {
            blocks,
            pace: time / blocks.max(1.0),
            event: Event::Piece { step, piece },
            delay,
        });
    }

    fn transfer(&mut self, transfer: Transfer) -> (Moved, Event) {
        match transfer {
            Transfer::Data { step, piece } => (self.data(step, piece).1, Event::Piece { step, piece }),
            Transfer::Slice(motion) => {
                let (Motion::Out(slice) | Motion::Back(slice)) = motion;
                let size = self.activations.size(slice);
                let blocks = [size.data.blocks() as f64, 0.0, size.mask.blocks() as f64];
                let (step, batch) = slice;
                let (pace, event) = match motion {
                    Motion::Out(_) => {
                        let moved = self.written(blocks, self.memory.write);
                        return (moved, Event::Out { step, batch });
                    }
                    Motion::Back(_) => (self.memory.read, Event::Back { step, batch }),
                };
                (self.loaded(blocks, pace), event)
            }
        }
    }

    fn data(&mut self, step: usize, piece: usize) -> (Amount, Moved) {
        let steps = self.steps;
        let step = &steps.steps[step];
        let Some(moves) = &step.moves else {
            let nothing = Moved {
                time: 0.0,
                delay: 0.0,
            };
            return (Amount::default(), nothing);
        };
        let amount = moves.amount(step.pieces.batches_of(step.pieces.slice_of(piece)));
        let blocks = [amount.data, 0.0, amount.masks];
        let memory = self.memory;
        let moved = match moves.pattern {
            Pattern::Load => self.loaded(blocks, memory.read),
            Pattern::Store => self.written(blocks, memory.write),
            Pattern::Gather => self.loaded(blocks, memory.gather),
            Pattern::Scatter => {
                self.timeline.blocks_read += amount.added_to;
                let mut moved = self.written(blocks, memory.scatter);
                moved.time += amount.added_to * memory.gather + amount.waits * memory.latency;
                moved
            }
        };
        (amount, moved)
    }

    fn loaded(&mut self, blocks: [f64; 3], pace: f64) -> Moved {
        Moved {
            time: self.read(blocks) * pace,
            delay: self.memory.latency,
        }
    }

    /// Counts blocks read into the three buffers; all of them.
    fn read(&mut self, blocks: [f64; 3]) -> f64 {
        let all = blocks.iter().sum::<f64>();
        self.timeline.blocks_read += all;
        self.count(blocks);
        all
    }

    /// A write is over for the DMA once main memory has taken it in.
    fn written(&mut self, blocks: [f64; 3], pace: f64) -> Moved {
        let all = blocks.iter().sum::<f64>();
        self.timeline.blocks_written += all;
        self.count(blocks);
        Moved {
            time: (all - self.memory.posted_writes).max(0.0) * pace,
            delay: WRITE_DELAY,
        }
    }

    fn count(&mut self, blocks: [f64; 3]) {
        for (total, blocks) in self.timeline.buffer_blocks.iter_mut().zip(blocks) {
            *total += blocks;
        }
    }
}

/// The next blocks in the background, at most `most`, which is as many as the DMA has under way: what is ordered meanwhile
/// waits for no more.
fn next_part(background: &mut VecDeque<Background>, most: f64) -> Option<Background> {
    let first = background.front_mut()?;
    if first.blocks <= most {
        return background.pop_front();
    }
    first.blocks -= most;
    Some(Background {
        blocks: most,
        event: Event::Part,
        ..*first
    })
}
