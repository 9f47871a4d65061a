//! The corrected convention: the event-driven model in closed form.
//!
//! It uses the simulator's plan of blocks, runs and costs, but no tiles, requests or messages. The runs of each step of the plan
//! fall into a few classes, and a formula gives the time of each on a unit (`cost`, `pricing`). Main memory is a pace in blocks,
//! found by walking one channel's timing rules along a stream (`stream`, `memory`). The steps get room in their order, and units
//! some rows of tiles at a time (`schedule`). What moves is the plan's, so it is the simulation's to the byte.
//!
//! `docs/conventions.md` states how far it is from the simulation, and where not to trust it.

mod account;

mod bounds;
mod caution;
mod chain;
mod contention;
mod energy;
mod memory;
mod open_rows;
mod ports;
mod pricing;
mod queues;
mod schedule;
mod shape;
mod stream;

use components::message::Traffic;
use components::operation::Operation;
use components::tile::Dimension;
use components::units::BLOCK;
use components::work::MovedRows;
use scenarios::system::{self, MachinePlan, Plan};
use serde::{Deserialize, Serialize};

pub use bounds::{Bounds, LayerEstimate, Limit};
pub use caution::Caution;
pub use energy::energy_by_group;

use crate::{Estimate, EstimateError};
use caution::Risks;
use memory::Memory;

/// The cost of a scenario by the corrected convention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoarseEstimate {
    /// Area, cycles, energy.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// What they are made up of.
    #[serde(flatten)]
    pub details: Details,
}

/// What an estimate by the corrected convention is made up of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// Leakage of the buffers, which is part of `energy_nj.buffer`, in nJ.
    pub buffer_leakage_nj: f64,
    /// How long each part of the machine would take if nothing else took time, in cycles.
    pub bounds: Bounds,
    /// The part that takes longest.
    pub bound_by: Limit,
    /// Why cycles may be farther off than usual; `None` if there is no known reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<Caution>,
    /// Blocks of activations and gradients that the plan writes to main memory for lack of room. Blocks that main memory holds
    /// already are not counted.
    pub slices_pushed_out: u64,
    /// One row per phase and layer.
    pub layers: Vec<LayerEstimate>,
}

/// Estimates the scenario's own machine in `plan`.
///
/// # Errors
/// A step never gets the room it needs.
pub fn coarse_estimate(plan: &Plan) -> Result<CoarseEstimate, EstimateError> {
    let machine = &plan.machine;
    let memory = Memory::of(plan, gathered_row(machine));
    let (timeline, account) = schedule::schedule(plan, &memory)?;
    let actions = energy::actions(machine, &timeline);
    let [read, written] = [timeline.blocks_read, timeline.blocks_written].map(|blocks| blocks as f64);
    let main_memory = memory.energy(read, written, timeline.cycles);
    let clock_mhz = machine.scenario.accelerator.clock_mhz;
    let risks = Risks::of(&timeline, &memory, account.chain_on_buses());
    let (bounds, layers) = account.bounds();
    Ok(CoarseEstimate {
        estimate: Estimate {
            area_mm2: system::area(machine).total().0,
            cycles: timeline.cycles.ceil() as i128,
            clock_mhz,
            seconds: timeline.cycles / (clock_mhz * 1e6),
            energy_nj: energy_by_group(machine, plan.timebase, &actions, main_memory),
        },
        details: Details {
            buffer_leakage_nj: energy::buffer_leakage_nj(machine, plan.timebase, &actions),
            bound_by: bounds.limit(),
            caution: Caution::of(plan, &risks),
            slices_pushed_out: timeline.blocks_pushed_out,
            bounds,
            layers,
        },
    })
}

/// Blocks of 64 bytes that cross the memory bus of the scenario's own machine in `plan`, by kind of traffic: exactly those of a run.
///
/// # Errors
/// A step never gets the room it needs.
pub fn blocks_moved(plan: &Plan) -> Result<[u64; Traffic::ALL.len()], EstimateError> {
    let memory = Memory::of(plan, BLOCK.0);
    let (timeline, _) = schedule::schedule(plan, &memory)?;
    Ok(timeline.requests)
}

/// Bytes of the longest row of a table that is gathered or scattered.
fn gathered_row(machine: &MachinePlan) -> u64 {
    let of_table = |operation: &Operation| {
        let movement = operation.work.profile().movement()?;
        let columns = u64::from(operation.grid.extent(Dimension::J));
        (movement.rows != MovedRows::Consecutive)
            .then(|| {
                operation
                    .moved_kind()
                    .map(|kind| machine.tiling.footprint(columns, kind).data.0)
            })
            .flatten()
    };
    let mut rows = machine.program().filter_map(|operation| of_table(&operation));
    let longest = match machine.trains() {
        // Rows of gradients and of the optimiser's state have fewer zeros, or none.
        true => rows.max(),
        false => rows.next(),
    };
    longest.unwrap_or(BLOCK.0)
}
