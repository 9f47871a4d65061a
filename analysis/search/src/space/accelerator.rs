//! The accelerators of the published space.
//!
//! Eleven variables, each with an ordered list of values; the published form is a vector of twelve numbers, in which the side of
//! a tile stands twice. The lists are those of github.com/jha-lab/transcode (BSD-3-Clause).

mod error;
mod variable;

use std::fmt;

use components::tile::TileShape;
use estimate::{Organisation, PublishedAccelerator};
use scenarios::Scenario;
use scenarios::schema::ActivationFunction;

pub use error::AcceleratorError;
pub use variable::Variable;

/// How many numbers describe an accelerator.
pub const NUMBERS: usize = 12;

/// How many variables an accelerator has.
pub const VARIABLES: usize = Variable::ALL.len();

/// An accelerator of the published space: the position of each variable in its list of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Accelerator {
    positions: [u8; VARIABLES],
}

impl Accelerator {
    /// How many there are: 7,425,000.
    #[must_use]
    pub fn count() -> u64 {
        Variable::ALL
            .iter()
            .map(|variable| variable.values().len() as u64)
            .product()
    }

    /// The accelerator with these positions in the lists of values, in the order of [`Variable::ALL`]; `None` if one is too
    /// large.
    #[must_use]
    pub fn of_positions(positions: [usize; VARIABLES]) -> Option<Self> {
        let mut known = Variable::ALL.iter().zip(positions);
        let all = known.all(|(variable, position)| position < variable.values().len());
        all.then(|| Self {
            positions: positions.map(|position| position as u8),
        })
    }

    /// The accelerator of the twelve published numbers.
    ///
    /// # Errors
    /// There are more or fewer, or one is not among those that its variable may have.
    pub fn of_numbers(numbers: &[f64]) -> Result<Self, AcceleratorError> {
        if numbers.len() != NUMBERS {
            return Err(AcceleratorError::Length(numbers.len()));
        }
        let mut positions = [0; VARIABLES];
        for (position, variable) in positions.iter_mut().zip(Variable::ALL) {
            let index = variable.number();
            let found = numbers[index];
            let mut values = variable.values().iter();
            let known = values.position(|&value| f64::from(value) == found);
            let wrong = AcceleratorError::Value {
                index,
                variable,
                found,
            };
            *position = known.ok_or(wrong)? as u8;
        }
        let [x, y] = [numbers[1], numbers[2]];
        if x != y {
            return Err(AcceleratorError::Tile { x, y });
        }
        Ok(Self { positions })
    }

    /// The twelve published numbers.
    #[must_use]
    pub fn numbers(&self) -> [u32; NUMBERS] {
        let mut numbers = [0; NUMBERS];
        for variable in Variable::ALL {
            numbers[variable.number()] = self.value(variable);
        }
        numbers[2] = self.value(Variable::TileSide);
        numbers
    }

    /// The position of a variable in its list of values.
    #[must_use]
    pub fn position(&self, variable: Variable) -> usize {
        usize::from(self.positions[variable as usize])
    }

    /// The value of a variable.
    #[must_use]
    pub fn value(&self, variable: Variable) -> u32 {
        variable.values()[self.position(variable)]
    }

    /// The accelerator with a variable at another position of its list; itself if there is no such position.
    #[must_use]
    pub fn with(mut self, variable: Variable, position: usize) -> Self {
        if position < variable.values().len() {
            self.positions[variable as usize] = position as u8;
        }
        self
    }

    /// How many steps to a neighbouring value lead to `other`. Another memory is one step.
    #[must_use]
    pub fn steps_to(&self, other: &Self) -> usize {
        let apart = |variable: Variable| {
            let steps = self.position(variable).abs_diff(other.position(variable));
            if variable.is_ordinal() {
                steps
            } else {
                steps.min(1)
            }
        };
        Variable::ALL.into_iter().map(apart).sum()
    }

    /// All accelerators one step away, in the order of the variables.
    pub fn neighbours(&self) -> impl Iterator<Item = Self> {
        let own = *self;
        Variable::ALL.into_iter().flat_map(move |variable| {
            let positions = 0..variable.values().len();
            let others = positions.map(move |position| own.with(variable, position));
            others.filter(move |other| own.steps_to(other) == 1)
        })
    }

    /// Main memory.
    #[must_use]
    pub fn memory(&self) -> Organisation {
        let index = self.value(Variable::Memory) as usize;
        Organisation::from_index(index).expect("the list of memories is that of the organisations")
    }

