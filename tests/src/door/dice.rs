//! Hostile values, the same everywhere.

use scenarios::schema::Reference;
use sim_core::random;

/// A source of values, most of them wrong somewhere.
pub(super) struct Dice {
    seed: u64,
    thrown: u64,
}

const NATURALS: [u32; 22] = [
    0,
    1,
    2,
    3,
    4,
    5,
    8,
    9,
    13,
    16,
    31,
    64,
    255,
    1_000,
    1_024,
    1_025,
    65_535,
    65_536,
    70_000,
    1 << 20,
    (1 << 24) + 1,
    u32::MAX,
];

const REALS: [f64; 22] = [
    0.0,
    -0.0,
    0.001,
    0.25,
    0.5,
    0.999,
    1.0,
    1.000_000_1,
    2.0,
    20.0,
    700.0,
    1e-9,
    1e-300,
    1e9,
    1e300,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN_POSITIVE,
    f64::EPSILON,
];

const NAMES: [&str; 16] = [
    "",
    "a",
    "a",
    "b",
    "weights",
    "accelerator",
    "tenant-1",
    "tenant-1.weights",
    "background-1",
    "Camera",
    "a.b[0]",
    "[9999999999999999999]",
    "\u{1b}[2J\u{0}\n\r",
    "\u{202e}olleh \u{1f980}",
    "../../../../../../..",
    "\"), (",
];

const FILES: [&str; 8] = [
    "",
    ".",
    "/",
    "/dev/null",
    "no.ron",
    "../no.json",
    "no.safetensors",
    "\u{0}",
];

const SHIPPED: [&str; 12] = [
    "ideal",
    "lpddr3-1600",
    "ddr4-2400",
    "hbm2",
    "rram",
    "published/hbm_32_1_4",
    "14nm",
    "synthetic-bert-tiny",
    "computed-bert-tiny",
    "bert-tiny-edge",
    "edge",
    "nonsense",
];

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, thrown: 0 }
    }

    fn throw(&mut self) -> u64 {
        self.thrown += 1;
        random::draw(self.seed, self.thrown)
    }

    /// One of `0..sides`.
    pub(super) fn below(&mut self, sides: usize) -> usize {
        (self.throw() % sides.max(1) as u64) as usize
    }

    pub(super) fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    pub(super) fn flip(&mut self) -> bool {
        self.below(2) == 0
    }

    pub(super) fn natural(&mut self) -> u32 {
        match self.below(4) {
            0 | 1 => self.of(&NATURALS),
            2 => 1 + self.below(40) as u32,
            _ => self.throw() as u32 >> self.below(32),
        }
    }

    pub(super) fn long(&mut self) -> u64 {
        match self.below(3) {
            0 => self.of(&[0, 1, 64, 1 << 40, (1 << 40) + 1, u64::MAX]),
            1 => self.natural().into(),
            _ => self.throw() >> self.below(64),
        }
    }

    pub(super) fn real(&mut self) -> f64 {
        match self.below(4) {
            0 | 1 => self.of(&REALS),
            2 => self.throw() as f64 / u64::MAX as f64,
            _ => f64::from_bits(self.throw()),
        }
    }

    pub(super) fn name(&mut self) -> String {
        match self.below(20) {
            0 => "x".repeat(10_000),
            _ => self.of(&NAMES).to_owned(),
        }
    }

    /// A name of something else: shipped or not, there or not.
    pub(super) fn file(&mut self) -> String {
        match self.below(4) {
            0 => self.name(),
            1 => self.of(&SHIPPED).to_owned(),
            _ => self.of(&FILES).to_owned(),
        }
    }

    pub(super) fn reference(&mut self) -> Reference {
        match self.below(4) {
            0 => Reference::File(self.file()),
            1 => Reference::Preset(self.name()),
            _ => Reference::Preset(self.of(&SHIPPED).to_owned()),
        }
    }
}
