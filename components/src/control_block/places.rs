//! Places, each of a kind of its own.

/// The number of a step, in the order of the plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StepNumber(pub(super) u32);

impl StepNumber {
    /// The step after it.
    #[inline]
    pub(super) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The place of a block's stay among those that the control block knows; it is reused once the stay is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StayPlace(pub(super) u32);
