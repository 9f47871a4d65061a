//! Pairs of a transformer and an accelerator, drawn from the two design spaces, small enough to simulate by the hundred.
//!
//! Transformers are those of FlexiBERT 2.0: 2 to 12 layers, of widths 128 to 768, with 2 to 12 heads of mixed kinds and one
//! to three feed-forward products of 256 to 4096. Accelerators have the values that occur in the vectors of
//! `data/published/pairs.json`, and their neighbours. Both are scaled: sequences of 32 to 128 and batches of 1 to 4 tiles,
//! and as few PEs as such batches can keep busy.
//!
//! Training steps are drawn smaller: 1 to 3 layers of widths 64 to 256, with each optimiser, buffers from half a megabyte on, so
//! that what is kept for the backward pass does not always fit, and vocabularies in which words repeat.

use components::background::AddressPattern;
use estimate::PublishedAccelerator;
use scenarios::schema::{Arrivals, Background, Embedding, Optimizer, Phase, Tile, Traffic};
use scenarios::system::Plan;
use scenarios::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};
use scenarios::{Loaded, Scenario};
use sim_core::random;

use crate::{memory, shipped};

/// The memories that pairs are drawn with: the organisations of the published vectors and the usual ones.
pub const MEMORIES: [&str; 17] = [
    "published/rram_16_2_2",
    "published/rram_8_2_4",
    "published/rram_4_2_8",
    "published/rram_2_2_16",
    "published/rram_32_2_1",
    "published/rram_1_2_32",
    "published/dram_16_2_2",
    "published/dram_8_2_4",
    "published/dram_32_2_1",
    "published/dram_16_4_1",
    "published/hbm_32_1_4",
    "lpddr3-1600",
    "ddr4-2400",
    "hbm2",
    "hbm2-pseudo",
    "rram",
    "rram-m3d",
];

/// A source of numbers that is the same everywhere.
pub(crate) struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        self.thrown += 1;
        choices[(random::draw(self.seed, self.thrown) % choices.len() as u64) as usize]
    }
}

/// A pair that fits its machine.
#[derive(Debug)]
pub struct Pair {
    /// The number it was drawn with.
    pub seed: u64,
    /// Its scenario.
    pub loaded: Loaded,
    /// Its plan.
    pub plan: Plan,
}

/// The pair number `seed`, with other traffic on its memory if `contended`; `None` if its buffers cannot hold it, or it has
/// over `most_tiles` tile operations.
#[must_use]
pub fn pair(seed: u64, contended: bool, most_tiles: u64) -> Option<Pair> {
    let mut dice = Dice::new(seed);
    let loaded = shipped("bert-tiny-edge", |scenario| {
        scenario.name = format!("pair {seed}");
        scenario.workload.transformer = transformer(&mut dice);
        scenario.workload.sequence_length = dice.of(&[32, 64, 128]);
        scenario.workload.embedding = Embedding::Gather;
        accelerator(&mut dice, scenario);
        scenario.memory = memory(dice.of(&MEMORIES));
        if contended {
            scenario.contention.background = vec![background(&mut dice)];
        }
    });
    planned(seed, loaded, most_tiles)
}

/// The training step number `seed`, alone on its memory; `None` if its buffers cannot hold it, or it has over `most_tiles` tile
/// operations.
#[must_use]
pub fn training_pair(seed: u64, most_tiles: u64) -> Option<Pair> {
    let mut dice = Dice::new(seed);
    let loaded = shipped("bert-tiny-edge", |scenario| {
        scenario.name = format!("training pair {seed}");
        scenario.workload.transformer = Transformer {
            layers: (0..dice.of(&[1, 2, 3])).map(|_| small_layer(&mut dice)).collect(),
        };
        scenario.workload.sequence_length = dice.of(&[32, 64, 128]);
        scenario.workload.embedding = Embedding::Gather;
        scenario.workload.phase = Phase::Training;
        scenario.workload.optimizer = dice.of(&[
            Optimizer::Sgd { momentum: 0.0 },
            Optimizer::Sgd { momentum: 0.9 },
            Optimizer::Adam,
        ]);
        scenario.workload.vocabulary = dice.of(&[500, 5_000, 30_522]);
        accelerator(&mut dice, scenario);
        scenario.sparsity.gradient_density = dice.of(&[0.1, 0.3, 0.5]);
        let buffers = &mut scenario.accelerator.buffers;
        buffers.activation_mb = dice.of(&[0.5, 1.0, 2.0, 4.0, 8.0, 16.0]);
        buffers.weight_mb = dice.of(&[2.0, 4.0, 8.0, 16.0]);
        buffers.mask_mb = dice.of(&[0.5, 1.0, 2.0, 4.0]);
        scenario.memory = memory(dice.of(&MEMORIES));
    });
    planned(seed, loaded, most_tiles)
}

