//! DynaProp and top-k side by side on the same tensors: what each costs, which sparsity it reaches, and what that does to a
//! product.
//!
//! ```text
//!   calibration tensor ──> curve ──> threshold ──> DynaProp ──┐
//!                                                            ├──> sparsity of each tile, error of A·B, cycles per tile
//!   other tensors of the same kind ──> k of each tile ──> top-k ──┘
//! ```
//!
//! `cargo run --release -p elector-components --example pruning` prints the table of `docs/sparsity.md`.

use std::error::Error;
use std::io::{Write as _, stdout};

use components::sparsity::compressed::{CompressedTile, Extents};
use components::sparsity::curve::{CurvePoint, SparsityCurve};
use components::sparsity::product::ProductTile;
use components::sparsity::prune::prune;
use components::sparsity::top_k::{TopKEngine, keep_top};
use components::word::WordFormat;
use rand_distr::{Distribution as _, Normal, StudentT};
use sim_core::random::{self, Stream};

/// Rows and columns of a tile.
const TILE: usize = 16;
/// Tiles of each tensor.
const TILES: usize = 2000;
const WORD: WordFormat = WordFormat {
    integer_bits: 4,
    fraction_bits: 16,
};

/// What is pruned.
#[derive(Clone, Copy)]
enum Tensor {
    Weights,
    Normalised,
    Probabilities,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut out = stdout().lock();
    writeln!(
        out,
        "| tensor | wanted | way | sparsity, mean | of tiles, from | to | error of A·B | pairs left | cycles per tile |"
    )?;
    writeln!(out, "|---|---:|---|---:|---:|---:|---:|---:|---:|")?;
    for (tensor, name) in [
        (Tensor::Weights, "weights"),
        (Tensor::Normalised, "layer-normed input"),
        (Tensor::Probabilities, "attention probabilities"),
    ] {
        let curve = profile(tensor)?;
        for wanted in [0.5, 0.7, 0.9] {
            let threshold = WORD.nearest(curve.threshold_for(wanted).value);
            let dynaprop = measure(tensor, |tile, _| {
                prune(tile, threshold);
                1.0
            })?;
            let engine = TopKEngine::spatten();
            let kept = ((1.0 - wanted) * (TILE * TILE) as f64).round() as usize;
            let mut order = Vec::new();
            let top_k = measure(tensor, |tile, seed| {
                let cycles = engine.selection(tile, kept, seed);
                keep_top(tile, kept, &mut order);
                cycles.0 as f64
            })?;
            writeln!(out, "| {name} | {:.0}% | DynaProp | {dynaprop} |", wanted * 100.0)?;
            writeln!(out, "| | | top-k | {top_k} |")?;
        }
    }
    writeln!(
        out,
        "\n| comparators | cycles, mean | comparisons alone, expected | least |"
    )?;
    writeln!(out, "|---:|---:|---:|---:|")?;
    for comparators in [1, 16, 64, 256] {
        let engine = TopKEngine::new(comparators);
        let (n, k) = (TILE * TILE, TILE * TILE / 2);
        let selected = measure(Tensor::Normalised, |tile, seed| {
            engine.selection(tile, k, seed).0 as f64
        })?;
        writeln!(
            out,
            "| {comparators} | {:.1} | {:.1} | {} |",
            selected.cycles,
            engine.expected(n, k),
            engine.least(n).0
        )?;
    }
    Ok(())
}

/// The curve of a calibration tensor, drawn apart from those that are pruned: its quantiles.
fn profile(tensor: Tensor) -> Result<SparsityCurve, Box<dyn Error>> {
    let mut magnitudes: Vec<f64> = (0..TILES as u64)
        .map(|tile| draw(tensor, &mut random::stream(1, tile)))
        .collect::<Result<Vec<_>, _>>()?
        .concat();
    magnitudes.iter_mut().for_each(|value| *value = value.abs());
    magnitudes.sort_by(f64::total_cmp);
    let mut points: Vec<CurvePoint> = (0..=100)
        .map(|percent| CurvePoint {
            threshold: if percent == 0 {
                0.0
            } else {
                magnitudes[(magnitudes.len() - 1) * percent / 100]
            },
            sparsity: percent as f64 / 100.0,
        })
        .collect();
    // Small words are often equal: of those with one threshold the last says what it prunes.
    points.dedup_by(|later, earlier| {
        let same = later.threshold == earlier.threshold;
        if same {
            earlier.sparsity = later.sparsity;
        }
        same
    });
    Ok(SparsityCurve::new(points)?)
}

