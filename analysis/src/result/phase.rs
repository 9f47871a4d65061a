//! The phases of a training step.

use components::operation::Phase;
use scenarios::system::{MachineMeasurements, MachinePlan};
use serde::{Deserialize, Serialize};
use sim_core::Timebase;

/// One phase of a training step.
///
/// A phase begins when its first operation becomes the oldest with work to issue, and ends when the next phase begins or
/// the step ends. So phases follow each other without gap or overlap, and their cycles and shares add up to the step. The
/// work of neighbouring phases does overlap: the counts of tiles and multiplications are those of the phase's own
/// operations, whenever they ran; bytes are those requested from main memory during the phase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PhaseResult {
    /// Forward, backward or update.
    pub phase: Phase,
    /// How long it lasted, in cycles of the accelerator.
    pub cycles: u64,
    /// How long it lasted, in simulated seconds.
    pub seconds: f64,
    /// Its share of the step.
    pub share: f64,
    /// Tile operations, additions of tensors left out.
    pub tile_ops: u64,
    /// Tile operations that add tensors.
    pub add_tile_ops: u64,
    /// Multiplications, zeros counted.
    pub macs_dense: u64,
    /// Bytes requested from main memory during the phase.
    pub memory_bytes: u64,
}

/// The phases of a step; empty for inference, which has only one.
#[must_use]
pub fn phases(plan: &MachinePlan, timebase: Timebase, measured: &MachineMeasurements) -> Vec<PhaseResult> {
    if !plan.trains() {
        return Vec::new();
    }
    let phases = Phase::ALL.into_iter();
    phases
        .filter_map(|phase| PhaseResult::of(phase, plan, timebase, measured))
        .collect()
}

impl PhaseResult {
    fn of(
        phase: Phase,
        plan: &MachinePlan,
        timebase: Timebase,
        measured: &MachineMeasurements,
    ) -> Option<Self> {
        let (start, end) = measured.phase_span(phase)?;
        // Differences between whole cycles since the start add up, whatever the rounding.
        let cycles_to = |tick: sim_core::Tick| plan.clock.cycles_spanning(tick.since(measured.started)).0;
        let (whole, own) = (measured.duration().0 as f64, end.since(start));
        let own_roles = plan
            .program
            .roles
            .iter()
            .filter(|((_, role), _)| role.phase() == phase);
        let mut result = Self {
            phase,
            cycles: cycles_to(end) - cycles_to(start),
            seconds: timebase.seconds(own),
            share: if whole > 0.0 { own.0 as f64 / whole } else { 0.0 },
            tile_ops: 0,
            add_tile_ops: 0,
            macs_dense: 0,
            memory_bytes: measured.phases.moved(phase).0,
        };
        for ((_, role), totals) in own_roles {
            let tiles = if role.is_add() {
                &mut result.add_tile_ops
            } else {
                &mut result.tile_ops
            };
            *tiles += totals.tile_operations;
            result.macs_dense += u64::try_from(totals.multiplications).unwrap_or(u64::MAX);
        }
        Some(result)
    }
}
