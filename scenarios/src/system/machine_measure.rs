//! What the actors of one machine report after a run.

use std::collections::BTreeMap;

use components::Component;
use components::buffer::BufferKind;
use components::control_block::{ControlBlock, PhaseAccount, RoleCounts, StallAccount};
use components::density::PairSum;
use components::energy_part::{Action, ByAction, Measure};
use components::message::Traffic;
use components::operation::{Phase, Role};
use components::pe::row_module::RowFunction;
use components::units::Bytes;
use sim_core::{Tick, Ticks, Timebase};

use super::ValueCheck;
use super::{Energy, MachinePlan, RunError, energy};

/// All MAC lanes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneTotals {
    /// Tile operations finished.
    pub tiles: u64,
    /// Multiplications, zeros counted.
    pub dense_multiplications: u64,
    /// Multiplications of two non-zero words, rounded once.
    pub multiplications: u64,
    /// Busy time of the DynaProp modules.
    pub dynaprop_busy: Ticks,
}

/// A buffer over the run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BufferUse {
    /// Which buffer.
    pub kind: BufferKind,
    /// What it can hold, in bytes.
    pub capacity: u64,
    /// The most it held, in bytes.
    pub peak: u64,
    /// What it held on average, in bytes.
    pub mean: f64,
    /// What it held at the end, in bytes.
    pub last: u64,
    /// Blocks moved by the DMA.
    pub blocks_moved: u64,
    /// Accesses by lanes, for operands and results.
    pub lane_accesses: u64,
    /// How often it was over its capacity.
    pub overflows: u64,
}

/// What one transformer did on its machine.
#[derive(Clone, Debug)]
pub struct MachineMeasurements {
    /// When it started.
    pub started: Tick,
    /// When the last operation finished.
    pub finished: Tick,
    /// When its first batch was through.
    pub first_batch: Tick,
    /// Tile operations by role.
    pub roles: BTreeMap<Role, RoleCounts>,
    /// Number of runs issued, and of runs retired.
    pub runs: (u64, u64),
    /// Slices that were spilled to main memory.
    pub spills: u64,
    /// Idle lane time by cause.
    pub stalls: StallAccount,
    /// When each phase began.
    pub phases: PhaseAccount,
    /// All MAC lanes.
    pub lanes: LaneTotals,
    /// Tiles that softmax modules finished.
    pub softmax_tiles: u64,
    /// Tiles that layer-norm modules finished.
    pub layer_norm_tiles: u64,
    /// What the machine did that takes energy: ticks summed over all that did it, or numbers.
    pub actions: ByAction<u64>,
    /// Runs that were never written back to a buffer.
    pub runs_in_flight: u64,
    /// The buffers: activation, weight, mask.
    pub buffers: Vec<BufferUse>,
    /// Requests of the DMA, by kind of traffic.
    pub dma_requests: [u64; Traffic::ALL.len()],
    /// Blocks that the DMA read for its own adders.
    pub dma_blocks_added: u64,
    /// Requests of the DMA that were never answered.
    pub dma_outstanding: u32,
    /// Time with at least one request in flight.
    pub dma_busy: Ticks,
    /// Whether the numbers were right; `None` if the machine did not compute with any.
    pub values: Option<ValueCheck>,
}