/// A tile of words.
fn draw(tensor: Tensor, dice: &mut Stream) -> Result<Vec<f64>, Box<dyn Error>> {
    let count = TILE * TILE;
    let values: Vec<f64> = match tensor {
        Tensor::Weights => Normal::new(0.0, 0.02)?.sample_iter(dice).take(count).collect(),
        // Five degrees of freedom, scaled to deviation 1.
        Tensor::Normalised => StudentT::new(5.0)?
            .sample_iter(dice)
            .take(count)
            .map(|t| t * 0.6_f64.sqrt())
            .collect(),
        Tensor::Probabilities => {
            let scores = Normal::new(0.0, 2.0)?;
            let mut values = Vec::new();
            for _ in 0..TILE {
                // A tile holds 16 of the 128 probabilities of each row.
                let row: Vec<f64> = scores.sample_iter(&mut *dice).take(128).map(f64::exp).collect();
                let sum: f64 = row.iter().sum();
                values.extend(row[..TILE].iter().map(|share| share / sum));
            }
            values
        }
    };
    Ok(values.into_iter().map(|value| WORD.nearest(value)).collect())
}

/// The result of a pruning method over all tiles.
struct Outcome {
    mean: f64,
    least: f64,
    most: f64,
    error: f64,
    pairs: f64,
    cycles: f64,
}

/// Prunes all tiles and multiplies each by a dense tile of normal values; `way` prunes and says how many cycles it takes.
fn measure(tensor: Tensor, mut way: impl FnMut(&mut [f64], u64) -> f64) -> Result<Outcome, Box<dyn Error>> {
    let extents = Extents::matrix(TILE, TILE);
    let normal = Normal::new(0.0, 1.0)?;
    let (mut sparsities, mut off, mut size, mut pairs, mut cycles) = (Vec::new(), 0.0, 0.0, 0, 0.0);
    for tile in 0..TILES as u64 {
        let mut values = draw(tensor, &mut random::stream(2, tile))?;
        let other: Vec<f64> = normal
            .sample_iter(random::stream(3, tile))
            .take(TILE * TILE)
            .map(|v| WORD.nearest(v))
            .collect();
        let other = CompressedTile::compress(extents, &other);
        let mut exact = vec![0.0; TILE * TILE];
        ProductTile::new(&CompressedTile::compress(extents, &values), &other).accumulate(&mut exact);
        cycles += way(&mut values, tile);
        let pruned = CompressedTile::compress(extents, &values);
        let mut product = vec![0.0; TILE * TILE];
        pairs += ProductTile::new(&pruned, &other).accumulate(&mut product);
        sparsities.push(1.0 - pruned.density().share());
        off += exact
            .iter()
            .zip(&product)
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>();
        size += exact.iter().map(|a| a * a).sum::<f64>();
    }
    let tiles = TILES as f64;
    Ok(Outcome {
        mean: sparsities.iter().sum::<f64>() / tiles,
        least: sparsities.iter().copied().fold(1.0, f64::min),
        most: sparsities.iter().copied().fold(0.0, f64::max),
        error: (off / size).sqrt(),
        pairs: pairs as f64 / tiles / (TILE * TILE * TILE) as f64,
        cycles: cycles / tiles,
    })
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{:.1}% | {:.1}% | {:.1}% | {:.1}% | {:.1}% | {:.1}",
            self.mean * 100.0,
            self.least * 100.0,
            self.most * 100.0,
            self.error * 100.0,
            self.pairs * 100.0,
            self.cycles
        )
    }
}
