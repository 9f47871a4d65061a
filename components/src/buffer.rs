//! The activation, weight and mask buffers: on-chip SRAMs.

mod bandwidth;

use sim_core::statistics::Gauge;
use sim_core::{ActorId, Clock, Context, Cycles, Tick};

pub use crate::buffer_kind::BufferKind;
pub use bandwidth::Bandwidth;

use crate::energy_part::{Action, ByAction};
use crate::message::{Message, TransferId};
use crate::trace_event::Counter;
use crate::units::{BLOCK, Bytes};
use bandwidth::Ports;

/// One buffer, as an actor: it takes blocks from the DMA through its ports and tracks how full it is.
///
/// The control block decides what it holds; the buffer checks that its capacity is never exceeded. PEs read and write
/// through ports of their own, which are part of the PE's model. If its bandwidth is limited, all of them and the DMA share it.
#[derive(Clone, Debug)]
pub struct Buffer {
    kind: BufferKind,
    capacity: Bytes,
    clock: Clock,
    ports: u32,
    /// Bytes of an access, and accesses that a block of 64 bytes takes.
    access: Bytes,
    accesses_per_block: u64,
    /// What PEs and DMA share; `None` if there is no limit.
    bandwidth: Option<Ports>,
    control_block: ActorId,
    occupancy: Gauge,
    cycle: Tick,
    served_in_cycle: u32,
    blocks_filled: u64,
    blocks_drained: u64,
    overflows: u64,
}

impl Buffer {
    /// An empty buffer whose DMA side moves `ports` blocks of 64 bytes per cycle, each in accesses of at most `access`.
    #[must_use]
    pub fn new(
        kind: BufferKind,
        capacity: Bytes,
        clock: Clock,
        ports: u32,
        access: Bytes,
        control_block: ActorId,
    ) -> Self {
        Self {
            kind,
            capacity,
            clock,
            ports: ports.max(1),
            access,
            accesses_per_block: BLOCK.accesses(access),
            bandwidth: None,
            control_block,
            occupancy: Gauge::default(),
            cycle: Tick::ZERO,
            served_in_cycle: 0,
            blocks_filled: 0,
            blocks_drained: 0,
            overflows: 0,
        }
    }

    /// The buffer, which moves no more than `bandwidth` if there is one.
    #[must_use]
    pub fn with_bandwidth(mut self, bandwidth: Option<Bandwidth>) -> Self {
        self.bandwidth = bandwidth.map(|bandwidth| Ports::new(bandwidth, self.access, self.clock));
        self
    }

    pub(crate) fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match message {
            Message::BlockFilled { transfer, completes } => {
                self.on_block_filled(transfer, completes, context)
            }
            Message::BlockDrained { transfer, completes } => {
                self.on_block_drained(transfer, completes, context)
            }
            Message::Reserve(bytes) => self.on_reserve(bytes, context),
            Message::Release(bytes) => self.on_release(bytes, context),
            Message::BufferRequest(request) => match &mut self.bandwidth {
                Some(ports) => ports.on_request(request, context),
                None => context.stop("a buffer without a limit was asked for a turn"),
            },
            Message::ServePorts => {
                if let Some(ports) = &mut self.bandwidth {
                    ports.serve(self.control_block, context);
                }
            }
            other => context.stop(format!("a buffer takes no {other:?}")),
        }
    }

    fn on_block_filled(&mut self, transfer: TransferId, completes: bool, context: &mut Context<'_, Message>) {
        self.blocks_filled += 1;
        self.move_block(transfer, completes, context);
    }

    fn on_block_drained(
        &mut self,
        transfer: TransferId,
        completes: bool,
        context: &mut Context<'_, Message>,
    ) {
        self.blocks_drained += 1;
        self.move_block(transfer, completes, context);
    }

    /// Passes a block through the first free port; a transfer is done at the end of its last block's cycle.
    fn move_block(&mut self, transfer: TransferId, completes: bool, context: &mut Context<'_, Message>) {
        let edge = self.clock.edge_at_or_after(context.now());
        if edge > self.cycle {
            self.cycle = edge;
            self.served_in_cycle = 0;
        }
        if self.served_in_cycle == self.ports {
            self.cycle += self.clock.period();
            self.served_in_cycle = 0;
        }
        self.served_in_cycle += 1;
        let cycle = self.clock.period();
        let accesses = self.accesses_per_block;
        context.account(
            Action::access(self.kind).kind(),
            cycle,
            self.cycle + cycle,
            accesses,
        );
        let done = self.cycle + self.clock.span(Cycles(1));
        if let Some(ports) = &mut self.bandwidth {
            return ports.on_block(accesses, completes.then_some((transfer, done)), context);
        }
        if completes {
            context.send_at(self.control_block, done, Message::TransferDone(transfer));
        }
    }

    fn on_reserve(&mut self, bytes: Bytes, context: &mut Context<'_, Message>) {
        let held = self.occupancy.value() + bytes.0;
        if held > self.capacity.0 {
            self.overflows += 1;
        }
        self.hold(held, context);
    }

    fn on_release(&mut self, bytes: Bytes, context: &mut Context<'_, Message>) {
        let Some(held) = self.occupancy.value().checked_sub(bytes.0) else {
            context.stop(format!(
                "the {} buffer was asked to release more than it holds",
                self.kind.name()
            ));
            return;
        };
        self.hold(held, context);
    }

    fn hold(&mut self, held: u64, context: &mut Context<'_, Message>) {
        self.occupancy.set(context.now(), held);
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| sink.counter(actor, now, Counter::BufferOccupancy.number(), held));
    }

    pub(crate) fn count_actions(&self, counts: &mut ByAction<u64>) {
        counts[Action::access(self.kind)] += self.blocks_moved() * self.accesses_per_block;
    }

    /// Which buffer it is.
    #[must_use]
    pub fn kind(&self) -> BufferKind {
        self.kind
    }

    /// What it can hold.
    #[must_use]
    pub fn capacity(&self) -> Bytes {
        self.capacity
    }

    /// What it held over time.
    #[must_use]
    pub fn occupancy(&self) -> &Gauge {
        &self.occupancy
    }

    /// Blocks that the DMA moved in and out.
    #[must_use]
    pub fn blocks_moved(&self) -> u64 {
        self.blocks_filled + self.blocks_drained
    }

    /// How often it was asked to hold more than its capacity; zero unless the control block is wrong.
    #[must_use]
    pub fn overflows(&self) -> u64 {
        self.overflows
    }
}

#[cfg(test)]
mod tests;
