//! The machine and workload of a scenario, before it runs.

use std::collections::BTreeMap;

use components::operation::Role;
use scenarios::system::Plan;
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use super::parts::AreaResult;

/// The machine and workload of a scenario, before it runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Resolved {
    /// The scenario's name.
    pub scenario: String,
    /// The accelerator's clock.
    pub clock_mhz: f64,
    /// Main memory's clock.
    pub memory_clock_mhz: f64,
    /// Ticks per second of simulated time, in MHz.
    pub tick_mhz: f64,
    /// PEs.
    pub processing_elements: u32,
    /// MAC lanes in all PEs.
    pub mac_lanes: u64,
    /// Multiplications that all multipliers can do per second.
    pub peak_macs_per_second: f64,
    /// Peak bandwidth of main memory, GB/s; `None` if it has no limit.
    pub peak_memory_gb_s: Option<f64>,
    /// Area of the chip.
    pub area_mm2: f64,
    /// Area of its parts.
    pub area_mm2_by_part: AreaResult,
    /// Operations.
    pub operations: u64,
    /// Tile operations in the program, without additions of tensors.
    pub tile_ops: u64,
    /// Tile operations in the program that add tensors.
    pub add_tile_ops: u64,
    /// Tile operations in the program, by role.
    pub tile_ops_by_role: BTreeMap<Role, u64>,
    /// Multiplications in the program, zeros counted.
    pub macs_dense: u128,
    /// Main memory taken by tables, weights and the result.
    pub memory_used_bytes: u64,
    /// Capacity of main memory.
    pub memory_capacity_bytes: u64,
    /// How the program is cut into blocks, and what moves for it.
    pub blocks: Blocks,
}

impl Resolved {
    /// Describes `plan`.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let machine = &plan.machine;
        let accelerator = &machine.scenario.accelerator;
        let clock_hz = machine.clock.frequency().hertz();
        let mut tile_ops_by_role = BTreeMap::<Role, u64>::new();
        for ((_, role), totals) in machine
            .program
            .roles
            .iter()
            .filter(|(_, totals)| totals.tile_operations > 0)
        {
            *tile_ops_by_role.entry(*role).or_default() += totals.tile_operations;
        }
        let area = AreaResult::new(machine);
        Self {
            scenario: machine.scenario.name.clone(),
            clock_mhz: clock_hz / 1e6,
            memory_clock_mhz: plan.memory_clock.frequency().hertz() / 1e6,
            tick_mhz: plan.timebase.frequency().hertz() / 1e6,
            processing_elements: accelerator.processing_elements,
            mac_lanes: accelerator.lanes(),
            peak_macs_per_second: accelerator.multipliers() as f64 * clock_hz,
            peak_memory_gb_s: Some(plan.memory.peak_bytes_per_second() / 1e9).filter(|peak| peak.is_finite()),
            area_mm2: area.total(),
            area_mm2_by_part: area,
            operations: machine.program.operations,
            tile_ops: machine.program.tile_operations,
            add_tile_ops: machine.program.add_tile_operations,
            tile_ops_by_role,
            macs_dense: machine.program.multiplications,
            memory_used_bytes: machine.memory_used.0,
            memory_capacity_bytes: plan.memory.capacity().0,
            blocks: Blocks::of(machine),
        }
    }
}
