//! The physical features of a design: what a surrogate sees in place of the numbers of its vectors.
//!
//! Depth, work by class, sizes of tensors, the accelerator's variables, its memory, and what follows from them: how long each
//! part of the machine would take alone, and how much of each buffer is asked for. All but depth and flags are logarithms to base
//! 2. A row takes one walk over the layers and no allocation.

mod machine;
mod work;

use scenarios::{Diagnostics, Loaded};

pub use machine::{Machine, MemoryFigures};
pub use work::Work;

use crate::shape::{LayerShape, shapes};
use crate::space::{Accelerator, Design, Space, Variable};

/// How many features a design has.
pub const FEATURES: usize = 37;

/// The names of the features, in order.
pub const NAMES: [&str; FEATURES] = [
    "depth",
    "projection_macs",
    "attention_macs",
    "feed_forward_macs",
    "convolution_macs",
    "softmax_elements",
    "weights",
    "largest_activation",
    "largest_weight",
    "tile_operations",
    "tile_b",
    "tile_x",
    "tile_y",
    "processing_elements",
    "lanes_per_pe",
    "multipliers_per_lane",
    "softmax_per_pe",
    "batch",
    "activation_mb",
    "weight_mb",
    "mask_mb",
    "dram",
    "rram",
    "hbm",
    "banks",
    "channels",
    "bandwidth",
    "lanes_bound",
    "softmax_bound",
    "memory_bound",
    "layer_norm_bound",
    "tiles_bound",
    "largest_bound",
    "activation_fill",
    "weight_fill",
    "all_weights_fill",
    "mask_fill",
];

/// A row of features, in the order of [`NAMES`].
pub type Row = [f64; FEATURES];

/// The features of the designs of one study: what its scenario states, and the memories of the published space.
#[derive(Clone, Debug)]
pub struct Features {
    base: Machine,
    memories: Vec<MemoryFigures>,
}

impl Features {
    /// The features of designs that change the scenario `loaded`.
    ///
    /// # Errors
    /// The scenario's memory, or a shipped one, cannot be read.
    pub fn new(loaded: &Loaded) -> Result<Self, Diagnostics> {
        let mut memories = Vec::new();
        for &index in Variable::Memory.values() {
            memories.push(MemoryFigures::of_organisation(index as usize, loaded)?);
        }
        Ok(Self {
            base: Machine::of(loaded)?,
            memories,
        })
    }

    /// The machine of an accelerator; `None` is that of the scenario.
    #[must_use]
    pub fn machine(&self, accelerator: Option<&Accelerator>) -> Machine {
        match accelerator {
            None => self.base,
            Some(accelerator) => {
                let memory = self.memories.get(accelerator.position(Variable::Memory));
                self.base.with(accelerator, *memory.unwrap_or(&self.base.memory))
            }
        }
    }

    /// The features of a design of `space`.
    #[must_use]
    pub fn row(&self, space: &Space, design: &Design) -> Row {
        row(space.shapes(design), &self.machine(design.accelerator.as_ref()))
    }

    /// What the parts of the machine would take for a design of `space`.
    #[must_use]
    pub fn bounds(&self, space: &Space, design: &Design) -> Bounds {
        let machine = self.machine(design.accelerator.as_ref());
        Bounds::of(&Work::of(space.shapes(design), &machine), &machine)
    }
}

/// The features of a scenario.
///
/// # Errors
/// Its memory cannot be read.
pub fn row_of_scenario(loaded: &Loaded) -> Result<Row, Diagnostics> {
    Ok(row(
        shapes(&loaded.scenario().workload.transformer),
        &Machine::of(loaded)?,
    ))
}

/// How long each part of a machine would take alone, in cycles a batch, with all its modules busy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// MAC lanes, by their multipliers.
    pub lanes: f64,
    /// Softmax modules.
    pub softmax: f64,
    /// Main memory, for the weights and the rows of embeddings.
    pub memory: f64,
    /// Layer-norm modules.
    pub layer_norm: f64,
    /// MAC lanes, one tile operation a cycle.
    pub tiles: f64,
}

