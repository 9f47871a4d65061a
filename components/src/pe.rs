//! A processing element: it passes runs on to its lanes and modules, and arbitrates their buses to the buffers.

mod broadcast;
pub mod dynaprop;
pub mod mac_lane;
pub mod post_compute;
pub mod pre_compute;
pub mod row_module;
mod stage;
mod turns;

pub use stage::Stage;

use sim_core::{ActorId, Clock, Context, Cycles, Tick, Ticks};

use crate::buffer_kind::BufferKind;
use crate::energy_part::{Action, ByAction};
use crate::message::{Message, OperandFetch};
use crate::runs::{LaneGroup, Run, RunKind};
use crate::units::Bytes;
use broadcast::GroupPort;
use turns::{Delivery, Turns};

/// How many parts a PE has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeLayout {
    /// MAC lanes of a PE.
    pub lanes: u32,
    /// Lanes that share operands: a part of those of a PE.
    pub group: LaneGroup,
    /// Softmax modules of a PE.
    pub softmax: u32,
}

/// Addresses of a lane's actors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneAddresses {
    /// The MAC lane.
    pub mac: ActorId,
    /// Its DynaProp module.
    pub dynaprop: ActorId,
    /// Its pre-compute sparsity module.
    pub pre_compute: ActorId,
    /// Its post-compute sparsity module.
    pub post_compute: ActorId,
}

/// Addresses of a PE and its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeAddresses {
    /// The PE itself.
    pub pe: ActorId,
    /// Its lanes, by number.
    pub lanes: Vec<LaneAddresses>,
    /// Its softmax modules, by number.
    pub softmax: Vec<ActorId>,
    /// Its layer-norm module.
    pub layer_norm: ActorId,
}

impl PeAddresses {
    /// The lane or module number `unit` that takes runs of `kind`.
    ///
    /// # Panics
    /// The PE has no such unit.
    #[must_use]
    #[inline]
    pub fn unit(&self, kind: RunKind, unit: u16) -> ActorId {
        match kind {
            RunKind::MultiplyAccumulate | RunKind::Elementwise => self.lanes[usize::from(unit)].mac,
            RunKind::Softmax => self.softmax[usize::from(unit)],
            RunKind::LayerNorm => self.layer_norm,
        }
    }
}

/// What the PE keeps of each lane.
#[derive(Clone, Copy, Debug)]
struct LanePort {
    /// Where operands go.
    dynaprop: ActorId,
    /// When the latest operands arrive: the lane's FIFO keeps their order.
    arrival: Tick,
    /// When they would have arrived if the bandwidth of buffers had no limit; kept only if there is one.
    unhindered: Tick,
}

/// A bus between one buffer and the PE: serves transfers in the order in which they are asked for.
#[derive(Clone, Copy, Debug)]
struct OperandBus {
    bytes_per_cycle: u32,
    free_at: Tick,
    busy: Ticks,
}

impl OperandBus {
    fn new(bytes_per_cycle: u32) -> Self {
        Self {
            bytes_per_cycle,
            free_at: Tick::ZERO,
            busy: Ticks::ZERO,
        }
    }

    /// Bus time of `bytes`, which must not be 0. Both buses have the same width.
    #[inline]
    fn span(&self, bytes: u32, clock: Clock) -> Ticks {
        let cycles = if bytes <= self.bytes_per_cycle {
            1
        } else {
            bytes.div_ceil(self.bytes_per_cycle)
        };
        clock.span(Cycles(u64::from(cycles)))
    }

    /// Moves `bytes` as soon as the bus is free; returns when they have arrived.
    #[inline]
    fn transfer(&mut self, now: Tick, bytes: u32, clock: Clock) -> Tick {
        if bytes == 0 {
            return now;
        }
        let span = self.span(bytes, clock);
        self.free_at = self.free_at.max(now) + span;
        self.busy += span;
        self.free_at
    }
}

/// Accesses that a PE made to the three buffers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BufferAccesses {
    activation: u64,
    weight: u64,
    mask: u64,
}

impl BufferAccesses {
    /// Accesses by the number of the buffer.
    fn by_buffer(&self) -> [u64; 3] {
        [self.activation, self.weight, self.mask]
    }

    /// Those that were made since there were `earlier` ones.
    fn since(&self, earlier: &Self) -> Self {
        Self {
            activation: self.activation - earlier.activation,
            weight: self.weight - earlier.weight,
            mask: self.mask - earlier.mask,
        }
    }

    fn add(&mut self, other: &Self) {
        self.activation += other.activation;
        self.weight += other.weight;
        self.mask += other.mask;
    }
}

