//! The choice of a blocking: candidates that do not depend on the buffers, and the best of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::account::PlanAccount;
use super::blocking::Blocking;
use super::counted_steps::MOST_STEPS_COUNTED;
use super::pace::{Goal, LeastWork, Paced, Pacer, Rank, Rates};
use super::plan_error::PlanError;
use super::stage_plan::{BlockPlan, PlanParameters};
use super::stated::StatedBlocks;
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

/// A candidate that moves fewer bytes is taken in place of one that is preferred if it is better by this factor.
const WORTHWHILE: f64 = 0.98;

/// One that does not has to be better by more than what the walk can tell: it takes steps in order, but the machine does not.
const WORTHWHILE_IN_TIME: f64 = 0.95;

/// Each cycle of the memory pipe counts for so much more: traffic costs energy, and no memory reaches its peak.
const TRAFFIC_WEIGHT: f64 = 0.25;

/// Steps that a search walks, all candidates together: large programs get fewer candidates, the first ones in order of preference.
const STEPS_WALKED: u64 = 60_000;

/// The same if what was found moves more than it had to, or takes the batch in parts.
const STEPS_WALKED_IF_TIGHT: u64 = 200_000;

/// The same with buffers that hold a few tiles: steps are short, and a bad choice moves everything many times.
const STEPS_WALKED_TO_FIT: u64 = 500_000;

/// Eighths that the best way to cut a program that does not fit may fill of the three buffers, besides all of them. What a larger
/// buffer would hold takes room for masks, which others need more.
const FEWER_EIGHTHS: [[u8; 3]; 6] = [[6; 3], [4; 3], [8, 4, 8], [8, 2, 8], [4, 8, 8], [2, 8, 8]];

/// Steps for which its blocks rest, besides none.
const RESTING: [u32; 2] = [2, 8];

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
fn ways_to_share(batch_tiles: u32, whole: Blocking, panel: u32) -> Vec<Blocking> {
    let mut all = Vec::new();
    // Large programs get few candidates: the ends come first, of segments and of what they leave of the room.
    let mut segments = halves(batch_tiles);
    segments.rotate_right(1);
    for (eighths, panels_outermost) in [(8, false), (8, true), (4, false), (4, true)] {
        for (rows, chained) in [
            (u32::MAX, false),
            (u32::MAX, true),
            (4, true),
            (8, true),
            (2, true),
            (1, true),
        ] {
            for &segment in &segments {
                all.push(Blocking {
                    segment,
                    rows,
                    chained,
                    eighths: [eighths; 3],
                    panel,
                    panels_outermost,
                    ..whole
                });
            }
        }
    }
    // In waves the rows are outermost.
    all.retain(|blocking| !(blocking.chained && blocking.panels_outermost));
    all
}

/// The last resort: single tiles of ever more tensors. Of each way those with fewer keys at a time follow, for if all keys do not fit.
fn ways_to_fit(stated: &StatedBlocks) -> Vec<[Blocking; 3]> {
    let mut all = Vec::new();
    let narrow = stated.columns.unwrap_or(8);
    for panel in [2, 4, 8, 1] {
        for columns in [u32::MAX, narrow, 1] {
            all.push([u32::MAX, 4, 1].map(|keys| Blocking {
                panel,
                keys,
                columns,
                chained: columns == u32::MAX,
                rows: 1,
                ..Blocking::LEAST
            }));
        }
    }
    all
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
        work: None,
        is_exact: false,
        failure: None,
        walked: 0,
        budget: STEPS_WALKED,
    };
    let whole = Blocking {
        segment: batch,
        // Lanes begin after a sixteenth of the gather; two items hide each other's chain of dependences.
        gathered: (batch / 16).max(2),
        // Lanes that share operands want as many columns side by side.
        panel: Blocking::WHOLE.panel.max(parameters.tiling.group.columns.into()),
        ..Blocking::WHOLE
    };
    search.together(whole);
    search.share(whole);
    if search.best.is_none_or(|best| needs_parts(best, batch)) {
        search.fit();
    }
    if let Some(best) = search.best.filter(|&best| is_tight(best)) {
        search.refine(best);
    }
    if let Some(best) = &mut search.best
        && best.account.spilled.0 > 0
        && !search.is_exact
        && best.account.steps <= MOST_STEPS_COUNTED
    {
        // What a part of the segments shows is not enough for addresses, unless no machine could be simulated with so many steps.
        best.account = PlanAccount::of(&mut BlockPlan::new(parameters, best.blocking, Arc::clone(source)));
    }
    search.best.ok_or(
        search
            .failure
            .unwrap_or(PlanError::Fault("there are no candidates".to_owned())),
    )
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
    /// What any way has to do, as far as is known.
    work: Option<LeastWork>,
    /// Whether all steps of the best were walked.
    is_exact: bool,
    failure: Option<PlanError>,
    walked: u64,
    budget: u64,
}