impl Bounds {
    /// The bounds of `work` on `machine`.
    #[must_use]
    pub fn of(work: &Work, machine: &Machine) -> Self {
        let lanes = machine.processing_elements * machine.lanes_per_pe;
        // A row module passes over a tile twice, once for sums and once for results.
        let rows = 2.0 * machine.tile_elements();
        let density = machine.activation_density * machine.weight_density;
        let bytes = machine.word_bytes
            * (work.weights * machine.weight_density + work.embedded * machine.activation_density);
        Self {
            lanes: work.tile_multiplications * density / (lanes * machine.multipliers_per_lane),
            softmax: work.softmax_tiles * rows / (machine.processing_elements * machine.softmax_per_pe),
            memory: bytes * machine.clock_hz / machine.memory.bytes_per_second,
            layer_norm: work.layer_norm_tiles * rows / machine.processing_elements,
            tiles: work.tile_operations / lanes,
        }
    }

    /// The largest bound.
    #[must_use]
    pub fn largest(&self) -> f64 {
        let others = [self.softmax, self.memory, self.layer_norm, self.tiles];
        others.into_iter().fold(self.lanes, f64::max)
    }
}

fn row<'a>(layers: impl IntoIterator<Item = LayerShape<'a>>, machine: &Machine) -> Row {
    let work = Work::of(layers, machine);
    let bounds = Bounds::of(&work, machine);
    let memory = &machine.memory;
    let per_sequence = 1.0 / machine.batch;
    let bytes = |elements: f64, density: f64| elements * machine.word_bytes * density;
    let activation = bytes(work.largest_activation, machine.activation_density);
    let weight = bytes(work.largest_weight, machine.weight_density);
    let mut row = [
        work.depth,
        work.projection * per_sequence,
        work.attention * per_sequence,
        work.feed_forward * per_sequence,
        work.convolution * per_sequence,
        work.softmax * per_sequence,
        work.weights,
        work.largest_activation,
        work.largest_weight,
        work.tile_operations * per_sequence,
        machine.tile_b,
        machine.tile_x,
        machine.tile_y,
        machine.processing_elements,
        machine.lanes_per_pe,
        machine.multipliers_per_lane,
        machine.softmax_per_pe,
        machine.batch,
        machine.activation_mb,
        machine.weight_mb,
        machine.mask_mb,
        memory.is_dram,
        memory.is_rram,
        memory.is_hbm,
        memory.banks,
        memory.channels,
        memory.bytes_per_second,
        bounds.lanes * per_sequence,
        bounds.softmax * per_sequence,
        bounds.memory * per_sequence,
        bounds.layer_norm * per_sequence,
        bounds.tiles * per_sequence,
        bounds.largest() * per_sequence,
        activation / (machine.activation_mb * MB),
        weight / (machine.weight_mb * MB),
        bytes(work.weights, machine.weight_density) / (machine.weight_mb * MB),
        // A bit an element.
        work.largest_activation / 8.0 / (machine.mask_mb * MB),
    ];
    for (place, number) in row.iter_mut().enumerate() {
        if place != DEPTH && !FLAGS.contains(&place) {
            *number = log2(*number);
        }
    }
    row
}

const DEPTH: usize = 0;
const FLAGS: std::ops::Range<usize> = 21..24;
/// Bytes of a MB.
const MB: f64 = 1_048_576.0;
/// The least and largest logarithms, for what there is none of and for an ideal memory.
const RANGE: [f64; 2] = [-20.0, 60.0];