/// Tile operations of the feed-forward products of a forward pass, which is less than all.
fn tiles_at_least(scenario: &Scenario) -> u64 {
    let tile = &scenario.accelerator.tile;
    let workload = &scenario.workload;
    let rows = workload.batch.div_ceil(tile.b) * workload.sequence_length.div_ceil(tile.x);
    let of_layer = |layer: &Layer| {
        let widths = std::iter::once(&layer.hidden).chain(&layer.feed_forward);
        let widths: Vec<u64> = widths.map(|width| u64::from(width.div_ceil(tile.y))).collect();
        widths.windows(2).map(|pair| pair[0] * pair[1]).sum::<u64>()
    };
    u64::from(rows) * workload.transformer.layers.iter().map(of_layer).sum::<u64>()
}

pub(crate) fn planned(seed: u64, loaded: Loaded, most_tiles: u64) -> Option<Pair> {
    // Large programs take long to plan.
    if tiles_at_least(loaded.scenario()) > most_tiles {
        return None;
    }
    let plan = Plan::load(&loaded).ok()?;
    let program = &plan.machine.program;
    (program.tile_operations + program.add_tile_operations <= most_tiles).then_some(Pair {
        seed,
        loaded,
        plan,
    })
}

pub(crate) fn transformer(dice: &mut Dice) -> Transformer {
    let layers = dice.of(&[2, 2, 4, 6, 8, 10, 12]);
    Transformer {
        layers: (0..layers).map(|_| layer(dice)).collect(),
    }
}

fn layer(dice: &mut Dice) -> Layer {
    let hidden = dice.of(&[128, 256, 512, 768]);
    let heads = dice.of(&[2, 4, 8, 12]);
    let stacks = dice.of(&[1, 2, 3]);
    Layer {
        hidden,
        heads: (0..heads).map(|_| head(dice, hidden / heads)).collect(),
        feed_forward: (0..stacks)
            .map(|_| dice.of(&[256, 512, 1024, 2048, 3072, 4096]))
            .collect(),
    }
}

/// A layer of which a training step is simulated in a second.
fn small_layer(dice: &mut Dice) -> Layer {
    let hidden = dice.of(&[64, 128, 256]);
    let heads = dice.of(&[2, 4]);
    let stacks = dice.of(&[1, 2]);
    Layer {
        hidden,
        heads: (0..heads).map(|_| head(dice, hidden / heads)).collect(),
        feed_forward: (0..stacks).map(|_| dice.of(&[128, 256, 512, 1024])).collect(),
    }
}

fn head(dice: &mut Dice, dimension: u32) -> Head {
    let attention = |kind| Head::Attention { kind, dimension };
    let transform = |kind| Head::LinearTransform { kind, dimension };
    let convolution = |kernel| Head::Convolution { kernel, dimension };
    dice.of(&[
        attention(AttentionKind::ScaledDotProduct),
        attention(AttentionKind::WeightedMultiplicative),
        transform(TransformKind::Fourier),
        transform(TransformKind::Cosine),
        convolution(5),
        convolution(9),
        convolution(13),
    ])
}

