//! The choice of a blocking: candidates that do not depend on the buffers, and the best of them.

use std::sync::Arc;

use super::account::PlanAccount;
use super::blocking::Blocking;
use super::residency::PlanError;
use super::stage_plan::{BlockPlan, PlanParameters};
use super::step::Room;
use crate::program::StageSource;

/// The blocking that was chosen, and what it moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// How the program is cut.
    pub blocking: Blocking,
    /// What that moves.
    pub account: PlanAccount,
}

/// The blockings that are considered for batches of so many tiles, in order of preference.
fn candidates(batch_tiles: u32) -> Vec<Blocking> {
    let mut all = Vec::new();
    let mut segment = batch_tiles.max(1);
    loop {
        for (rows, chained) in [(u32::MAX, false), (u32::MAX, true), (4, true), (1, true)] {
            for eighths in [8, 4] {
                all.push(Blocking {
                    segment,
                    rows,
                    chained,
                    eighths,
                    ..Blocking::WHOLE
                });
            }
        }
        if segment == 1 {
            break;
        }
        segment = segment.div_ceil(2);
    }
    for keys in [u32::MAX, 1] {
        for columns in [u32::MAX, 8, 1] {
            for panel in [8, 1] {
                all.push(Blocking {
                    segment: 1,
                    rows: 1,
                    chained: columns == u32::MAX,
                    keys,
                    columns,
                    panel,
                    ..Blocking::WHOLE
                });
            }
        }
    }
    all
}

/// The least that each buffer must hold, the others being as large as needed: one tile operation, of softmax and layer norm
/// one row of tiles, with their masks.
///
/// # Errors
/// A fault of the program.
pub fn least_capacities(parameters: PlanParameters, source: &StageSource) -> Result<Room, PlanError> {
    let unlimited = Room([crate::units::Bytes(u64::MAX >> 8); 3]);
    let parameters = PlanParameters {
        capacity: unlimited,
        batch_tiles: parameters.batch_tiles,
        ..parameters
    };
    let mut plan = BlockPlan::new(parameters, Blocking::LEAST, Arc::clone(source));
    plan.by_ref().for_each(drop);
    match plan.error() {
        Some(error) => Err(error.clone()),
        None => Ok(plan.least()),
    }
}

/// The best blocking for a machine.
///
/// # Errors
/// None fits, or the program is at fault.
pub fn choose(parameters: PlanParameters, source: &StageSource) -> Result<Choice, PlanError> {
    let mut best: Option<Choice> = None;
    let whole = Blocking {
        segment: parameters.batch_tiles.max(1),
        ..Blocking::WHOLE
    };
    let mut failure = PlanError::Fault("there are no candidates".to_owned());
    for blocking in candidates(parameters.batch_tiles) {
        let mut plan = BlockPlan::new(parameters, blocking, Arc::clone(source));
        let account = PlanAccount::of(&mut plan);
        match plan.error() {
            Some(error) => failure = error.clone(),
            None => {
                let better = best.is_none_or(|best| account.moved() < best.account.moved());
                if better {
                    best = Some(Choice { blocking, account });
                }
                if account.spilled.0 == 0 && blocking == whole {
                    break;
                }
            }
        }
    }
    best.ok_or(failure)
}