/// The logarithm to base 2, kept finite.
fn log2(number: f64) -> f64 {
    number.log2().clamp(RANGE[0], RANGE[1])
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use scenarios::schema::Reference;
    use scenarios::system::Plan;
    use scenarios::transformer::Transformer;

    use super::*;
    use crate::space::draws::tests::Dice;

    fn base() -> Loaded {
        Scenario::open("bert-tiny-edge").unwrap()
    }

    fn feature(row: &Row, name: &str) -> f64 {
        row[NAMES.iter().position(|known| *known == name).unwrap()]
    }

    #[test]
    fn a_design_has_the_features_of_its_scenario() {
        let (base, space, mut dice) = (base(), Space::published(), Dice(4));
        let features = Features::new(&base).unwrap();
        assert_eq!(NAMES[FLAGS.start..FLAGS.end], ["dram", "rram", "hbm"]);
        for _ in 0..20 {
            let design = space.random(&mut dice);
            let row = features.row(&space, &design);
            assert!(row.iter().all(|number| number.is_finite()), "{row:?}");
            let loaded = base.with(|scenario| space.apply(&design, scenario)).unwrap();
            let of_scenario = row_of_scenario(&loaded).unwrap();
            for (name, (one, other)) in NAMES.iter().zip(row.iter().zip(of_scenario)) {
                assert!((one - other).abs() < 1e-9, "{name}: {one} {other}");
            }
        }
    }

    #[test]
    fn tile_operations_and_multiplications_are_near_those_of_the_program() {
        let (base, space, mut dice) = (base(), Space::published(), Dice(8));
        let features = Features::new(&base).unwrap();
        for _ in 0..6 {
            let mut design = space.random(&mut dice);
            let accelerator = Accelerator::of_positions([0, 2, 0, 4, 1, 0, 0, 4, 4, 4, 10]);
            design.accelerator = accelerator;
            let loaded = base.with(|scenario| space.apply(&design, scenario)).unwrap();
            let program = Plan::load(&loaded).unwrap().machine.program;
            let machine = features.machine(design.accelerator.as_ref());
            let work = Work::of(space.shapes(&design), &machine);
            let near = |counted: f64, found: f64| (found / counted - 1.0).abs() < 0.05;
            let macs = work.projection + work.attention + work.feed_forward + work.convolution;
            let multiplications = program.multiplications as f64;
            assert!(near(multiplications, macs), "{macs:e} {multiplications:e}");
            let tiles = program.tile_operations as f64;
            assert!(
                near(tiles, work.tile_operations),
                "{:e} {tiles:e}",
                work.tile_operations
            );
        }
    }

    #[test]
    fn bounds_fall_with_the_modules_that_share_the_work() {
        let base = base();
        let bounds = |change: &dyn Fn(&mut Scenario)| {
            let loaded = base.with(change).unwrap();
            let machine = Machine::of(&loaded).unwrap();
            let work = Work::of(shapes(&loaded.scenario().workload.transformer), &machine);
            Bounds::of(&work, &machine)
        };
        let plain = bounds(&|_| {});
        let lanes = bounds(&|scenario| scenario.accelerator.lanes_per_pe *= 2);
        assert_eq!((lanes.lanes, lanes.tiles), (plain.lanes / 2.0, plain.tiles / 2.0));
        assert_eq!(
            (lanes.softmax, lanes.layer_norm),
            (plain.softmax, plain.layer_norm)
        );
        let softmax = bounds(&|scenario| scenario.accelerator.softmax_per_pe *= 4);
        assert_eq!(softmax.softmax, plain.softmax / 4.0);
        let memory = bounds(&|scenario| scenario.memory = Reference::Preset("hbm2".to_owned()));
        assert!(memory.memory < plain.memory / 4.0);
        assert_eq!(memory.lanes, plain.lanes);
        let base_transformer = Transformer::shipped("bert-base").unwrap();
        let larger = bounds(&|scenario| scenario.workload.transformer = base_transformer.clone());
        assert!(larger.largest() > 50.0 * plain.largest());
    }

    #[test]
    fn a_memory_without_limits_has_finite_features() {
        let ideal = base().with(|scenario| scenario.memory = Reference::Preset("ideal".to_owned()));
        let row = row_of_scenario(&ideal.unwrap()).unwrap();
        assert!(row.iter().all(|number| number.is_finite()), "{row:?}");
        assert_eq!(feature(&row, "bandwidth"), RANGE[1]);
        assert_eq!(
            feature(&row, "dram") + feature(&row, "rram") + feature(&row, "hbm"),
            0.0
        );
    }
}
