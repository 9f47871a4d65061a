//! The designs of a space by number.

use super::accelerator::{Accelerator, VARIABLES, Variable};
use super::axis::Positions;
use super::design::{Accelerators, Design, Model, Models, Space};
use super::transformer::Genome;

impl Space {
    /// The design with this number: the last axis counts fastest, then the variables of the accelerator from the last to the
    /// first, then the transformer. `None` from [`count`](Self::count) on.
    #[must_use]
    pub fn nth(&self, number: u128) -> Option<Design> {
        let mut number = number;
        let mut axes = Positions::default();
        for (index, axis) in self.axes.iter().enumerate().rev() {
            axes = axes.with(index, digit(&mut number, axis.len()));
        }
        let accelerator = match self.accelerators {
            Accelerators::Fixed => None,
            Accelerators::Published => Some(accelerator(&mut number)?),
        };
        let model = match &self.models {
            Models::Published => Model::Genome(Genome::nth(number)?),
            Models::Table(table) => {
                let entry = usize::try_from(number).ok()?;
                (entry < table.entries().len()).then_some(Model::Entry(entry))?
            }
        };
        Some(Design {
            model,
            accelerator,
            axes,
        })
    }

    /// How many designs there are, if a number of 64 bits holds it.
    #[must_use]
    pub fn exact_count(&self) -> Option<u64> {
        let models = match &self.models {
            Models::Published => return None,
            Models::Table(table) => table.entries().len() as u64,
        };
        let accelerators = match self.accelerators {
            Accelerators::Published => Accelerator::count(),
            Accelerators::Fixed => 1,
        };
        let lengths = self.axes.iter().map(|axis| axis.len() as u64);
        lengths.fold(models.checked_mul(accelerators), |count, len| {
            count?.checked_mul(len)
        })
    }
}

fn accelerator(number: &mut u128) -> Option<Accelerator> {
    let mut positions = [0; VARIABLES];
    for (position, variable) in positions.iter_mut().zip(Variable::ALL).rev() {
        *position = digit(number, variable.values().len());
    }
    Accelerator::of_positions(positions)
}

/// Takes the last digit of `number` off, in base `base`.
fn digit(number: &mut u128, base: usize) -> usize {
    let base = base.max(1) as u128;
    let digit = *number % base;
    *number /= base;
    digit as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use scenarios::transformer::Transformer;

    use super::*;
    use crate::space::{Axis, Table};

    fn of_axes(lengths: &[usize]) -> Space {
        let tiny = Transformer::shipped("bert-tiny").unwrap();
        let axis = |&len: &usize| Axis::listed("axis", len).unwrap();
        Space {
            models: Models::Table(Table::new(vec![tiny.clone(), tiny]).unwrap()),
            accelerators: Accelerators::Fixed,
            axes: lengths.iter().map(axis).collect(),
        }
    }

    #[test]
    fn every_design_has_one_number() {
        let space = of_axes(&[3, 1, 4]);
        let all: Vec<Design> = (0..).map_while(|number| space.nth(number)).collect();
        assert_eq!(space.exact_count(), Some(all.len() as u64));
        assert_eq!(space.count(), 24.0);
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 24);
        assert!(all.is_sorted());
        assert_eq!(all[6].axes, Positions::default().with(0, 1).with(2, 2));
    }

    #[test]
    fn published_designs_are_numbered_too() {
        let space = Space::published();
        assert_eq!(space.exact_count(), None);
        let numbers = [0, 1, 7_424_999, 7_425_000, 1 << 80, u128::MAX];
        let designs: BTreeSet<Design> = numbers.iter().filter_map(|&number| space.nth(number)).collect();
        assert_eq!(designs.len(), numbers.len());
    }
}
