//! The post-compute sparsity module: a dense result in, zero-free data and its mask out.

use sim_core::{ActorId, Context, Ticks};

use super::stage::Stage;
use crate::message::Message;
use crate::runs::Run;
use crate::trace_labels as labels;
use crate::values::Values;

/// One lane's post-compute sparsity module: it finds the zeros of a result tile, removes them and makes the mask.
#[derive(Clone, Debug)]
pub struct PostComputeSparsity {
    cost: Ticks,
    pe: ActorId,
    stage: Stage,
    tiles: u64,
    values: Option<Values>,
}

impl PostComputeSparsity {
    /// The module after a lane of the PE at `pe`, which takes `cost` per result tile.
    #[must_use]
    pub fn new(cost: Ticks, pe: ActorId) -> Self {
        Self {
            cost,
            pe,
            stage: Stage::default(),
            tiles: 0,
            values: None,
        }
    }

    /// The module, compressing the numbers in `values`.
    #[must_use]
    pub fn with_values(mut self, values: Option<Values>) -> Self {
        self.values = values;
        self
    }

    pub(crate) fn on_result_ready(&mut self, run: Run, context: &mut Context<'_, Message>) {
        if let Some(values) = &self.values {
            values.attempt(context, |values| values.write_back(&run));
        }
        let tiles = u64::from(run.result_tiles());
        self.tiles += tiles;
        let cost = self.cost * tiles;
        let leaves = self.stage.admit(context.now(), cost);
        context.account(labels::POST_COMPUTE, cost, leaves, tiles);
        context.send_at(self.pe, leaves, Message::ResultCompressed(run));
    }

    /// Use of the module.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Result tiles compressed.
    #[must_use]
    pub fn tiles(&self) -> u64 {
        self.tiles
    }
}
