//! DynaProp: run-time pruning of both operands by a threshold on their magnitudes.

use sim_core::{ActorId, Context, Ticks};

use super::stage::Stage;
use crate::density::DensitySource;
use crate::message::{Message, TileWork};

/// One lane's DynaProp module: it compares a whole tile with the threshold at once, so a tile takes one cycle
/// (arXiv:2302.14705, section on dynamic inference with DynaTran, of which DynaProp is the training counterpart).
///
/// Which elements fall below the threshold follows from the density source: the tile's density after pruning.
#[derive(Clone, Debug)]
pub struct DynaProp {
    cost: Ticks,
    pre_compute: ActorId,
    source: DensitySource,
    stage: Stage,
}

impl DynaProp {
    /// A module that takes `cost` per tile and prunes to the densities of `source`.
    #[must_use]
    pub fn new(cost: Ticks, pre_compute: ActorId, source: DensitySource) -> Self {
        Self {
            cost,
            pre_compute,
            source,
            stage: Stage::default(),
        }
    }

    #[inline]
    pub(crate) fn on_operands_fetched(&mut self, mut work: TileWork, context: &mut Context<'_, Message>) {
        let (left, right) = (
            work.sources.left_place(work.tile),
            work.sources.right_place(work.tile),
        );
        work.left = self.source.tile(work.left, work.left_tensor, left);
        work.right = self.source.tile(work.right, work.right_tensor, right);
        let leaves = self.stage.admit(context.now(), self.cost);
        context.send_at(self.pre_compute, leaves, Message::TilePruned(work));
    }

    /// Use of the module.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }
}