/// Whether something moves that would not if there was more room.
fn is_tight(best: Choice) -> bool {
    best.account.weights_come_again || best.account.spilled.0 > 0
}

/// Whether the program goes through the machine in parts of the batch, or is tight even so: then other ways may be better.
fn needs_parts(best: Choice, batch_tiles: u32) -> bool {
    is_tight(best) || best.blocking.segment < batch_tiles
}

impl Search<'_> {
    /// Tries `whole`, and with fewer items together.
    fn together(&mut self, whole: Blocking) {
        self.try_one(whole);
        for fewer in halves(whole.segment).into_iter().skip(1) {
            self.try_one(Blocking {
                together: fewer,
                ..whole
            });
            self.try_one(Blocking {
                segment: fewer,
                ..whole
            });
        }
    }

    /// Tries ways for programs whose tensors do not fit, with ever smaller panels.
    fn share(&mut self, whole: Blocking) {
        let batch = whole.segment;
        for panel in PANELS {
            if self.best.is_some_and(|best| !needs_parts(best, batch)) {
                return;
            }
            if self.best.is_some_and(is_tight) {
                self.budget = self.budget.max(STEPS_WALKED_IF_TIGHT);
            }
            for blocking in ways_to_share(batch, whole, panel) {
                self.try_one(blocking);
            }
        }
    }

    /// Tries the ways of last resort, with all of the room and with some left: where a plan fills a buffer, nothing comes before it
    /// is due.
    fn fit(&mut self) {
        self.budget = match self.best {
            Some(_) => STEPS_WALKED_IF_TIGHT.max(self.walked + STEPS_WALKED),
            None => STEPS_WALKED_TO_FIT,
        };
        for eighths in [[8; 3], [6; 3]] {
            for with_fewer_keys in ways_to_fit(self.stated) {
                let mut ways = with_fewer_keys.into_iter();
                ways.find(|&blocking| self.try_one(Blocking { eighths, ..blocking }));
            }
            self.budget = self.budget.max(self.walked + STEPS_WALKED);
        }
        for blocking in ways_to_fit(self.stated).into_iter().flatten() {
            self.try_one(blocking);
        }
    }

    /// Tries `best` with less of the room, then what is best by now with blocks that rest.
    fn refine(&mut self, best: Choice) {
        self.budget = self.walked + STEPS_WALKED;
        for eighths in FEWER_EIGHTHS {
            self.try_one(Blocking {
                eighths,
                ..best.blocking
            });
        }
        let best = self.best.unwrap_or(best).blocking;
        for resting in RESTING {
            self.try_one(Blocking { resting, ..best });
        }
    }

    /// Walks a candidate, unless it has been walked or there are too many; whether it was not found to need more room than there is.
    fn try_one(&mut self, candidate: Blocking) -> bool {
        let Some(blocking) = self.stated.applied_to(candidate) else {
            return false;
        };
        if !self.tried.insert(blocking) || self.best.is_some() && self.walked >= self.budget {
            return true;
        }
        let mut plan = BlockPlan::new(self.parameters, blocking, Arc::clone(self.source));
        let segments = plan.segments();
        let pacer = Pacer::new(self.rates, self.parameters.tiling, self.parameters.capacity);
        let most_steps = match self.best {
            Some(_) => self.budget - self.walked,
            None => u64::MAX,
        };
        let goal = self.goal();
        let paced = pacer.walk(&mut plan, segments, goal.as_ref(), most_steps);
        self.walked += plan.steps_made();
        if let Some(error) = plan.error() {
            self.failure = Some(error.clone());
            return false;
        }
        if paced.cycles.is_finite() {
            self.finished(blocking, paced, goal);
        }
        true
    }

    /// What a candidate has to be better than; `None` as long as there is none.
    fn goal(&self) -> Option<Goal> {
        let best = self.best?;
        Some(Goal {
            work: self.work?,
            best: self.rank(best.cycles, &best.account),
            worthwhile: [WORTHWHILE, WORTHWHILE_IN_TIME],
        })
    }

    fn rank(&self, cycles: f64, account: &PlanAccount) -> Rank {
        Rank {
            cycles,
            bytes: account.moved(),
            weight_of_byte: TRAFFIC_WEIGHT / self.rates.bytes_per_cycle,
        }
    }

    /// Takes a candidate that was walked to its end if it is better than the best so far.
    fn finished(&mut self, blocking: Blocking, paced: Paced, goal: Option<Goal>) {
        let Paced {
            cycles,
            account,
            work,
            is_whole,
        } = paced;
        self.work = Some(self.work.map_or(work, |known| known.min(work)));
        if goal.is_none_or(|goal| goal.is_met_by(&self.rank(cycles, &account))) {
            self.best = Some(Choice {
                blocking,
                account,
                cycles,
            });
            self.is_exact = is_whole;
        }
    }
}
