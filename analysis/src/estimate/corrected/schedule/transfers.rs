//! Main memory: one transfer after another, slices and rows before weights.

use super::activations::Motion;
use super::{Event, Schedule, Transfer};
use crate::estimate::corrected::step::Move;

/// Cycles from the order of a write to its end, beside the time for its blocks: to the DMA, into main memory's queue, and
/// through a port of the buffer.
const WRITE_DELAY: f64 = 3.0;

impl Schedule<'_> {
    /// Begins the next transfer if main memory is free: data of operations first, then weights as they find room.
    pub(super) fn use_pipe(&mut self) {
        if self.pipe_busy {
            return;
        }
        let (time, event, delay) = if let Some(transfer) = self.moving.pop_front() {
            self.transfer(transfer)
        } else if let Some((weight, blocks)) = self.next_of_weights() {
            let event = match self.loading {
                Some(_) => Event::Part,
                None => Event::Arrived { weight },
            };
            (blocks * self.memory.read, event, self.memory.latency)
        } else {
            return;
        };
        self.pipe_busy = true;
        self.timeline.memory_busy += time;
        self.send(time, Event::Pipe);
        self.send(time + delay, event);
    }

    /// The next blocks of weights, as many as the DMA has under way: what comes meanwhile waits for no more.
    fn next_of_weights(&mut self) -> Option<(usize, f64)> {
        let (weight, left) = match self.loading.take() {
            Some(loading) => loading,
            None => {
                let weight = self.next_weight()?;
                let size = &self.steps.weights[weight];
                let blocks = self.read([0.0, size.data.blocks() as f64, size.mask.blocks() as f64]);
                (weight, blocks)
            }
        };
        let part = left.min(self.part);
        if left > part {
            self.loading = Some((weight, left - part));
        }
        Some((weight, part))
    }

    fn next_weight(&mut self) -> Option<usize> {
        let mut losers = Vec::new();
        let progress = &self.progress;
        let next = self
            .room
            .next_load(|user| progress[user].pinned.is_some(), &mut losers);
        for loser in losers {
            self.progress[loser].weights_missing += 1;
            self.issuable.iter_mut().for_each(|ready| {
                ready.remove(&loser);
            });
        }
        next
    }

    /// How long a transfer holds main memory, what comes of it, and how long after its end.
    fn transfer(&mut self, transfer: Transfer) -> (f64, Event, f64) {
        let memory = self.memory;
        match transfer {
            Transfer::Data { step, piece } => {
                let event = Event::Piece { step, piece };
                let batches = self.pieces.batches_of(piece);
                match self.steps.steps[step].moves {
                    Move::Gather { data, masks } => {
                        let blocks = self.read([data * batches, 0.0, masks * batches]);
                        (blocks * memory.gather, event, memory.latency)
                    }
                    Move::Store { data, masks } => {
                        self.written([data * batches, 0.0, masks * batches], event)
                    }
                    Move::Nothing => (0.0, event, 0.0),
                }
            }
            Transfer::Slice(motion) => {
                let (Motion::Out(slice) | Motion::Back(slice)) = motion;
                let size = self.activations.size(slice);
                let blocks = [size.data.blocks() as f64, 0.0, size.mask.blocks() as f64];
                let (step, batch) = slice;
                match motion {
                    Motion::Out(_) => self.written(blocks, Event::Out { step, batch }),
                    Motion::Back(_) => {
                        let blocks = self.read(blocks);
                        (blocks * memory.read, Event::Back { step, batch }, memory.latency)
                    }
                }
            }
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
    fn written(&mut self, blocks: [f64; 3], event: Event) -> (f64, Event, f64) {
        let all = blocks.iter().sum::<f64>();
        self.timeline.blocks_written += all;
        self.count(blocks);
        let waits = (all - self.memory.posted_writes).max(0.0);
        (waits * self.memory.write, event, WRITE_DELAY)
    }

    fn count(&mut self, blocks: [f64; 3]) {
        for (total, blocks) in self.timeline.buffer_blocks.iter_mut().zip(blocks) {
            *total += blocks;
        }
    }
}
