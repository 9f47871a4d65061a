//! Cycles and energy of the steps, one after the other.

use scenarios::schema::costs::ModuleCost;

use super::constants::{Constants, DENSITY};
use super::lowering::{ComputeStep, Lowering, MemoryStep, Transfer};
use super::work::{Costed, Machine, Resource};
use super::{Convention, Energy, EstimateError, Power, PublishedAccelerator, Workload, group};

/// The result of a walk over all steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Walked {
    /// Cycles.
    pub cycles: i128,
    /// Energy.
    pub energy: Energy,
}

/// Walks the memory list and the compute list of `workload` in lockstep.
///
/// # Errors
/// The embeddings exceed the weight buffer.
pub fn walk(
    workload: Workload<'_>,
    accelerator: &PublishedAccelerator,
    constants: &Constants,
    convention: &Convention,
) -> Result<Walked, EstimateError> {
    let lowering = Lowering::new(workload, accelerator.batch, convention);
    let mut walk = Walk {
        machine: Machine {
            accelerator,
            constants,
            convention,
        },
        last_tiles: 0.0,
        energy: Energy::default(),
    };
    let mut cycles = walk.embeddings(lowering.embeddings())?;
    let (mut memory, mut compute) = (lowering.memory_steps(), lowering.compute_steps());
    loop {
        let (moved, worked) = match (memory.next(), compute.next()) {
            (None, None) => break,
            (transfer, work) => (
                transfer.map_or(0, |step| walk.memory(step)),
                work.map_or(0, |step| walk.compute(step)),
            ),
        };
        cycles += if convention.transfers_before_work {
            moved + worked
        } else {
            moved.max(worked)
        };
    }
    if !convention.no_idle_leakage {
        walk.leak_for(cycles);
    }
    Ok(Walked {
        cycles,
        energy: walk.energy,
    })
}

struct Walk<'a> {
    machine: Machine<'a>,
    /// Tiles of the last softmax or layer norm.
    last_tiles: f64,
    energy: Energy,
}

