//! The corrected convention: the event-driven model in closed form.
//!
//! The same program as the simulator's, the same runs, the same costs; but no tile, request or message. Each operation's
//! runs fall into a few classes whose time on a unit is a formula (`cost`); main memory is a pace in blocks, found by
//! walking one channel's timing rules along a stream (`stream`, `memory`); and the control block's rules put the operations
//! in order, rows of tiles at a time (`schedule`).
//!
//! `docs/conventions.md` states how far from the simulation it is, and where not to trust it.

mod bounds;
mod caution;
mod contention;
mod cost;
mod energy;
mod memory;
mod moves;
mod pieces;
mod schedule;
mod step;
mod stream;

use scenarios::system::{self, Plan};
use serde::{Deserialize, Serialize};

pub use bounds::{Bounds, LayerEstimate, Limit};
pub use caution::Caution;

use crate::{Estimate, EstimateError};
use cost::Counts;
use memory::Memory;
use step::Steps;

/// What a scenario costs by the corrected convention.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CoarseEstimate {
    /// Area, cycles, energy.
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Where they come from.
    #[serde(flatten)]
    pub details: Details,
}

/// Where an estimate by the corrected convention comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Details {
    /// Leakage of the buffers, which is part of `energy_nj.buffer`, in nJ.
    pub buffer_leakage_nj: f64,
    /// What each part of the machine would need if nothing else took time, in cycles.
    pub bounds: Bounds,
    /// The part that needs longest.
    pub bound_by: Limit,
    /// Why cycles may be farther off than usual, if they may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caution: Option<Caution>,
    /// Slices of activations and gradients, one a batch tile, that were pushed out to main memory for want of room; those that
    /// lay there already are not counted.
    pub slices_pushed_out: u64,
    /// Phase by phase, layer by layer.
    pub layers: Vec<LayerEstimate>,
}

/// The estimate of the scenario's own machine in `plan`.
///
/// # Errors
/// An operation never gets the room it needs.
pub fn coarse_estimate(plan: &Plan) -> Result<CoarseEstimate, EstimateError> {
    let machine = &plan.machine;
    let steps = Steps::of(machine);
    let memory = Memory::of(plan, steps.gathered_row.unwrap_or(64));
    let timeline = schedule::schedule(machine, &steps, &memory)?;
    let mut counts = Counts::default();
    for cost in steps.steps.iter().filter_map(|step| step.cost.as_ref()) {
        counts.add(&cost.counts, 1.0);
    }
    let clock_mhz = machine.scenario.accelerator.clock_mhz;
    let (bounds, layers) = bounds::bounds(machine, &steps, &memory, &timeline);
    Ok(CoarseEstimate {
        estimate: Estimate {
            area_mm2: system::area(machine).total().0,
            cycles: timeline.cycles.ceil() as i128,
            clock_mhz,
            seconds: timeline.cycles / (clock_mhz * 1e6),
            energy_nj: energy::energy(machine, &counts, &memory, &timeline),
        },
        details: Details {
            buffer_leakage_nj: energy::buffers_leakage_nj(machine, timeline.cycles),
            bound_by: bounds.limit(),
            caution: Caution::of(plan),
            slices_pushed_out: timeline.slices_pushed_out,
            bounds,
            layers,
        },
    })
}