    /// The accelerator as the published figures describe it, with the lanes' non-linearity GELU.
    #[must_use]
    pub fn published(&self) -> PublishedAccelerator {
        let side = self.value(Variable::TileSide);
        PublishedAccelerator {
            tile: TileShape {
                b: self.value(Variable::TileBatch),
                x: side,
                y: side,
            },
            processing_elements: self.value(Variable::ProcessingElements),
            lanes_per_pe: self.value(Variable::Lanes),
            multipliers_per_lane: self.value(Variable::Multipliers),
            softmax_per_pe: self.value(Variable::Softmax),
            batch: self.value(Variable::Batch),
            activation_mb: f64::from(self.value(Variable::ActivationBuffer)),
            weight_mb: f64::from(self.value(Variable::WeightBuffer)),
            mask_mb: f64::from(self.value(Variable::MaskBuffer)),
            memory: self.memory(),
            activation_function: ActivationFunction::Gelu,
        }
    }

    /// Puts the accelerator, its memory and its batch into `scenario`. All else stays, the non-linearity too.
    pub fn apply(&self, scenario: &mut Scenario) {
        let activation_function = scenario.workload.activation_function;
        let published = PublishedAccelerator {
            activation_function,
            ..self.published()
        };
        published.apply(scenario);
    }

    /// The accelerator in words.
    #[must_use]
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |variable| self.value(variable);
        write!(
            f,
            "{} PEs x {} lanes x {} multipliers, {} softmax a PE, tile {}x{}x{}, batch {}, buffers {}/{}/{} MB, {}",
            value(Variable::ProcessingElements),
            value(Variable::Lanes),
            value(Variable::Multipliers),
            value(Variable::Softmax),
            value(Variable::TileBatch),
            value(Variable::TileSide),
            value(Variable::TileSide),
            value(Variable::Batch),
            value(Variable::ActivationBuffer),
            value(Variable::WeightBuffer),
            value(Variable::MaskBuffer),
            self.memory(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn accelerators() -> impl Strategy<Value = Accelerator> {
        any::<[usize; VARIABLES]>().prop_map(|drawn| {
            let mut positions = drawn;
            for (position, variable) in positions.iter_mut().zip(Variable::ALL) {
                *position %= variable.values().len();
            }
            Accelerator::of_positions(positions).unwrap()
        })
    }

    #[test]
    fn there_are_as_many_accelerators_as_published() {
        assert_eq!(Accelerator::count(), 7_425_000);
        assert_eq!(Variable::Memory.values().len(), Organisation::names().len());
    }

    proptest! {
        #[test]
        fn numbers_come_back(accelerator in accelerators()) {
            let numbers = accelerator.numbers().map(f64::from);
            prop_assert_eq!(Accelerator::of_numbers(&numbers), Ok(accelerator));
            let published = PublishedAccelerator::from_vector(&numbers);
            prop_assert_eq!(published, Ok(accelerator.published()));
        }

        #[test]
        fn other_values_are_refused(accelerator in accelerators(), index in 0..NUMBERS, other in 129.0..1e6) {
            let mut numbers = accelerator.numbers().map(f64::from);
            numbers[index] = other + 0.5;
            let wrong = Accelerator::of_numbers(&numbers).unwrap_err();
            match (index, &wrong) {
                (2, AcceleratorError::Tile { .. }) => {}
                (_, AcceleratorError::Value { index: named, .. }) => prop_assert_eq!(*named, index),
                (_, other) => panic!("{other}"),
            }
        }

        #[test]
        fn neighbours_are_one_step_away(accelerator in accelerators()) {
            let neighbours: Vec<_> = accelerator.neighbours().collect();
            prop_assert!(neighbours.len() >= 20);
            for other in neighbours {
                prop_assert_eq!(accelerator.steps_to(&other), 1);
                prop_assert_eq!(other.steps_to(&accelerator), 1);
            }
        }
    }

    #[test]
    fn errors_name_what_is_accepted() {
        let numbers = [1.0, 16.0, 16.0, 96.0, 16.0, 16.0, 4.0, 4.0, 4.0, 8.0, 1.0, 8.0];
        let wrong = Accelerator::of_numbers(&numbers).unwrap_err().to_string();
        assert!(wrong.contains("number 3 ") && wrong.contains("96"), "{wrong}");
        assert!(wrong.contains("[64, 128, 256, 512, 1024]"), "{wrong}");
        assert_eq!(
            Accelerator::of_numbers(&numbers[1..]),
            Err(AcceleratorError::Length(11))
        );
    }

    #[test]
    fn an_accelerator_goes_into_a_scenario() {
        let accelerator = Accelerator::of_positions([1, 2, 0, 4, 1, 0, 1, 3, 3, 3, 4]).unwrap();
        let mut scenario = Scenario::default();
        scenario.workload.sequence_length = 64;
        accelerator.apply(&mut scenario);
        assert_eq!(scenario.workload.batch, 16);
        assert_eq!(scenario.workload.sequence_length, 64);
        assert_eq!(scenario.accelerator.tile.shape().x, 32);
        assert_eq!(
            accelerator.describe(),
            "64 PEs x 128 lanes x 16 multipliers, 2 softmax a PE, tile 4x32x32, batch 16, buffers 32/64/8 MB, rram_32_2_1"
        );
    }
}
