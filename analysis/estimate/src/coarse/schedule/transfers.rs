//! Main memory: one transfer after another, slices and rows before weights.

use std::collections::VecDeque;

use super::activations::Motion;
use super::{Event, FRACTIONS, Schedule, Transfer};
use crate::coarse::moves::{Moves, Pattern};

/// Cycles from the order of a write to its end, in addition to the time for its blocks: to the DMA, into main memory's
/// queue, and through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;

/// A transfer that gives way to others between any two of its blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Background {
    /// Remaining blocks.
    blocks: f64,
    flow: Flow,
    /// The event at its end.
    event: Event,
}

/// The timing of a transfer.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Flow {
    is_write: bool,
    /// Cycles of main memory per block.
    pace: f64,
    /// How long after its last block it ends.
    delay: f64,
}

impl Schedule<'_> {
    /// Begins the next transfer if main memory is free: urgent ones first, then the next blocks of the rest.
    pub(super) fn use_pipe(&mut self) {
        if self.pipe_busy {
            return;
        }
        let next = match self.moving.pop_front() {
            Some(transfer) => Some(self.transfer(transfer)),
            None => next_part(&mut self.background, self.part),
        };
        let Some(Background { blocks, flow, event }) = next else {
            return;
        };
        let time = self.held(blocks, flow);
        self.pipe_busy = true;
        self.timeline.memory_busy += time;
        self.send(time, Event::Pipe);
        self.send(time + flow.delay, event);
    }

    /// How long a transfer of `blocks` that begins now occupies main memory. A write ends once main memory has accepted it.
    /// Main memory may defer as many writes as its queues have places, and performs them when it has nothing else to do. In
    /// inference, where writes are rare, none are pending when one begins.
    fn held(&mut self, blocks: f64, flow: Flow) -> f64 {
        let time = blocks * flow.pace;
        if !flow.is_write {
            return time;
        }
        let idle = (self.now - self.pipe_idle_since) as f64 / FRACTIONS;
        let owed = match self.steps.trains {
            true => (self.write_debt - idle).max(0.0),
            false => 0.0,
        };
        let most = self.memory.posted_writes * flow.pace;
        self.write_debt = (owed + time).min(most);
        (owed + time - most).max(0.0)
    }

    /// Orders the loads of weights for which there is room. In inference, where nothing else comes between them, each is
    /// ordered when its turn comes.
    pub(super) fn load_weights(&mut self) {
        let is_next = |it: &Self| !it.pipe_busy && it.moving.is_empty() && it.background.is_empty();
        while (self.steps.trains || is_next(self))
            && let Some(weight) = self.next_weight()
        {
            let size = &self.steps.weights[weight];
            let blocks = [0.0, size.data.blocks() as f64, size.mask.blocks() as f64];
            let load = self.loaded(blocks, self.memory.read, Event::Arrived { weight });
            self.background.push_back(load);
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
        let write = self.written([0.0, data, masks], self.memory.write, Event::WrittenBack { step });
        self.background.push_back(write);
    }

    /// Orders the transfer of an operation that only moves data, for the slice that begins with `piece`.
    pub(super) fn move_data(&mut self, step: usize, piece: usize) {
        let is_urgent = |moves: &Moves| moves.is_urgent;
        if self.steps.steps[step].moves.as_ref().is_none_or(is_urgent) {
            self.moving.push_back(Transfer::Data { step, piece });
        } else {
            let moved = self.data(step, piece);
            self.background.push_back(moved);
        }
    }

    fn transfer(&mut self, transfer: Transfer) -> Background {
        match transfer {
            Transfer::Data { step, piece } => self.data(step, piece),
            Transfer::Slice(motion) => {
                let (Motion::Out(slice) | Motion::Back(slice)) = motion;
                let size = self.activations.size(slice);
                let blocks = [size.data.blocks() as f64, 0.0, size.mask.blocks() as f64];
                let (step, batch) = slice;
                match motion {
                    Motion::Out(_) => {
                        self.timeline.slices_pushed_out += 1;
                        self.written(blocks, self.memory.write, Event::Out { step, batch })
                    }
                    Motion::Back(_) => self.loaded(blocks, self.memory.read, Event::Back { step, batch }),
                }
            }
        }
    }

    /// The transfer of an operation that only moves data, for the slice that begins with `piece`.
    fn data(&mut self, index: usize, piece: usize) -> Background {
        let (steps, memory) = (self.steps, self.memory);
        let step = &steps.steps[index];
        let event = Event::Piece { step: index, piece };
        let Some(moves) = &step.moves else {
            return self.loaded([0.0; 3], 0.0, event);
        };
        let amount = moves.amount(step.pieces.batches_of(step.pieces.slice_of(piece)));
        let blocks = [amount.data, 0.0, amount.masks];
        match moves.pattern {
            Pattern::Load => self.loaded(blocks, memory.read, event),
            Pattern::Store => self.written(blocks, memory.write, event),
            Pattern::Gather => self.loaded(blocks, memory.gather, event),
            Pattern::Scatter => {
                self.timeline.blocks_read += amount.added_to;
                let mut written = self.written(blocks, memory.scatter, event);
                let all = written.blocks.max(1.0);
                written.flow.pace += amount.added_to * memory.gather / all;
                // Other transfers continue while this one waits for a row.
                written.flow.delay += amount.waits * memory.latency;
                written
            }
        }
    }

    /// A load; its blocks are counted by destination buffer.
    fn loaded(&mut self, blocks: [f64; 3], pace: f64, event: Event) -> Background {
        let delay = self.memory.latency;
        let flow = Flow {
            is_write: false,
            pace,
            delay,
        };
        let blocks = self.count(blocks);
        self.timeline.blocks_read += blocks;
        Background { blocks, flow, event }
    }

    /// A write; its blocks are counted by source buffer.
    fn written(&mut self, blocks: [f64; 3], pace: f64, event: Event) -> Background {
        let delay = WRITE_DELAY;
        let flow = Flow {
            is_write: true,
            pace,
            delay,
        };
        let blocks = self.count(blocks);
        self.timeline.blocks_written += blocks;
        Background { blocks, flow, event }
    }

    /// Counts blocks moved to or from the three buffers; returns their sum.
    fn count(&mut self, blocks: [f64; 3]) -> f64 {
        for (total, blocks) in self.timeline.buffer_blocks.iter_mut().zip(blocks) {
            *total += blocks;
        }
        blocks.iter().sum()
    }
}

/// The next blocks in the background, at most `most`. That is as many as the DMA has in flight, so a transfer ordered
/// meanwhile waits for no more than these.
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