/// The PE's own part: run distribution, operand buses, write-back.
///
/// It has one bus to the activation buffer and one to the weight buffer, each `bytes_per_cycle` wide, serving its
/// lanes and modules in order of request. Each lane's operands arrive in the order in which it asked for them.
///
/// Buffers of limited bandwidth serve all PEs and the DMA in order of request. What a bus moves is there when the bus and the buffers
/// are done with it; a bus does not wait for a buffer.
///
/// Not modelled: conflicts of banks in a buffer, and the width of the mask bus.
#[derive(Clone, Debug)]
pub struct ProcessingElement {
    addresses: PeAddresses,
    clock: Clock,
    control_block: ActorId,
    /// Bytes of one access to a buffer.
    access: Bytes,
    mask_accesses_per_tile: u64,
    activation_bus: OperandBus,
    weight_bus: OperandBus,
    lanes: Vec<LanePort>,
    /// Lanes of a group; one group by itself has no port.
    group: u16,
    groups: Vec<GroupPort>,
    accesses: BufferAccesses,
    /// Those for rows of softmax and layer-norm modules.
    of_modules: BufferAccesses,
    turns: Turns,
    runs_in_flight: u32,
    /// When the PE last began to have work, and until when it had some: when the last result so far is written.
    active_since: Tick,
    active_until: Tick,
    active: Ticks,
    fetches: u64,
}

impl ProcessingElement {
    /// An idle PE. A mask of a tile takes `tile_mask`; its buses carry `bytes_per_cycle`, and an access to a buffer moves at most
    /// `access`.
    #[must_use]
    pub fn new(
        addresses: PeAddresses,
        clock: Clock,
        control_block: ActorId,
        bytes_per_cycle: u32,
        tile_mask: Bytes,
        access: Bytes,
    ) -> Self {
        let lanes = addresses.lanes.iter().map(|lane| LanePort {
            dynaprop: lane.dynaprop,
            arrival: Tick::ZERO,
            unhindered: Tick::ZERO,
        });
        Self {
            clock,
            control_block,
            access,
            mask_accesses_per_tile: tile_mask.accesses(access),
            activation_bus: OperandBus::new(bytes_per_cycle),
            weight_bus: OperandBus::new(bytes_per_cycle),
            lanes: lanes.collect(),
            group: 1,
            groups: Vec::new(),
            addresses,
            accesses: BufferAccesses::default(),
            of_modules: BufferAccesses::default(),
            turns: Turns::default(),
            runs_in_flight: 0,
            active_since: Tick::ZERO,
            active_until: Tick::ZERO,
            active: Ticks::ZERO,
            fetches: 0,
        }
    }

    /// The PE, whose lanes share operands in groups of this shape.
    #[must_use]
    pub fn with_groups(mut self, group: LaneGroup) -> Self {
        self.group = group.lanes().max(1);
        if !group.is_single() {
            let groups = self.lanes.len() / usize::from(self.group);
            self.groups = vec![GroupPort::new(self.group); groups];
        }
        self
    }

    /// The PE, whose bandwidth at these buffers is limited, by number: activation, weight, mask.
    #[must_use]
    pub fn with_limited_buffers(mut self, buffers: [Option<ActorId>; 3]) -> Self {
        self.turns = Turns::at(buffers);
        self
    }

    /// A run for one of the PE's units. Rows for softmax and layer norm are read in one go; lanes ask tile by tile.
    pub(crate) fn on_issue_run(&mut self, unit: u16, run: Run, context: &mut Context<'_, Message>) {
        if self.runs_in_flight == 0 {
            // The last result may still be on its way to the buffer.
            self.active_since = context.now().max(self.active_until);
            context.account(Action::ActivePe.kind(), Ticks::ZERO, self.active_since, 1);
        }
        self.runs_in_flight += 1;
        let target = self.addresses.unit(run.kind, unit);
        let began = match run.kind {
            RunKind::MultiplyAccumulate | RunKind::Elementwise => {
                if let Some(port) = self.groups.get_mut(usize::from(unit / self.group)) {
                    port.begin(unit % self.group, &run);
                }
                context.now() + self.clock.period()
            }
            RunKind::Softmax | RunKind::LayerNorm => {
                let before = self.accesses;
                let there = self.read_row(&run, context);
                let made = self.accesses.since(&before);
                self.of_modules.add(&made);
                if self.turns.exist() {
                    let what = Delivery::Row { module: target, run };
                    return self.await_turn(what, there, &made, false, context);
                }
                there + self.clock.period()
            }
        };
        context.send_at(target, began, Message::StartRun(run));
    }

    /// Reads a row of tiles; when the bus has moved it.
    fn read_row(&mut self, run: &Run, context: &mut Context<'_, Message>) -> Tick {
        let tiles = u32::from(run.length);
        let bytes = (run.left_bytes + run.right_bytes) * tiles;
        let operands = 1 + u64::from(run.right_bytes > 0);
        self.accesses.activation += self.accesses_of(bytes);
        let masks = self.mask_accesses_per_tile * u64::from(tiles) * operands;
        self.accesses.mask += masks;
        let there = self.activation_bus.transfer(context.now(), bytes, self.clock);
        if context.accounts() {
            self.account_bus(BufferKind::Activation, there, bytes, context);
            self.account_masks(masks, context);
        }
        there
    }