impl MachineMeasurements {
    /// What the machine of `plan` did; `actors` are its own.
    pub(super) fn of<'a>(
        actors: impl Iterator<Item = &'a Component> + Clone,
        plan: &MachinePlan,
    ) -> Result<Self, RunError> {
        let control = control_block(actors.clone())?;
        let finished = control.finished_at().ok_or_else(|| {
            RunError::Standstill(
                control
                    .stuck_on()
                    .unwrap_or_else(|| "no operation is left in the window".to_owned()),
            )
        })?;
        let mut measurements = Self {
            started: plan.start,
            finished,
            first_batch: control.first_batch_at().unwrap_or(finished),
            roles: control.roles().clone(),
            runs: control.runs(),
            spills: control.spills(),
            stalls: *control.stalls(),
            phases: *control.phases(),
            lanes: LaneTotals::default(),
            softmax_tiles: 0,
            layer_norm_tiles: 0,
            actions: ByAction::default(),
            runs_in_flight: 0,
            buffers: Vec::new(),
            dma_requests: [0; Traffic::ALL.len()],
            dma_blocks_added: 0,
            dma_outstanding: 0,
            dma_busy: Ticks::ZERO,
            values: None,
        };
        let lanes = actors.clone().filter_map(|actor| match actor {
            Component::MacLane(lane) => Some(lane.counts().multiplications),
            _ => None,
        });
        measurements.lanes.multiplications = lanes.sum::<PairSum>().nearest();
        actors.clone().for_each(|actor| measurements.add(actor));
        for buffer in &mut measurements.buffers {
            let by_lanes = actors.clone().map(|actor| match actor {
                Component::ProcessingElement(pe) => pe.accesses_of_lanes()[buffer.kind as usize],
                _ => 0,
            });
            buffer.lane_accesses = by_lanes.sum();
        }
        measurements.actions[Action::SwitchedOn] = measurements.duration().0;
        Ok(measurements)
    }

    fn add(&mut self, actor: &Component) {
        actor.count_actions(&mut self.actions);
        match actor {
            Component::MacLane(lane) => {
                let counts = lane.counts();
                self.lanes.tiles += counts.tiles;
                self.lanes.dense_multiplications += counts.dense_multiplications;
                self.stalls.charge_bandwidth(counts.waited);
            }
            Component::DynaProp(module) => self.lanes.dynaprop_busy += module.stage().busy(),
            Component::RowModule(module) => match module.function() {
                RowFunction::Softmax => self.softmax_tiles += module.tiles(),
                RowFunction::LayerNorm => self.layer_norm_tiles += module.tiles(),
            },
            Component::ProcessingElement(pe) => self.runs_in_flight += u64::from(pe.runs_in_flight()),
            Component::Buffer(buffer) => self.buffers.push(BufferUse {
                kind: buffer.kind(),
                capacity: buffer.capacity().0,
                peak: buffer.occupancy().peak(),
                mean: buffer.occupancy().mean_since(self.started, self.finished),
                last: buffer.occupancy().value(),
                blocks_moved: buffer.blocks_moved(),
                lane_accesses: 0,
                overflows: buffer.overflows(),
            }),
            Component::Dma(dma) => {
                self.dma_requests = dma.requests();
                self.dma_blocks_added = dma.blocks_added();
                self.dma_outstanding = dma.outstanding();
                self.dma_busy = dma.busy();
            }
            Component::ControlBlock(_)
            | Component::PreCompute(_)
            | Component::PostCompute(_)
            | Component::Memory(_)
            | Component::IdealMemory(_)
            | Component::Background(_) => {}
        }
    }

    /// Bytes that a buffer moved for lanes, modules and DMA, of which an access moves `access` each: what its energy is charged for.
    #[must_use]
    pub fn bytes_of(&self, buffer: BufferKind, access: Bytes) -> Bytes {
        access * self.actions[Action::access(buffer)]
    }

    /// Time from start to finish.
    #[must_use]
    pub fn duration(&self) -> Ticks {
        self.finished.since(self.started)
    }

    /// The time of an action that is counted by time, summed over all that did it.
    #[must_use]
    pub fn time(&self, action: Action) -> Ticks {
        debug_assert_eq!(action.measure(), Measure::Time, "{action:?} is counted by number");
        Ticks(self.actions[action])
    }

    /// Energy by part, main memory left out.
    #[must_use]
    pub fn energy(&self, plan: &MachinePlan, timebase: Timebase) -> Energy {
        let actions = ByAction::new(|action| self.actions[action] as f64);
        energy(plan, timebase, &actions)
    }

    /// When `phase` began, and when the next phase began or the run ended; `None` if it never began.
    #[must_use]
    pub fn phase_span(&self, phase: Phase) -> Option<(Tick, Tick)> {
        let start = self.phases.began(phase)?;
        let later = Phase::ALL.into_iter().filter(|&other| other > phase);
        let end = later.filter_map(|other| self.phases.began(other)).min();
        Some((start, end.unwrap_or(self.finished)))
    }

    /// Tile operations finished, without additions: those that the mapper's program has without them.
    #[must_use]
    pub fn tile_operations(&self) -> u64 {
        self.roles
            .iter()
            .filter(|(role, _)| !role.is_add())
            .map(|(_, counts)| counts.retired)
            .sum()
    }

    /// Tile operations that added tensors.
    #[must_use]
    pub fn add_tile_operations(&self) -> u64 {
        self.roles
            .iter()
            .filter(|(role, _)| role.is_add())
            .map(|(_, counts)| counts.retired)
            .sum()
    }
}

fn control_block<'a>(mut actors: impl Iterator<Item = &'a Component>) -> Result<&'a ControlBlock, RunError> {
    let control = actors.find_map(|actor| match actor {
        Component::ControlBlock(control) => Some(&**control),
        _ => None,
    });
    control.ok_or_else(|| RunError::Standstill("the machine has no control block".to_owned()))
}
