//! Prices: the cost of each step on its units. Steps of the same shape are priced once for each operation.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use components::block_plan::Step;
use components::loop_orders::LoopOrders;
use components::operation::Operation;
use components::runs::Tiling;
use components::tile::Dimension;
use scenarios::system::MachinePlan;

use components::run_cost::{Cost, CostModel};

/// What parts of an operation differ in: tiles along b, i, j and k, and along which of them the last one is ragged.
type Shape = ([u16; 4], [bool; 4]);

/// Costs by operation and shape of part.
#[derive(Debug)]
pub(super) struct Prices {
    model: CostModel,
    tiling: Tiling,
    orders: LoopOrders,
    known: BTreeMap<(u32, Shape), Option<Rc<Cost>>>,
}

impl Prices {
    pub(super) fn of(plan: &MachinePlan) -> Self {
        Self {
            model: plan.cost_model(),
            tiling: plan.tiling,
            orders: plan.loop_orders(),
            known: BTreeMap::new(),
        }
    }

    /// The cost of `step`; `None` if it only moves data.
    pub(super) fn of_step(&mut self, step: &Step) -> Option<Rc<Cost>> {
        self.of_part(&step.operation, &step.tiles, step.cut[Dimension::I as usize])
    }

    /// The cost of a whole operation.
    pub(super) fn of_operation(&mut self, operation: &Operation) -> Option<Rc<Cost>> {
        let tiles = Dimension::ALL.map(|dimension| 0..operation.grid.tiles(dimension) as u16);
        self.of_part(operation, &tiles, u16::MAX)
    }

    fn of_part(&mut self, operation: &Operation, tiles: &[Range<u16>; 4], rows: u16) -> Option<Rc<Cost>> {
        operation.work.profile().unit()?;
        let lengths = tiles.each_ref().map(|range| range.end - range.start);
        let ragged = Dimension::ALL.map(|dimension| {
            let last = tiles[dimension as usize].end.saturating_sub(1);
            operation.grid.edge_at(dimension, last.into()) != operation.grid.edge_at(dimension, 0)
        });
        let (model, tiling, orders) = (&self.model, &self.tiling, &mut self.orders);
        let known = self.known.entry((operation.id.0, (lengths, ragged)));
        let cost = known.or_insert_with(|| {
            let runs = tiling.run_classes_of(operation, orders.of(operation), tiles, rows.into());
            model.cost(operation, &runs, lengths).map(Rc::new)
        });
        cost.clone()
    }
}
