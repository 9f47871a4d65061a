//! `elector lower`: the tile operations of a scenario, one per line.

use std::io::{BufWriter, IsTerminal as _, Write, stdout};
use std::path::PathBuf;

use analysis::result::{Summary, TileOperation, tile_operations};
use clap::Args;

use super::changes::Changes;
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
    /// What is changed of the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// Print JSON, one object per line.
    #[arg(long)]
    pub json: bool,
    /// Stop after this many tile operations.
    #[arg(long, conflicts_with = "summary")]
    pub limit: Option<usize>,
    /// Print totals by layer and role instead.
    #[arg(long)]
    pub summary: bool,
}

impl Lower {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let Prepared { plan, warnings } = prepare(&self.scenario, &self.changes, None)?;
        warn(&warnings, quiet);
        if self.summary {
            let summary = Summary::new(&plan.machine);
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
