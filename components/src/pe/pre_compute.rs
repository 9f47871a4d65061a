//! The pre-compute sparsity module: which pairs of two compressed operands are worth multiplying.

use sim_core::{ActorId, Context, Ticks};

use super::stage::Stage;
use crate::energy_part::Action;
use crate::message::{Message, TileWork};
use crate::values::Values;

/// One lane's pre-compute sparsity module: AND of the two masks, filter, zero-collapsing shift. It hands the MAC
/// lane the pairs of which neither word is zero.
///
/// With densities instead of values, the zeros of the two operands are taken as independent, so of `n` pairs
/// `n·left·right` survive, rounded up for the cycles that the tile takes.
#[derive(Clone, Debug)]
pub struct PreComputeSparsity {
    cost: Ticks,
    lane: ActorId,
    stage: Stage,
    values: Option<Values>,
}

impl PreComputeSparsity {
    /// The module before `lane`, which takes `cost` per tile.
    #[must_use]
    pub fn new(cost: Ticks, lane: ActorId) -> Self {
        Self {
            cost,
            lane,
            stage: Stage::default(),
            values: None,
        }
    }

    /// The module, matching the numbers in `values`.
    #[must_use]
    pub fn with_values(mut self, values: Option<Values>) -> Self {
        self.values = values;
        self
    }

    #[inline]
    pub(crate) fn on_tile_pruned(&mut self, mut work: TileWork, context: &mut Context<'_, Message>) {
        work.pairs = work.left.of_pairs(work.right, work.dense);
        if let Some(values) = &self.values {
            let lane = self.lane.0;
            let matched = values.attempt(context, |values| values.match_operands(lane, work.tile));
            work.pairs = matched.unwrap_or(work.pairs);
        }
        let leaves = self.stage.admit(context.now(), self.cost);
        context.account(Action::PreCompute.kind(), self.cost, leaves, 1);
        context.send_at(self.lane, leaves, Message::PairsMatched(work));
    }

    /// Use of the module.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }
}
