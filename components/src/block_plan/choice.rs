//! The choice of a blocking: candidates that do not depend on the buffers, and the best of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::account::PlanAccount;
use super::blocking::Blocking;
use super::pace::{Pacer, Rates};
use super::residency::PlanError;
use super::stage_plan::{BlockPlan, PlanParameters};
use super::stated::StatedBlocks;
use super::step::Room;
use crate::program::StageSource;

/// The blocking that was chosen, and what it moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// How the program is cut.
    pub blocking: Blocking,
    /// What that moves.
    pub account: PlanAccount,
    /// Roughly the cycles that it takes.
    pub cycles: f64,
}

/// Each cycle of the memory pipe counts for so much more: traffic costs energy, and no memory reaches its peak.
const TRAFFIC_WEIGHT: f64 = 0.25;

/// Edges of panels that are tried, in tiles.
const PANELS: [u32; 3] = [8, 4, 2];

/// Halves of `most`, down to 1.
fn halves(most: u32) -> Vec<u32> {
    let mut all = vec![most.max(1)];
    while let Some(&last) = all.last().filter(|&&last| last > 1) {
        all.push(last.div_ceil(2));
    }
    all
}

/// Ways to cut programs whose tensors do not fit, with panels of this size, in order of preference.
fn ways_to_share(batch_tiles: u32, panel: u32) -> Vec<Blocking> {
    let mut all = Vec::new();
    for segment in halves(batch_tiles) {
        for (rows, chained) in [(u32::MAX, false), (u32::MAX, true), (8, true), (4, true), (2, true), (1, true)] {
            for (eighths, panels_outermost) in [(8, false), (4, false), (8, true), (4, true)] {
                all.push(Blocking {
                    segment,
                    rows,
                    chained,
                    eighths,
                    panel,
                    panels_outermost,
                    ..Blocking::WHOLE
                });
            }
        }
    }
    // In waves the rows are outermost.
    all.retain(|blocking| !(blocking.chained && blocking.panels_outermost));
    all
}

/// The last resort: single tiles of ever more tensors.
fn ways_to_fit(stated: &StatedBlocks) -> Vec<Blocking> {
    let mut all = Vec::new();
    let narrow = stated.columns.unwrap_or(8);
    for panel in [8, 2, 1] {
        for keys in [u32::MAX, 4, 1] {
            for columns in [u32::MAX, narrow, 1] {
                all.push(Blocking {
                    panel,
                    keys,
                    columns,
                    chained: columns == u32::MAX,
                    rows: 1,
                    ..Blocking::LEAST
                });
            }
        }
    }
    all
}

/// The least that each buffer must hold, the others being as large as needed: one tile operation, of softmax and layer norm
/// one row of tiles, with their masks; of what is stated as many tiles as that.
///
/// # Errors
/// A fault of the program.
pub fn least_capacities(parameters: PlanParameters, stated: &StatedBlocks, source: &StageSource) -> Result<Room, PlanError> {
    let unlimited = Room([crate::units::Bytes(u64::MAX >> 8); 3]);
    let parameters = PlanParameters {
        capacity: unlimited,
        batch_tiles: parameters.batch_tiles,
        ..parameters
    };
    let blocking = stated.applied_to(Blocking::LEAST).unwrap_or(Blocking::LEAST);
    let mut plan = BlockPlan::new(parameters, blocking, Arc::clone(source));
    plan.by_ref().for_each(drop);
    match plan.error() {
        Some(error) => Err(error.clone()),
        None => Ok(plan.least()),
    }
}

/// The best blocking for a machine that has what is `stated`: of all candidates, which do not depend on what the buffers hold,
/// the one that takes the least time, then moves the fewest bytes.
///
/// # Errors
/// None fits, or the program is at fault.
pub fn choose(
    parameters: PlanParameters,
    stated: &StatedBlocks,
    rates: Rates,
    source: &StageSource,
) -> Result<Choice, PlanError> {
    let batch = parameters.batch_tiles.max(1);
    let mut search = Search {
        parameters,
        stated,
        rates,
        source,
        tried: BTreeSet::new(),
        best: None,
        failure: None,
    };
    let whole = Blocking {
        segment: batch,
        ..Blocking::WHOLE
    };
    search.try_one(whole);
    for fewer in halves(batch).into_iter().skip(1) {
        search.try_one(Blocking { together: fewer, ..whole });
        search.try_one(Blocking { segment: fewer, ..whole });
    }
    for panel in PANELS {
        if search.best.is_some_and(|best| best.account.moves_least()) {
            break;
        }
        ways_to_share(batch, panel).into_iter().for_each(|blocking| search.try_one(blocking));
    }
    if search.best.is_none() {
        ways_to_fit(stated).into_iter().for_each(|blocking| search.try_one(blocking));
    }
    if let Some(best) = &mut search.best
        && best.account.spilled.0 > 0
    {
        // What a part of the segments shows is not enough for addresses.
        best.account = PlanAccount::of(&mut BlockPlan::new(parameters, best.blocking, Arc::clone(source)));
    }
    search.best.ok_or(search.failure.unwrap_or(PlanError::Fault("there are no candidates".to_owned())))
}

/// A search for the best blocking.
struct Search<'a> {
    parameters: PlanParameters,
    stated: &'a StatedBlocks,
    rates: Rates,
    source: &'a StageSource,
    /// Candidates that differ in nothing but what is stated are one.
    tried: BTreeSet<Blocking>,
    best: Option<Choice>,
    failure: Option<PlanError>,
}

impl Search<'_> {
    fn try_one(&mut self, candidate: Blocking) {
        let Some(blocking) = self.stated.applied_to(candidate) else { return };
        if !self.tried.insert(blocking) {
            return;
        }
        let mut plan = BlockPlan::new(self.parameters, blocking, Arc::clone(self.source));
        let limit = self.best.map_or(f64::INFINITY, |best| best.cycles);
        let segments = self.parameters.batch_tiles.div_ceil(blocking.segment.max(1));
        let pacer = Pacer::new(self.rates, self.parameters.tiling, self.parameters.capacity);
        let (cycles, account) = pacer.walk(&mut plan, segments, limit);
        if let Some(error) = plan.error() {
            self.failure = Some(error.clone());
            return;
        }
        let bandwidth = self.rates.bytes_per_cycle;
        let rank = |choice: &Choice| choice.cycles + choice.account.moved().0 as f64 / bandwidth * TRAFFIC_WEIGHT;
        let found = Choice {
            blocking,
            account,
            cycles,
        };
        if cycles.is_finite() && self.best.is_none_or(|best| rank(&found) < rank(&best)) {
            self.best = Some(found);
        }
    }
}
