//! The steps of a plan with how often each comes: a report on a program of billions of steps needs few of them.

use super::stage_plan::BlockPlan;
use super::step::Step;

/// Steps of a plan that are walked one by one, at most; of longer ones some segments stand for the others.
pub(super) const MOST_STEPS_COUNTED: u64 = 1 << 23;

/// The segment that stands for those after it. The first one finds the buffers empty.
const STEADY: u32 = 1;

/// Steps, and how often each comes.
pub struct CountedSteps {
    plan: BlockPlan,
    /// Segments of all batches; `None` if all are walked.
    segments: Option<u32>,
}

impl BlockPlan {
    /// Its steps and how often each comes, if it has about so many: all of them once, or, of a plan so long that nobody could wait for
    /// it, those of the first two segments of the batch, where the second stands for all others too.
    #[must_use]
    pub fn counted(self, steps: u64) -> CountedSteps {
        let segments = (steps > MOST_STEPS_COUNTED).then(|| self.segments());
        CountedSteps { plan: self, segments }
    }
}

impl Iterator for CountedSteps {
    type Item = (Step, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.plan.next()?;
        let segment = self.plan.segment();
        match self.segments.filter(|_| self.plan.repeats_segments()) {
            Some(_) if segment > STEADY => None,
            Some(segments) if segment == STEADY => Some((step, (segments - STEADY).into())),
            _ => Some((step, 1)),
        }
    }
}
