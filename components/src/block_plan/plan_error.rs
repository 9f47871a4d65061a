//! Why a program has no plan.

use std::fmt;

use super::step::Room;
use crate::operation::Role;

/// Steps of a layer, for the batch tiles that go through it together, that are planned at most: a bound of time, not of memory.
pub(super) const MOST_STEPS_OF_STAGE: u64 = 1 << 19;

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// What a single step needs at once does not fit.
    NoRoom {
        /// What the operation is for.
        role: Role,
        /// Its layer.
        layer: u32,
        /// What the step needs.
        needed: Room,
    },
    /// A layer would have more than `MOST_STEPS_OF_STAGE` steps, or all layers more than can be numbered.
    TooManySteps,
    /// A fault of the program or the planner.
    Fault(String),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom { role, layer, needed } => {
                let [activation, weight, mask] = needed.0;
                write!(
                    f,
                    "a step of the {role} of layer {layer} needs {activation} of the activation buffer, {weight} of the weight \
                     buffer and {mask} of the mask buffer"
                )
            }
            Self::TooManySteps => write!(
                f,
                "blocks so small that they fit cut a layer into more than {MOST_STEPS_OF_STAGE} steps, which would take minutes to plan"
            ),
            Self::Fault(fault) => f.write_str(fault),
        }
    }
}

/// Why a part finds no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shortage {
    /// It needs this much.
    NoRoom(Room),
    /// There are more stays than can be numbered.
    TooManyStays,
    Fault(String),
}
