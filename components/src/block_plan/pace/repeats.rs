//! What is left of a plan and like what has been walked: segments, and layers of long programs.

use super::super::account::PlanAccount;
use super::super::stage_plan::BlockPlan;
use super::Pacer;
use super::ahead::LeastWork;

/// Segments of the batch that are walked, if there are more: the first fills the pipes, the next ones go at the pace of all.
const SEGMENTS_WALKED: u32 = 3;

/// Steps after which a candidate is judged by its layers so far, if all that are left are like them. Programs that a machine can be
/// simulated with have fewer.
const MOST_STEPS_WALKED: u64 = 400_000;

/// Stages that are walked of such a program: the first layer is joined with the embedding, the next one fills the pipes.
const LAYERS_WALKED: u32 = 3;

/// A moment of a walk: the times so far (see `Pacer::times`), and what has moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mark {
    pub(super) times: [f64; 5],
    pub(super) account: PlanAccount,
    pub(super) work: LeastWork,
}

impl Pacer {
    /// If all that is left is like what has been walked since a mark: that mark, and how many times. Segments are, once some have been
    /// walked; so are layers, which long programs are judged by.
    pub(super) fn rest_like(&mut self, plan: &BlockPlan, segments: u32) -> Option<(Mark, u64)> {
        let place = [plan.segment(), plan.stage_number()];
        let [segment, stage] = std::mem::replace(&mut self.place, place);
        let mark = self.layer;
        if place == [segment, stage] {
            return None;
        }
        self.layer = Mark {
            times: self.times(),
            account: self.account,
            work: self.work_done(),
        };
        if place[0] > segment {
            let mark = std::mem::replace(&mut self.segment, self.layer);
            let is_known = place[0] == SEGMENTS_WALKED && place[0] < segments && plan.repeats_segments();
            return is_known.then(|| (mark, u64::from(segments - place[0])));
        }
        let is_long = self.account.steps > MOST_STEPS_WALKED && place[1] >= LAYERS_WALKED;
        if !is_long || self.has_other_stages {
            return None;
        }
        let left = plan.layers_left(segments);
        self.has_other_stages = left.is_none();
        left.map(|left| (mark, left))
    }
}