    #[inline]
    pub(crate) fn on_fetch_operands(&mut self, fetch: OperandFetch, context: &mut Context<'_, Message>) {
        if !self.groups.is_empty() {
            return self.on_fetch_of_group(fetch, context);
        }
        let (now, before) = (context.now(), self.accesses);
        let (activation_bytes, weight_bytes) = (fetch.activation_bytes(), fetch.weight_bytes());
        let left = self.activation_bus.transfer(now, activation_bytes, self.clock);
        let right = self.weight_bus.transfer(now, weight_bytes, self.clock);
        self.accesses.activation += self.accesses_of(activation_bytes);
        self.accesses.weight += self.accesses_of(weight_bytes);
        let masks = self.mask_accesses_per_tile * fetch.tiles();
        self.accesses.mask += masks;
        self.fetches += 1;
        if context.accounts() {
            self.account_bus(BufferKind::Activation, left, activation_bytes, context);
            self.account_bus(BufferKind::Weight, right, weight_bytes, context);
            self.account_masks(masks, context);
            let cycle = self.clock.period();
            context.account(Action::OperandFetch.kind(), cycle, now + cycle, 1);
        }
        if self.turns.exist() {
            let made = self.accesses.since(&before);
            let what = Delivery::Operands(fetch);
            return self.await_turn(what, left.max(right), &made, false, context);
        }
        let lane = &mut self.lanes[usize::from(fetch.lane)];
        lane.arrival = left.max(right).max(lane.arrival);
        context.send_at(lane.dynaprop, lane.arrival, Message::OperandsFetched(fetch.work));
    }

    /// Writes a run's result back and reports it to the control block.
    pub(crate) fn on_result_compressed(&mut self, run: Run, context: &mut Context<'_, Message>) {
        let before = self.accesses;
        let made = self.accesses_of(run.result_bytes);
        let (bus, accesses, buffer) = if run.sources.result_is_weight {
            (
                &mut self.weight_bus,
                &mut self.accesses.weight,
                BufferKind::Weight,
            )
        } else {
            let accesses = &mut self.accesses.activation;
            (&mut self.activation_bus, accesses, BufferKind::Activation)
        };
        let written = bus.transfer(context.now(), run.result_bytes, self.clock);
        *accesses += made;
        let masks = self.mask_accesses_per_tile * u64::from(run.result_tiles());
        self.accesses.mask += masks;
        if context.accounts() {
            self.account_bus(buffer, written, run.result_bytes, context);
            self.account_masks(masks, context);
        }
        let made = self.accesses.since(&before);
        if matches!(run.kind, RunKind::Softmax | RunKind::LayerNorm) {
            self.of_modules.add(&made);
        }
        match self.turns.exist() {
            true => self.await_turn(Delivery::Result(run), written, &made, false, context),
            false => self.retire(run, written, context),
        }
    }

    /// Reports a run to the control block whose result is in its buffer at `written`.
    fn retire(&mut self, run: Run, written: Tick, context: &mut Context<'_, Message>) {
        // A result on the other bus may be written later than this one, which came after it.
        self.active_until = self.active_until.max(written);
        self.runs_in_flight -= 1;
        if self.runs_in_flight == 0 {
            self.active += self.active_until.since(self.active_since);
            context.account(Action::ActivePe.kind(), Ticks::ZERO, self.active_until, 0);
        }
        context.send_at(
            self.control_block,
            written + self.clock.period(),
            Message::RunRetired(run),
        );
    }

    /// Accounts for `bytes` that a bus has moved, to or from `buffer`, by `there`.
    #[cold]
    fn account_bus(&self, buffer: BufferKind, there: Tick, bytes: u32, context: &mut Context<'_, Message>) {
        if bytes > 0 {
            let time = self.activation_bus.span(bytes, self.clock);
            context.account(Action::Bus.kind(), time, there, 1);
            context.account(
                Action::access(buffer).kind(),
                time,
                there,
                self.accesses_of(bytes),
            );
        }
    }

    /// Accounts for accesses to the mask buffer, which has no bus of limited width.
    #[cold]
    fn account_masks(&self, masks: u64, context: &mut Context<'_, Message>) {
        let cycle = self.clock.period();
        context.account(Action::MaskAccess.kind(), cycle, context.now() + cycle, masks);
    }

    /// Accesses to a buffer that a transfer of `bytes` takes.
    #[inline]
    fn accesses_of(&self, bytes: u32) -> u64 {
        Bytes(u64::from(bytes)).accesses(self.access)
    }

    pub(crate) fn count_actions(&self, counts: &mut ByAction<u64>) {
        counts[Action::ActivationAccess] += self.accesses.activation;
        counts[Action::WeightAccess] += self.accesses.weight;
        counts[Action::MaskAccess] += self.accesses.mask;
        counts[Action::OperandFetch] += self.fetches;
        counts[Action::ActivePe] += self.active.0;
        counts[Action::Bus] += (self.activation_bus.busy + self.weight_bus.busy).0;
    }

    /// Accesses to the activation, weight and mask buffer for the runs of lanes, those for rows of modules left out.
    #[must_use]
    pub fn accesses_of_lanes(&self) -> [u64; 3] {
        self.accesses.since(&self.of_modules).by_buffer()
    }

    /// Runs that were issued and have not been written back.
    #[must_use]
    pub fn runs_in_flight(&self) -> u32 {
        self.runs_in_flight
    }
}

#[cfg(test)]
mod tests;
