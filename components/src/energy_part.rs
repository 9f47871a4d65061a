//! What a machine spends energy on: the parts that results tell apart, and the actions that are charged.
//!
//! Both are listed once, here. Actors count their [`Action`]s and report them to sinks that account for energy; a cost table
//! gives each action a price, by [`EnergyPart`]. Results, reports, traces and estimates go through the lists.

use std::ops::{Index, IndexMut};

use crate::buffer_kind::BufferKind;

/// A part of a machine's energy, and but for the first and the last also of its area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnergyPart {
    /// Main memory, its background and refresh included.
    MainMemory,
    /// Accesses to the three buffers.
    Buffers,
    /// MAC lanes: products, additions, non-linearities.
    MacLanes,
    /// Softmax modules.
    Softmax,
    /// Layer-norm modules.
    LayerNorm,
    /// Pre- and post-compute sparsity modules.
    Sparsity,
    /// Stochastic rounding modules, one per lane of a machine that trains.
    StochasticRounding,
    /// FIFOs, DMA ports, dataflow.
    Other,
    /// Leakage of everything on the chip. All other parts on the chip are dynamic: spent only while a part works.
    Leakage,
}

impl EnergyPart {
    /// All parts, in the order in which results state energies.
    pub const ALL: [Self; 9] = [
        Self::MainMemory,
        Self::Buffers,
        Self::MacLanes,
        Self::Softmax,
        Self::LayerNorm,
        Self::Sparsity,
        Self::StochasticRounding,
        Self::Other,
        Self::Leakage,
    ];

    /// The parts that have an area, in the order in which results state areas.
    pub const WITH_AREA: [Self; 7] = [
        Self::MacLanes,
        Self::Softmax,
        Self::LayerNorm,
        Self::Sparsity,
        Self::StochasticRounding,
        Self::Buffers,
        Self::Other,
    ];

    /// The key in JSON and in the names of counters.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::MainMemory => "main_memory",
            Self::Buffers => "buffers",
            Self::MacLanes => "mac_lanes",
            Self::Softmax => "softmax",
            Self::LayerNorm => "layer_norm",
            Self::Sparsity => "sparsity",
            Self::StochasticRounding => "stochastic_rounding",
            Self::Other => "other",
            Self::Leakage => "leakage",
        }
    }

    /// The name in reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::MainMemory => "main memory",
            Self::MacLanes => "MAC lanes",
            Self::LayerNorm => "layer norm",
            Self::StochasticRounding => "rounding",
            _ => self.key(),
        }
    }

    /// Whether only machines that train have it.
    #[must_use]
    pub const fn only_in_training(self) -> bool {
        matches!(self, Self::StochasticRounding)
    }
}

/// Something that a machine does at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum Action {
    /// A MAC lane at work.
    MacLane,
    /// A softmax module at work.
    Softmax,
    /// A layer-norm module at work.
    LayerNorm,
    /// A pre-compute sparsity module at work.
    PreCompute,
    /// A post-compute sparsity module at work.
    PostCompute,
    /// A result tile leaves a lane; in training it is rounded.
    ResultTile,
    /// Operands pass a lane's FIFO.
    OperandFetch,
    /// One of a PE's buses carries data.
    Bus,
    /// A PE has work. Reported as it begins, with an amount of 1, and as it ends, with 0.
    ActivePe,
    /// An access to the activation buffer.
    ActivationAccess,
    /// An access to the weight buffer.
    WeightAccess,
    /// An access to the mask buffer.
    MaskAccess,
    /// The machine is switched on, from the transformer's start to its end, whatever it does. Not reported by any actor.
    SwitchedOn,
}

/// How an action is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// By ticks, summed over all that do it.
    Time,
    /// By number.
    Number,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 13] = [
        Self::MacLane,
        Self::Softmax,
        Self::LayerNorm,
        Self::PreCompute,
        Self::PostCompute,
        Self::ResultTile,
        Self::OperandFetch,
        Self::Bus,
        Self::ActivePe,
        Self::ActivationAccess,
        Self::WeightAccess,
        Self::MaskAccess,
        Self::SwitchedOn,
    ];

    /// An access to a buffer.
    #[must_use]
    #[inline]
    pub const fn access(buffer: BufferKind) -> Self {
        match buffer {
            BufferKind::Activation => Self::ActivationAccess,
            BufferKind::Weight => Self::WeightAccess,
            BufferKind::Mask => Self::MaskAccess,
        }
    }

    /// How it is counted.
    #[must_use]
    #[inline]
    pub const fn measure(self) -> Measure {
        match self {
            Self::ResultTile
            | Self::OperandFetch
            | Self::ActivationAccess
            | Self::WeightAccess
            | Self::MaskAccess => Measure::Number,
            _ => Measure::Time,
        }
    }

    /// The kind of the activities by which actors report it to a trace sink.
    #[must_use]
    #[inline]
    pub const fn kind(self) -> u16 {
        self as u16
    }

    /// The action that activities of `kind` report; `None` if there is none.
    #[must_use]
    #[inline]
    pub fn of_kind(kind: u16) -> Option<Self> {
        Self::ALL.get(usize::from(kind)).copied()
    }
}

macro_rules! by {
    ($(#[$doc:meta])* $name:ident, $key:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub struct $name<T>([T; $key::ALL.len()]);

        impl<T> $name<T> {
            /// What `value` gives for each.
            #[must_use]
            pub fn new(value: impl FnMut($key) -> T) -> Self {
                Self($key::ALL.map(value))
            }

            /// Each with its value, in order.
            pub fn iter(&self) -> impl Iterator<Item = ($key, &T)> {
                $key::ALL.into_iter().zip(&self.0)
            }

            /// The sum of all values.
            #[must_use]
            pub fn total(&self) -> T
            where
                T: Copy + std::iter::Sum,
            {
                self.0.iter().copied().sum()
            }

            /// Each with its value, to change it.
            pub fn iter_mut(&mut self) -> impl Iterator<Item = ($key, &mut T)> {
                $key::ALL.into_iter().zip(&mut self.0)
            }
        }

        impl<T> Index<$key> for $name<T> {
            type Output = T;

            #[inline]
            fn index(&self, key: $key) -> &T {
                &self.0[key as usize]
            }
        }

        impl<T> IndexMut<$key> for $name<T> {
            #[inline]
            fn index_mut(&mut self, key: $key) -> &mut T {
                &mut self.0[key as usize]
            }
        }
    };
}

by!(
    /// A value for each part.
    ByPart,
    EnergyPart
);

by!(
    /// A value for each action.
    ByAction,
    Action
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_each_part_and_action_at_its_place() {
        for (place, part) in EnergyPart::ALL.into_iter().enumerate() {
            assert_eq!(part as usize, place);
        }
        for (place, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(action as usize, place);
            assert_eq!(Action::of_kind(action.kind()), Some(action));
        }
        assert_eq!(Action::of_kind(Action::ALL.len() as u16), None);
    }

    #[test]
    fn keys_differ() {
        let mut keys = EnergyPart::ALL.map(EnergyPart::key);
        keys.sort_unstable();
        assert!(keys.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
