//! The tile operations of a plan, and their totals.

use components::operation::{Operation, Role};
use components::runs::{TileWalk, tile_multiplications};
use components::tile::TileCoordinate;
use scenarios::system::{MachinePlan, Plan};
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;

/// One tile operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TileOperation {
    /// The operation, in program order.
    pub operation: u32,
    /// The layer, from 0.
    pub layer: u32,
    /// The head within the layer, if the operation belongs to one.
    pub head: Option<u32>,
    /// The role of the operation.
    pub role: Role,
    /// The tile's place along (b, i, j, k).
    pub tile: [u16; 4],
    /// The tile's elements along (b, i, j, k).
    pub edges: [u32; 4],
    /// Multiplications, zeros counted.
    pub multiplications: u64,
}

/// Totals of a role in a layer, or of a whole program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// By layer and role.
    pub roles: Vec<RoleSummary>,
    /// Tile operations, additions of tensors left out.
    pub tile_ops: u64,
    /// Tile operations that add tensors.
    pub add_tile_ops: u64,
    /// Multiplications, zeros counted.
    pub macs_dense: u128,
    /// How all of it is cut into blocks, and what moves for it.
    pub blocks: Blocks,
}

/// Totals of a role in a layer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RoleSummary {
    /// The layer, from 0.
    pub layer: u32,
    /// The role of the operations.
    pub role: Role,
    /// Operations.
    pub operations: u64,
    /// Their tile operations.
    pub tiles: u64,
    /// Their multiplications, zeros counted.
    pub macs_dense: u128,
}

impl Summary {
    /// The totals of a machine's program; roles that only move data are left out.
    #[must_use]
    pub fn new(machine: &MachinePlan) -> Self {
        let program = &machine.program;
        let with_tiles = program
            .roles
            .iter()
            .filter(|(_, totals)| totals.tile_operations > 0);
        let roles = with_tiles.map(|(&(layer, role), totals)| RoleSummary {
            layer,
            role,
            operations: totals.operations,
            tiles: totals.tile_operations,
            macs_dense: totals.multiplications,
        });
        Self {
            roles: roles.collect(),
            tile_ops: program.tile_operations,
            add_tile_ops: program.add_tile_operations,
            macs_dense: program.multiplications,
            blocks: Blocks::of(machine),
        }
    }
}

/// Every tile operation of the program of `plan`, lazily.
pub fn tile_operations(plan: &Plan) -> impl Iterator<Item = TileOperation> {
    let mut orders = plan.machine.loop_orders();
    plan.machine.program().flat_map(move |operation| {
        let order = orders.of(&operation);
        TileWalk::new(&operation, order).map(move |tile| tile_operation(&operation, tile))
    })
}

fn tile_operation(operation: &Operation, tile: TileCoordinate) -> TileOperation {
    TileOperation {
        operation: operation.id.0,
        layer: operation.layer,
        head: operation.head,
        role: operation.role,
        tile: tile.0,
        edges: operation.grid.edges_at(tile),
        multiplications: tile_multiplications(operation, tile),
    }
}
