//! The tiles and cycles of one operation.

use super::constants::{Constants, DENSITY};
use super::lowering::Work;
use super::{Convention, PublishedAccelerator};

/// The modules that work on an operation, all of a kind together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    MacLanes,
    Softmax,
    LayerNorm,
}

/// An operation with its costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costed {
    pub(super) resource: Resource,
    /// Cycles in which all modules of the resource work. By the published convention this is negative for a
    /// convolution whose kernel is longer than a tile.
    pub(super) cycles: i128,
    /// Tiles that pass the stages around the multipliers; 0 unless it is a product or a convolution.
    pub(super) staged_tiles: f64,
}

/// An accelerator with the costs of its modules, by a convention.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine<'a> {
    pub(super) accelerator: &'a PublishedAccelerator,
    pub(super) constants: &'a Constants,
    pub(super) convention: &'a Convention,
}

impl Machine<'_> {
    /// The cost of `work`. `last_tiles` is the tile count of the last softmax or layer norm, and is updated.
    pub(super) fn cost(&self, work: Work, last_tiles: &mut f64) -> Costed {
        match work {
            Work::Product {
                rows,
                reduction,
                columns,
            } => self.product(rows, reduction, columns),
            Work::Convolution {
                rows,
                columns,
                kernel,
            } => self.convolution(rows, columns, kernel),
            Work::Softmax { rows, columns } => {
                *last_tiles = self.tiles(rows, columns);
                let modules = self.accelerator.softmax_modules();
                self.row_module(Resource::Softmax, *last_tiles, modules)
            }
            Work::LayerNorm { rows, columns } => {
                *last_tiles = self.tiles(rows, columns);
                let modules = self.accelerator.processing_elements.into();
                self.row_module(Resource::LayerNorm, *last_tiles, modules)
            }
            Work::NonLinearity { rows, columns } => self.non_linearity(rows, columns, *last_tiles),
            Work::Additions { rows, columns, count } => {
                let each = (2.0 * self.elements(rows, columns) / self.accelerator.multipliers()).ceil();
                on_lanes(f64::from(count) * each, 0.0)
            }
        }
    }

    fn product(&self, rows: u32, reduction: u32, columns: u32) -> Costed {
        let tile = self.accelerator.tile;
        let (x, y) = (f64::from(tile.x), f64::from(tile.y));
        let left = self.tiles(rows, reduction);
        let (tiles, multiplications) = if self.convention.reduction_counted_twice {
            (
                left * tiles(reduction, tile.x) * tiles(columns, tile.y),
                x * y * y,
            )
        } else {
            (left * tiles(columns, tile.x), x * y * x)
        };
        self.multiplying(tiles, f64::from(tile.b) * multiplications)
    }

    fn convolution(&self, rows: u32, columns: u32, kernel: u32) -> Costed {
        let tile = self.accelerator.tile;
        let (b, x, y) = (f64::from(tile.b), f64::from(tile.x), f64::from(tile.y));
        let kernel = f64::from(kernel);
        let multiplications = if self.convention.kernel_subtracted {
            b * x * (y - kernel)
        } else {
            b * x * y * kernel
        };
        self.multiplying(self.tiles(rows, columns), multiplications)
    }

    fn multiplying(&self, tiles: f64, multiplications_per_tile: f64) -> Costed {
        let survive = if self.convention.half_of_multiplications {
            DENSITY
        } else {
            DENSITY * DENSITY
        };
        let multiplications = tiles * multiplications_per_tile * survive;
        on_lanes((multiplications / self.accelerator.multipliers()).ceil(), tiles)
    }

    fn non_linearity(&self, rows: u32, columns: u32, last_tiles: f64) -> Costed {
        if self.convention.non_linearity_by_last_tiles {
            return on_lanes(last_tiles, 0.0);
        }
        let elements = self.elements(rows, columns) * DENSITY;
        on_lanes((elements / self.accelerator.multipliers()).ceil(), 0.0)
    }

    fn row_module(&self, resource: Resource, tiles: f64, modules: f64) -> Costed {
        let tile = self.accelerator.tile;
        let share = if self.convention.row_modules_skip_zeros {
            DENSITY
        } else {
            1.0
        };
        let a_tile = f64::from(tile.b) * (f64::from(tile.x) + f64::from(tile.y));
        Costed {
            resource,
            cycles: whole(tiles * a_tile * share / modules),
            staged_tiles: 0.0,
        }
    }

    fn elements(&self, rows: u32, columns: u32) -> f64 {
        f64::from(self.accelerator.batch) * f64::from(rows) * f64::from(columns)
    }

    /// Tiles of a tensor of `rows` x `columns` for each item of the batch.
    fn tiles(&self, rows: u32, columns: u32) -> f64 {
        let tile = self.accelerator.tile;
        tiles(self.accelerator.batch, tile.b) * tiles(rows, tile.x) * tiles(columns, tile.y)
    }
}

fn tiles(extent: u32, tile: u32) -> f64 {
    f64::from(extent.div_ceil(tile))
}

fn on_lanes(cycles: f64, staged_tiles: f64) -> Costed {
    Costed {
        resource: Resource::MacLanes,
        cycles: whole(cycles),
        staged_tiles,
    }
}

/// A number of cycles, rounded up. All extents are below 2^21 and there are fewer than 2^24 operations, so neither
/// one operation's cycles nor their sum comes near the largest `i128`.
fn whole(cycles: f64) -> i128 {
    cycles.ceil() as i128
}
