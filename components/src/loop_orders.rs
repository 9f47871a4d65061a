//! The order in which each operation's tiles are walked: one that is stated for all, or the best for each in closed form.

mod choice;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::block_plan::Blocking;
use crate::operation::{Operation, TensorKind};
use crate::run_cost::CostModel;
use crate::runs::Tiling;
use crate::tile::{LoopOrder, TileGrid};
use crate::work::Work;

/// What an order is chosen by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Goal {
    /// The least energy of accesses to the buffers.
    #[default]
    Energy,
    /// The least time on the units and their buses.
    Time,
}

/// Where the order of an operation's tiles comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopOrderRule {
    /// One for all operations.
    Stated(LoopOrder),
    /// The best for each.
    Auto(Goal),
}

impl LoopOrderRule {
    /// The order that is stated; the default, which is best for most operations, where each has its own.
    #[must_use]
    pub fn usual(self) -> LoopOrder {
        match self {
            Self::Stated(order) => order,
            Self::Auto(_) => LoopOrder::default(),
        }
    }
}

impl Default for LoopOrderRule {
    fn default() -> Self {
        Self::Stated(LoopOrder::default())
    }
}

impl From<LoopOrder> for LoopOrderRule {
    fn from(order: LoopOrder) -> Self {
        Self::Stated(order)
    }
}

impl fmt::Display for LoopOrderRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stated(order) => order.fmt(f),
            Self::Auto(goal) => write!(f, "Auto({goal:?})"),
        }
    }
}

impl FromStr for LoopOrderRule {
    type Err = &'static str;

    /// Reads the four letters, or `Auto`, which is `Auto(Energy)`, or `Auto(Time)`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "Auto" | "Auto(Energy)" => Ok(Self::Auto(Goal::Energy)),
            "Auto(Time)" => Ok(Self::Auto(Goal::Time)),
            letters => letters.parse().map(Self::Stated),
        }
    }
}

impl Serialize for LoopOrderRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Stated(order) => order.serialize(serializer),
            Self::Auto(goal) => serializer.serialize_newtype_variant("LoopOrder", 0, "Auto", goal),
        }
    }
}

/// What decides an order: the machine's costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrderCosts {
    /// What runs use of the machine.
    pub model: CostModel,
    /// Energies of an access to the activation, the weight and the mask buffer, in one unit, whichever it is.
    pub access_energy: [f64; 3],
    /// Units of each class of the whole machine; those of the last class are one for each PE.
    pub units: [f64; 3],
}

/// The orders of a machine's operations.
///
/// An order depends on nothing but the operation's shape, how it is cut, and the machine: whoever asks gets the same answer.
/// Each shape is priced once.
#[derive(Clone, Debug)]
pub struct LoopOrders {
    rule: LoopOrderRule,
    tiling: Tiling,
    blocking: Blocking,
    costs: OrderCosts,
    known: BTreeMap<Shape, LoopOrder>,
}

/// What the cost of an operation depends on: its loops, what its operands and its result hold, and how many run side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    work: Work,
    grid: TileGrid,
    /// What each operand holds, and whether it comes from the weight buffer.
    operands: Vec<(TensorKind, bool)>,
    made: Option<TensorKind>,
    siblings: u32,
    cut: [u16; 4],
}

impl LoopOrders {
    /// The orders by `rule` on a machine that cuts tensors by `tiling` and the program by `blocking`.
    #[must_use]
    pub fn new(rule: LoopOrderRule, tiling: Tiling, blocking: Blocking, costs: OrderCosts) -> Self {
        Self {
            rule,
            tiling,
            blocking,
            costs,
            known: BTreeMap::new(),
        }
    }

    /// The order of the tiles of `operation`.
    pub fn of(&mut self, operation: &Operation) -> LoopOrder {
        let goal = match self.rule {
            LoopOrderRule::Stated(order) => return order,
            LoopOrderRule::Auto(_) if !operation.work.profile().walk.follows_order() => {
                return LoopOrder::default();
            }
            LoopOrderRule::Auto(goal) => goal,
        };
        let shape = Shape {
            work: operation.work,
            grid: operation.grid,
            operands: operation
                .operands
                .iter()
                .map(|operand| (operand.kind(), operand.is_weight()))
                .collect(),
            made: operation.output.map(|made| made.kind),
            siblings: operation.siblings,
            cut: self.blocking.cut_of(self.tiling.tile, operation),
        };
        let (tiling, costs) = (&self.tiling, &self.costs);
        let cut = shape.cut;
        let known = self.known.entry(shape);
        *known.or_insert_with(|| choice::best(operation, cut, tiling, costs, goal))
    }
}
