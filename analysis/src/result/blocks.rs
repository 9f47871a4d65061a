//! How a program is cut into blocks, and what moves for it.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use components::block_plan::{Begin, BlockName, Blocking, End, Move, Room, Step, least_capacities};
use components::buffer_kind::BufferKind;
use components::loop_orders::LoopOrderRule;
use components::operation::Role;
use components::tile::LoopOrder;
use components::units::{BLOCK, Bytes};
use scenarios::system::MachinePlan;
use serde::{Deserialize, Serialize};

use super::parts::bandwidth_tb_s;

mod sentence;

/// How a program is cut into blocks, and what moves between main memory and the buffers for it. What operations of the DMA
/// move (embeddings, results) is not counted here: no block decides it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Blocks {
    /// Batch tiles that run through the program together; `None` for all.
    pub segment: Option<u32>,
    /// Batch tiles that run through a layer together; `None` for all.
    pub together: Option<u32>,
    /// Those that run through the first layer together, as their rows are gathered; `None` if as many as through others.
    pub gathered: Option<u32>,
    /// Rows of tiles of a block of activations; `None` for all rows of an item.
    pub rows: Option<u32>,
    /// Columns of tiles of a block of activations; `None` for all.
    pub columns: Option<u32>,
    /// Rows of tiles of keys, or values, in one step; `None` for all of an item.
    pub keys: Option<u32>,
    /// Tiles along each edge of a block of weights.
    pub panel: u32,
    /// Whether operations that read each other row by row go through each block of rows together.
    pub waves: bool,
    /// Whether all rows pass before the next panel of weights is taken up.
    pub panels_outermost: bool,
    /// Tiles along j of a part of a product, and columns of tiles of a block of weights, if they are stated.
    #[serde(default)]
    pub columns_of_part: Option<u32>,
    /// Tiles along k of a part of a product, and rows of tiles of a block of weights, if they are stated.
    #[serde(default)]
    pub reduction_of_part: Option<u32>,
    /// Sizes of parts that are stated for operations of some roles alone.
    #[serde(default)]
    pub by_role: Vec<StatedParts>,
    /// The order of the loops over the parts of an operation that is cut alone, if it is stated.
    #[serde(default)]
    pub order: Option<String>,
    /// The order of the loops over tiles: one for all operations, or by what it is chosen for each.
    #[serde(default)]
    pub loop_order: String,
    /// Steps for which a block stays after each use if another can leave.
    #[serde(default)]
    pub resting: u32,
    /// The share of the buffers that the plan may fill, the least of them.
    pub share: f64,
    /// Steps of the plan.
    pub steps: u64,
    /// The buffers.
    pub buffers: Vec<PlannedBuffer>,
    /// Everything that moves.
    pub traffic: BlockTraffic,
    /// By layer and role.
    pub roles: Vec<RoleBlocks>,
}

/// Sizes of parts that are stated for operations of a role, in tiles; `None` where those of all operations hold.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatedParts {
    /// The role, by the name of its field.
    pub role: Cow<'static, str>,
    /// Rows of a part, and of a block of what it makes.
    pub rows: Option<u32>,
    /// Tiles along j of a part of a product, and columns of tiles of a block of its weights.
    pub columns: Option<u32>,
    /// Tiles along k of a part of a product, and rows of tiles of a block of its weights.
    pub reduction: Option<u32>,
}

/// What a plan has in a buffer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedBuffer {
    /// Its name: activation, weight or mask.
    pub name: Cow<'static, str>,
    /// Its capacity.
    pub capacity_bytes: u64,
    /// The most that the plan has in it.
    pub peak_bytes: u64,
    /// The share of it that the plan may fill.
    #[serde(default = "all")]
    pub share: f64,
    /// Its bandwidth, in TB/s; `None` if it has no limit.
    #[serde(default)]
    pub bandwidth_tb_s: Option<f64>,
    /// The least capacity that is accepted.
    pub least_bytes: u64,
}

fn all() -> f64 {
    1.0
}

/// Bytes that cross the memory bus for blocks: whole accesses of 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockTraffic {
    /// Weights loaded, with their masks; in training also gradients of weights and the optimiser's state.
    pub weight_bytes: u64,
    /// Activations and gradients loaded again.
    pub reloaded_bytes: u64,
    /// Activations and gradients written to make room.
    pub spilled_bytes: u64,
    /// Updated weights and state written back.
    pub written_back_bytes: u64,
    /// What is read of weights for the second time or later.
    pub read_again_bytes: u64,
}

/// How the operations of a role in a layer are cut, and in which order their tiles are walked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RoleBlocks {
    /// The layer, from 0.
    pub layer: u32,
    /// The role.
    pub role: Role,
    /// Steps of all its operations.
    pub steps: u64,
    /// Tiles of a step along (b, i, j, k).
    pub tiles: [u16; 4],
    /// The orders of loops over the tiles of its operations, each once, as they come; none if their tiles are walked along rows
    /// whatever the order.
    #[serde(default)]
    pub loop_orders: Vec<LoopOrder>,
    /// What moves before its steps, and after them.
    pub traffic: BlockTraffic,
}