impl Walk<'_> {
    fn embeddings(&mut self, elements: u64) -> Result<i128, EstimateError> {
        let Machine {
            accelerator,
            constants,
            convention,
        } = self.machine;
        let megabytes = constants.stored_bits(elements as f64) / 8.0 / 1_048_576.0;
        if convention.whole_embedding_table && megabytes > accelerator.weight_mb {
            return Err(EstimateError::EmbeddingsExceedWeightBuffer {
                needed_mb: megabytes,
                available_mb: accelerator.weight_mb,
            });
        }
        let cycles = self.transfer_cycles(Transfer::Load(elements));
        if !convention.embeddings_without_energy {
            self.charge_transfer(Transfer::Load(elements));
        }
        Ok(cycles)
    }

    /// Charges a memory step, and returns its cycles.
    fn memory(&mut self, step: MemoryStep) -> i128 {
        let (transfers, timed) = match step {
            MemoryStep::Group(transfers) => (transfers, !self.machine.convention.head_transfers_without_time),
            MemoryStep::Single(transfer) => (vec![transfer], true),
        };
        for &transfer in &transfers {
            self.charge_transfer(transfer);
        }
        let cycles = transfers
            .into_iter()
            .map(|transfer| self.transfer_cycles(transfer));
        if timed { cycles.sum() } else { 0 }
    }

    fn transfer_cycles(&self, transfer: Transfer) -> i128 {
        let constants = self.machine.constants;
        let (elements, bits_per_cycle) = match transfer {
            Transfer::Load(elements) | Transfer::WriteBack(elements) => {
                (elements, constants.memory_bits_per_cycle)
            }
            Transfer::Store(elements) => (elements, constants.buffer_bits_per_cycle),
        };
        (constants.stored_bits(elements as f64) / bits_per_cycle).ceil() as i128
    }

    fn charge_transfer(&mut self, transfer: Transfer) {
        let constants = self.machine.constants;
        let blocks = |elements: u64, density: f64| {
            let elements = elements as f64;
            if self.machine.convention.elements_as_bytes {
                elements * density / constants.block_bytes
            } else {
                constants.stored_bits(elements) / 8.0 / constants.block_bytes
            }
        };
        match transfer {
            Transfer::Load(elements) | Transfer::WriteBack(elements) => {
                self.energy.main_memory += constants.memory_access_nj * blocks(elements, DENSITY);
            }
            Transfer::Store(elements) => {
                self.energy.buffer += constants.buffer_access_nj * blocks(elements, 1.0);
            }
        }
    }

    /// Charges a compute step, and returns its cycles.
    fn compute(&mut self, step: ComputeStep) -> i128 {
        match step {
            ComputeStep::Group(heads) => {
                let mut cost = |work| {
                    let costed = self.machine.cost(work, &mut self.last_tiles);
                    self.energy.charge(&self.machine, costed, true);
                    costed
                };
                let heads: Vec<Vec<Costed>> = heads
                    .into_iter()
                    .map(|head| head.into_iter().map(&mut cost).collect())
                    .collect();
                group::cycles(&heads, !self.machine.convention.heads_without_dependence)
            }
            ComputeStep::Single(work) => {
                let costed = self.machine.cost(work, &mut self.last_tiles);
                let staged = !self.machine.convention.only_heads_charge_stages;
                self.energy.charge(&self.machine, costed, staged);
                costed.cycles
            }
        }
    }

    /// Charges leakage of all modules and buffers for `cycles`, replacing what they leaked while they worked.
    fn leak_for(&mut self, cycles: i128) {
        let (constants, accelerator) = (self.machine.constants, self.machine.accelerator);
        let (lanes, pes) = (accelerator.lanes(), f64::from(accelerator.processing_elements));
        let nanojoules = |milliwatts: f64| milliwatts / constants.clock_mhz * cycles as f64;
        let energy = &mut self.energy;
        energy.mac_lanes.leakage = nanojoules(constants.lane.leakage_mw * lanes);
        energy.softmax.leakage = nanojoules(constants.softmax.leakage_mw * accelerator.softmax_modules());
        energy.layer_norm.leakage = nanojoules(constants.layer_norm.leakage_mw * pes);
        energy.sparsity.leakage = nanojoules(constants.sparsity().leakage * lanes);
        let elements = (constants.dma.leakage_mw + constants.dataflow.leakage_mw) * pes;
        energy.others.leakage = nanojoules(elements + constants.fifo.leakage_mw * lanes);
        energy.buffer += nanojoules(constants.buffers_leakage_mw);
    }
}

impl Energy {
    /// Charges the modules that work on an operation and, if it is `staged`, those that its tiles pass through.
    fn charge(&mut self, machine: &Machine<'_>, costed: Costed, staged: bool) {
        let (constants, accelerator) = (machine.constants, machine.accelerator);
        let pes = f64::from(accelerator.processing_elements);
        let (group, module, count) = match costed.resource {
            Resource::MacLanes => (&mut self.mac_lanes, constants.lane, accelerator.lanes()),
            Resource::Softmax => (
                &mut self.softmax,
                constants.softmax,
                accelerator.softmax_modules(),
            ),
            Resource::LayerNorm => (&mut self.layer_norm, constants.layer_norm, pes),
        };
        group.add(power(module), count / constants.clock_mhz * costed.cycles as f64);
        if !staged {
            return;
        }
        let (lanes, pes) = if machine.convention.tiles_charge_all_modules {
            (accelerator.lanes(), pes)
        } else {
            (1.0, 1.0)
        };
        let microseconds = costed.staged_tiles / constants.clock_mhz;
        self.sparsity.add(constants.sparsity(), lanes * microseconds);
        self.others.add(constants.others(), pes * microseconds);
    }
}

fn power(module: ModuleCost) -> Power {
    Power {
        dynamic: module.dynamic_mw,
        leakage: module.leakage_mw,
    }
}

impl Power {
    /// Adds the energy of `power`, in mW, over `microseconds`; the product is in nJ.
    fn add(&mut self, power: Power, microseconds: f64) {
        self.dynamic += power.dynamic * microseconds;
        self.leakage += power.leakage * microseconds;
    }
}
