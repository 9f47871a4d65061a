//! Axes: fields of a scenario that a study varies besides the transformer and the accelerator of the published space.
//!
//! A space knows of an axis how many values it has and how they are ordered; what the values are, and how they go into a
//! scenario, is up to the study.

use std::fmt;

/// The most axes that a space has.
pub const MOST_AXES: usize = 16;

/// The most values of an axis without order for which a surrogate sees each value apart.
const MOST_APART: usize = 32;

/// The position of a design on each axis, in the axes' order.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Positions {
    positions: [u16; MOST_AXES],
}

impl Positions {
    /// The position on axis number `axis`; 0 if there is no such axis.
    #[must_use]
    pub fn of(&self, axis: usize) -> usize {
        self.positions.get(axis).copied().map_or(0, usize::from)
    }

    /// These, with another position on axis number `axis`; the same if there is no such axis, or no axis is that long.
    #[must_use]
    pub fn with(mut self, axis: usize, position: usize) -> Self {
        if let (Some(place), Ok(position)) = (self.positions.get_mut(axis), u16::try_from(position)) {
            *place = position;
        }
        self
    }
}

impl fmt::Debug for Positions {
    /// Positions of 0 at the end are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.positions.iter().rposition(|&position| position > 0);
        let shown = last.map_or(0, |last| last + 1);
        f.debug_list().entries(&self.positions[..shown]).finish()
    }
}

/// An axis of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: String,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    /// In order, where a surrogate sees each of them.
    Ordered(Vec<f64>),
    /// So many, without order.
    Listed(usize),
}

impl Axis {
    /// An axis whose values are in order. `coordinates` is where a surrogate sees each of them, such as its logarithm.
    ///
    /// `None` if there are no values, more than 65,535, or a coordinate is not finite.
    #[must_use]
    pub fn ordered(name: impl Into<String>, coordinates: Vec<f64>) -> Option<Self> {
        let finite = coordinates.iter().all(|coordinate| coordinate.is_finite());
        (finite && is_length(coordinates.len())).then(|| Self {
            name: name.into(),
            values: Values::Ordered(coordinates),
        })
    }

    /// An axis of `len` values without order. `None` if there are none, or more than 65,535.
    #[must_use]
    pub fn listed(name: impl Into<String>, len: usize) -> Option<Self> {
        is_length(len).then(|| Self {
            name: name.into(),
            values: Values::Listed(len),
        })
    }

    /// The name: the path of the field, or a study's word for several.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many values there are.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "an axis is never empty")]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Ordered(coordinates) => coordinates.len(),
            Values::Listed(len) => *len,
        }
    }

    /// Whether neighbours in the list of values are alike.
    #[must_use]
    pub fn is_ordinal(&self) -> bool {
        matches!(self.values, Values::Ordered(_))
    }

    /// How many numbers a surrogate sees of it: one if the values are in order, else one for each of them, which is 1 for the
    /// value that a design has and 0 for the others. Of long lists it sees the position alone.
    #[must_use]
    pub fn columns(&self) -> usize {
        match &self.values {
            Values::Listed(len) if *len <= MOST_APART => *len,
            Values::Ordered(_) | Values::Listed(_) => 1,
        }
    }

    /// Adds the numbers that a surrogate sees of this position to `row`.
    pub fn encode(&self, position: usize, row: &mut Vec<f64>) {
        match &self.values {
            Values::Ordered(coordinates) => {
                let last = coordinates.last().copied().unwrap_or(0.0);
                row.push(coordinates.get(position).copied().unwrap_or(last));
            }
            Values::Listed(len) if *len <= MOST_APART => {
                row.extend((0..*len).map(|value| f64::from(u8::from(value == position))));
            }
            Values::Listed(_) => row.push(position as f64),
        }
    }
}

fn is_length(len: usize) -> bool {
    (1..=usize::from(u16::MAX)).contains(&len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surrogate_sees_order_where_there_is_one() {
        let clock = Axis::ordered("accelerator.clock_mhz", vec![8.9, 9.1, 9.5]).unwrap();
        let policy = Axis::listed("scheduling.policy", 3).unwrap();
        let long = Axis::listed("seed", 1_000).unwrap();
        let mut row = Vec::new();
        for (axis, position) in [(&clock, 2), (&policy, 1), (&long, 700)] {
            let before = row.len();
            axis.encode(position, &mut row);
            assert_eq!(row.len() - before, axis.columns());
        }
        assert_eq!(row, [9.5, 0.0, 1.0, 0.0, 700.0]);
        assert_eq!((clock.len(), policy.len()), (3, 3));
        assert!(clock.is_ordinal() && !policy.is_ordinal());
    }

    #[test]
    fn axes_without_values_are_none() {
        assert_eq!(Axis::listed("a", 0), None);
        assert_eq!(Axis::listed("a", 65_536), None);
        assert_eq!(Axis::ordered("a", vec![1.0, f64::NAN]), None);
    }

    #[test]
    fn positions_beyond_the_last_axis_are_ignored() {
        let positions = Positions::default().with(3, 7).with(MOST_AXES, 1).with(2, 70_000);
        assert_eq!([2, 3, MOST_AXES].map(|axis| positions.of(axis)), [0, 7, 0]);
        assert_eq!(format!("{positions:?}"), "[0, 0, 0, 7]");
    }
}