impl BlockTraffic {
    /// Adds what moves for a step that comes so many `times`.
    fn add(&mut self, step: &Step, times: u64, seen: &mut BTreeSet<(u32, u32, u32)>) {
        let bytes = |moved: &Move| (BLOCK * moved.accesses()).0 * times;
        for begin in &step.begins {
            match begin {
                Begin::Load { read, block, .. } if block.is_weight => {
                    self.weight_bytes += bytes(read);
                    self.read_again_bytes += match seen.insert(first_of(block)) {
                        true => bytes(read) / times * (times - 1),
                        false => bytes(read),
                    };
                }
                Begin::Load { read, .. } => self.reloaded_bytes += bytes(read),
                Begin::Evict {
                    write: Some(write), ..
                } => self.spilled_bytes += bytes(write),
                Begin::Evict { write: None, .. } | Begin::Make { .. } => {}
            }
        }
        for end in &step.ends {
            if let End::WriteBack { write, .. } = end {
                self.written_back_bytes += bytes(write);
            }
        }
    }

    fn plus(&mut self, other: &Self) {
        self.weight_bytes += other.weight_bytes;
        self.reloaded_bytes += other.reloaded_bytes;
        self.spilled_bytes += other.spilled_bytes;
        self.written_back_bytes += other.written_back_bytes;
        self.read_again_bytes += other.read_again_bytes;
    }
}

/// What tells a block of weights from others.
fn first_of(block: &BlockName) -> (u32, u32, u32) {
    (block.tensor.0, block.rows.start, block.columns.start)
}

impl Blocks {
    /// Walks the plan of a machine's buffers.
    #[must_use]
    pub fn of(machine: &MachinePlan) -> Self {
        let Blocking {
            segment,
            together,
            gathered,
            rows,
            columns,
            panel,
            keys,
            chained,
            panels_outermost,
            columns_of_part,
            reduction_of_part,
            by_role,
            order,
            eighths,
            resting,
        } = machine.blocks.blocking;
        let parameters = machine.plan_parameters();
        let mut roles = BTreeMap::<(u32, Role), RoleBlocks>::new();
        let (mut peak, mut steps) = (Room::default(), 0);
        let mut seen = BTreeSet::new();
        let mut orders = machine.loop_orders();
        let plan = machine.block_plan(machine.blocks.blocking);
        for (step, times) in plan.counted(machine.blocks.account.steps) {
            peak = peak.max(step.room);
            steps += times;
            let operation = &step.operation;
            let of_role = roles
                .entry((operation.layer, operation.role))
                .or_insert(RoleBlocks {
                    layer: operation.layer,
                    role: operation.role,
                    steps: 0,
                    tiles: step.cut,
                    loop_orders: Vec::new(),
                    traffic: BlockTraffic::default(),
                });
            of_role.steps += times;
            if step.is_first && operation.work.profile().walk.follows_order() {
                let order = orders.of(operation);
                if !of_role.loop_orders.contains(&order) {
                    of_role.loop_orders.push(order);
                }
            }
            of_role.traffic.add(&step, times, &mut seen);
        }
        let mut traffic = BlockTraffic::default();
        roles.values().for_each(|role| traffic.plus(&role.traffic));
        let part = |tiles: u32, all: u32| (tiles < all).then_some(tiles);
        let least = least_capacities(parameters, &machine.stated_blocks(), &machine.stage_source())
            .unwrap_or_default();
        let kinds = [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask];
        Self {
            segment: part(segment, parameters.batch_tiles),
            together: part(together, segment.min(parameters.batch_tiles)),
            gathered: part(gathered, together.min(segment).min(parameters.batch_tiles)),
            rows: part(rows, u32::MAX),
            columns: part(columns, u32::MAX),
            keys: part(keys, u32::MAX),
            panel,
            waves: chained,
            panels_outermost,
            columns_of_part,
            reduction_of_part,
            by_role: by_role
                .stated()
                .map(|(role, sizes)| StatedParts {
                    role: Cow::Borrowed(role.name()),
                    rows: sizes.rows,
                    columns: sizes.columns,
                    reduction: sizes.reduction,
                })
                .collect(),
            order: order.map(|order| order.to_string()),
            loop_order: machine.scenario.accelerator.loop_order.to_string(),
            resting,
            share: f64::from(eighths.into_iter().min().unwrap_or(8)) / 8.0,
            steps,
            buffers: kinds
                .into_iter()
                .enumerate()
                .map(|(place, kind)| PlannedBuffer {
                    name: Cow::Borrowed(kind.name()),
                    capacity_bytes: parameters.capacity.0[place].0,
                    peak_bytes: peak.0[place].0,
                    share: f64::from(eighths[place]) / 8.0,
                    bandwidth_tb_s: bandwidth_tb_s(machine, kind),
                    least_bytes: least.0[place].0,
                })
                .collect(),
            traffic,
            roles: roles.into_values().collect(),
        }
    }

    /// Whether each operation has an order of loops of its own.
    #[must_use]
    pub fn chooses_orders(&self) -> bool {
        matches!(self.loop_order.parse(), Ok(LoopOrderRule::Auto(_)))
    }

    /// Which roles have which order of loops over tiles, most common first.
    #[must_use]
    pub fn roles_by_order(&self) -> Vec<(LoopOrder, Vec<Role>)> {
        let mut found = BTreeMap::<LoopOrder, BTreeSet<Role>>::new();
        for role in &self.roles {
            for &order in &role.loop_orders {
                found.entry(order).or_default().insert(role.role);
            }
        }
        let mut orders: Vec<(LoopOrder, Vec<Role>)> = found
            .into_iter()
            .map(|(order, roles)| (order, roles.into_iter().collect()))
            .collect();
        orders.sort_by_key(|(_, roles)| Reverse(roles.len()));
        orders
    }
}

impl BlockTraffic {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> Bytes {
        Bytes(self.weight_bytes + self.reloaded_bytes + self.spilled_bytes + self.written_back_bytes)
    }
}
