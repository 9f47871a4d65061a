//! The corrected convention: the event-driven model in closed form.
//!
//! It uses the simulator's program, runs and costs, but no tiles, requests or messages. Each operation's runs fall into a
//! few classes, and a formula gives the time of each on a unit (`cost`). Main memory is a pace in blocks, found by walking
//! one channel's timing rules along a stream (`stream`, `memory`). The control block's rules order the operations, one row
//! of tiles at a time (`schedule`).
//!
//! `docs/conventions.md` states how far it is from the simulation, and where not to trust it.

mod bounds;
mod caution;
mod contention;
mod cost;
mod energy;
mod memory;
mod moves;
mod pieces;
mod schedule;
mod shape;
mod step;
mod stream;

use scenarios::system::{self, Plan};
use serde::{Deserialize, Serialize};

pub use bounds::{Bounds, LayerEstimate, Limit};
pub use caution::Caution;
pub use energy::energy_by_group;

use crate::{Estimate, EstimateError};
use memory::Memory;
use step::Steps;

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
    /// Slices of activations and gradients, one per batch tile, that were spilled to main memory for lack of room. Slices that
    /// main memory held already are not counted.
    pub slices_pushed_out: u64,
    /// One row per phase and layer.
    pub layers: Vec<LayerEstimate>,
}

/// Estimates the scenario's own machine in `plan`.
///
/// # Errors
/// An operation never gets the room it needs.
pub fn coarse_estimate(plan: &Plan) -> Result<CoarseEstimate, EstimateError> {
    let machine = &plan.machine;
    let steps = Steps::of(machine);
    let memory = Memory::of(plan, steps.gathered_row.unwrap_or(64));
    let timeline = schedule::schedule(machine, &steps, &memory)?;
    let actions = energy::actions(machine, &steps, &timeline);
    let main_memory = memory.energy(timeline.blocks_read, timeline.blocks_written, timeline.cycles);
    let clock_mhz = machine.scenario.accelerator.clock_mhz;
    let (bounds, layers) = bounds::bounds(machine, &steps, &memory, &timeline);
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
            caution: Caution::of(plan),
            slices_pushed_out: timeline.slices_pushed_out,
            bounds,
            layers,
        },
    })
}