fn accelerator(dice: &mut Dice, scenario: &mut Scenario) {
    let machine = &mut scenario.accelerator;
    let side = dice.of(&[8, 16, 16, 16, 32]);
    let tile_b = dice.of(&[1, 4]);
    machine.tile = Tile {
        b: tile_b,
        x: side,
        y: side,
    };
    scenario.workload.batch = dice.of(&[1, 2, 4]) * tile_b;
    // The vectors have 128 to 1024 for batches of 4 to 32 sequences of 128.
    machine.processing_elements = dice.of(&[4, 8, 16, 32, 64, 128, 256]);
    machine.lanes_per_pe = dice.of(&[4, 8, 16, 32, 64, 128]);
    machine.multipliers_per_lane = dice.of(&[1, 4, 16]);
    machine.softmax_per_pe = dice.of(&[1, 2, 4, 8, 16, 32, 64]);
    machine.buffers.activation_mb = f64::from(dice.of(&[2, 4, 8, 16, 32, 64]));
    machine.buffers.weight_mb = f64::from(dice.of(&[8, 16, 32, 64, 128]));
    machine.buffers.mask_mb = f64::from(dice.of(&[1, 2, 4, 8, 16]));
    machine.dma.outstanding_requests = dice.of(&[256, 512, 1024]);
}

fn background(dice: &mut Dice) -> Background {
    let arrivals = dice.of(&[
        Arrivals::Saturating,
        Arrivals::Steady { gb_s: 4.0 },
        Arrivals::Steady { gb_s: 16.0 },
    ]);
    Background {
        name: "other".to_owned(),
        outstanding_requests: dice.of(&[16, 64, 256]),
        traffic: Traffic::Generated {
            addresses: dice.of(&[AddressPattern::Stream, AddressPattern::Random]),
            arrivals,
            write_share: 0.0,
        },
        start_us: 0.0,
        stop_us: None,
        region_mb: 64.0,
    }
}

/// The published designs, as scenarios: the transformer and the twelve numbers of each row of `data/published/pairs.json`, a
/// whole batch of sequences of 128, rows of embeddings gathered.
///
/// # Panics
/// The file is not what it is.
#[must_use]
#[allow(clippy::unwrap_used, reason = "data of the tests")]
pub fn published_designs() -> Vec<(String, Loaded)> {
    let pairs = published_pairs();
    let rows = pairs["rows"].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let model = &pairs["models"][row["model"].as_u64().unwrap() as usize];
            let (transformer, _) = Transformer::parse("pairs.json", &model.to_string()).unwrap();
            let numbers = vector(row);
            let name = row["id"].as_str().unwrap().to_owned();
            let loaded = shipped("bert-tiny-edge", |scenario| {
                scenario.name.clone_from(&name);
                scenario.workload.transformer = transformer.clone();
                scenario.workload.sequence_length = 128;
                scenario.workload.embedding = Embedding::Gather;
                published_accelerator(&numbers, scenario);
            });
            (name, loaded)
        })
        .collect()
}

#[allow(clippy::unwrap_used, reason = "data of the tests")]
fn published_pairs() -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/published/pairs.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The twelve numbers of the accelerator of a row of the published pairs.
#[allow(clippy::unwrap_used, reason = "data of the tests")]
fn vector(row: &serde_json::Value) -> [f64; 12] {
    let numbers = row["accelerator"].as_array().unwrap();
    let numbers: Vec<f64> = numbers.iter().map(|number| number.as_f64().unwrap()).collect();
    numbers.try_into().unwrap()
}

/// The values that each of the twelve numbers of an accelerator has in the published pairs, in order.
///
/// # Panics
/// The file is not what it is.
#[allow(clippy::unwrap_used, reason = "data of the tests")]
pub(crate) fn published_values() -> [Vec<f64>; 12] {
    let pairs = published_pairs();
    let vectors: Vec<[f64; 12]> = pairs["rows"].as_array().unwrap().iter().map(vector).collect();
    std::array::from_fn(|place| {
        let mut values: Vec<f64> = vectors.iter().map(|vector| vector[place]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values
    })
}

/// Puts the accelerator that these twelve numbers describe into a scenario.
#[allow(clippy::unwrap_used, reason = "numbers of the published pairs")]
pub(crate) fn published_accelerator(numbers: &[f64; 12], scenario: &mut Scenario) {
    PublishedAccelerator::from_vector(numbers)
        .unwrap()
        .apply(scenario);
}
