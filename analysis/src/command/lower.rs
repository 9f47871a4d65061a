//! `elector lower`: the tile operations of a scenario, one a line.

use std::io::{BufWriter, IsTerminal as _, Write, stdout};
use std::path::PathBuf;

use clap::Args;
use components::operation::{Operation, Role};
use components::runs::{TileWalk, tile_multiplications};
use scenarios::program::ProgramSummary;
use scenarios::system::Plan;
use serde::Serialize;

use super::{print, print_json, warn};
use crate::Failure;
use crate::prepare::{Prepared, prepare};
use crate::report::{Style, lower_report};

/// List tile operations: program order from operation to operation, loop order within each.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  elector lower mine.ron | head\n  elector lower mine.ron --summary\n  elector lower mine.ron --json --limit 1000 | jq .role"
)]
pub struct Lower {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    pub scenario: PathBuf,
    /// Print JSON, one object a line.
    #[arg(long)]
    pub json: bool,
    /// Stop after so many tile operations.
    #[arg(long, conflicts_with = "summary")]
    pub limit: Option<usize>,
    /// Print totals by layer and role instead.
    #[arg(long)]
    pub summary: bool,
}

/// One tile operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TileOperation {
    /// The operation, in program order.
    pub operation: u32,
    /// The layer, from 0.
    pub layer: u32,
    /// The head within the layer, if the operation belongs to one.
    pub head: Option<u32>,
    /// What the operation is for.
    pub role: Role,
    /// The tile's place along (b, i, j, k).
    pub tile: [u16; 4],
    /// The tile's elements along (b, i, j, k).
    pub edges: [u32; 4],
    /// Multiplications, zeros counted.
    pub multiplications: u64,
}

/// Totals of a role in a layer, or of a whole program.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// By layer and role.
    pub roles: Vec<RoleSummary>,
    /// Tile operations, additions of tensors left out.
    pub tile_ops: u64,
    /// Tile operations that add tensors.
    pub add_tile_ops: u64,
    /// Multiplications, zeros counted.
    pub macs_dense: u128,
}

/// Totals of a role in a layer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RoleSummary {
    /// The layer, from 0.
    pub layer: u32,
    /// What the operations are for.
    pub role: Role,
    /// Operations.
    pub operations: u64,
    /// Their tile operations.
    pub tiles: u64,
    /// Their multiplications, zeros counted.
    pub macs_dense: u128,
}

impl Lower {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let Prepared { plan, warnings } = prepare(&self.scenario, None)?;
        warn(&warnings, quiet);
        if self.summary {
            let summary = Summary::new(&plan.machine.program);
            return if self.json {
                print_json(&summary)
            } else {
                print(&lower_report(&summary, Style::of(stdout().is_terminal())))
            };
        }
        let mut out = BufWriter::with_capacity(1 << 16, stdout().lock());
        let tiles = tile_operations(&plan).take(self.limit.unwrap_or(usize::MAX));
        if self.json {
            write_json(&mut out, tiles)?
        } else {
            write_lines(&mut out, tiles)?
        }
        Ok(out.flush()?)
    }
}

/// Every tile operation of the program of `plan`, lazily.
pub fn tile_operations(plan: &Plan) -> impl Iterator<Item = TileOperation> {
    let order = plan.machine.tiling.loop_order;
    plan.machine.program().flat_map(move |operation| {
        TileWalk::new(&operation, order).map(move |tile| tile_operation(&operation, tile))
    })
}

fn tile_operation(operation: &Operation, tile: components::tile::TileCoordinate) -> TileOperation {
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

fn write_json(out: &mut impl Write, tiles: impl Iterator<Item = TileOperation>) -> Result<(), Failure> {
    for tile in tiles {
        serde_json::to_writer(&mut *out, &tile)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn write_lines(out: &mut impl Write, tiles: impl Iterator<Item = TileOperation>) -> Result<(), Failure> {
    writeln!(
        out,
        "{:>9}  {:>5}  {:>4}  {:<16}  {:>5} {:>5} {:>5} {:>5}  {:>4} {:>4} {:>4} {:>4}  {:>15}",
        "operation", "layer", "head", "role", "b", "i", "j", "k", "eb", "ei", "ej", "ek", "multiplications"
    )?;
    for tile in tiles {
        let head = tile.head.map_or_else(|| "-".to_owned(), |head| head.to_string());
        let ([b, i, j, k], [eb, ei, ej, ek]) = (tile.tile, tile.edges);
        writeln!(
            out,
            "{:>9}  {:>5}  {head:>4}  {:<16}  {b:>5} {i:>5} {j:>5} {k:>5}  {eb:>4} {ei:>4} {ej:>4} {ek:>4}  {:>15}",
            tile.operation, tile.layer, tile.role, tile.multiplications
        )?;
    }
    Ok(())
}

impl Summary {
    /// The totals of a program; roles that only move data are left out.
    #[must_use]
    pub fn new(program: &ProgramSummary) -> Self {
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
        }
    }
}
