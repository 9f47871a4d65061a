//! Refresh policies: what falls due when, and for how long it blocks which banks.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::MemoryDescription;
use super::command_counts::CommandCounts;

/// How refreshes are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum RefreshPolicy {
    /// Never (RRAM).
    None,
    /// All ranks are due at the same time, each tREFI.
    AllBank,
    /// One rank at a time, each tREFI divided by the number of ranks.
    Staggered,
    /// One bank at a time, each tREFIb.
    PerBank,
}

impl RefreshPolicy {
    /// The policy in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::None => "never",
            Self::AllBank => "all ranks together, each tREFI",
            Self::Staggered => "one rank after the other, each once in tREFI",
            Self::PerBank => "one bank each tREFIb",
        }
    }
}

/// What one refresh command covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTarget {
    /// All banks of a rank of the channel (REF, REFab).
    Rank(usize),
    /// One bank of the channel (REFpb).
    Bank(usize),
}

/// When refreshes of a channel fall due and what they cover, in cycles of the memory clock.
///
/// Every [`interval`](Self::interval) the next [`at_once`](Self::at_once) targets fall due, in turn; after a
/// [`round`](Self::round) each has been due once. The channel, the prices of energy and the estimate all follow
/// this one schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshSchedule {
    interval: u64,
    targets: usize,
    at_once: usize,
    /// Banks of one target: all of a rank, or one.
    banks_per_target: usize,
    /// How long a target is blocked.
    duration: u64,
    by_rank: bool,
}

impl RefreshSchedule {
    /// The schedule of a described memory; `None` if it is never refreshed.
    #[must_use]
    pub fn new(description: &MemoryDescription) -> Option<Self> {
        let ranks = description.organisation.ranks as usize;
        let banks_per_rank = description.organisation.banks_per_rank() as usize;
        let timing = &description.timing;
        let rank_by_rank = Self {
            interval: timing.refresh_interval.0,
            targets: ranks,
            at_once: 1,
            banks_per_target: banks_per_rank,
            duration: timing.refresh_cycle.0,
            by_rank: true,
        };
        match description.controller.refresh {
            RefreshPolicy::None => None,
            RefreshPolicy::AllBank => Some(Self {
                at_once: ranks,
                ..rank_by_rank
            }),
            RefreshPolicy::Staggered => Some(Self {
                interval: timing.refresh_interval.0 / ranks as u64,
                ..rank_by_rank
            }),
            RefreshPolicy::PerBank => Some(Self {
                interval: timing.bank_refresh_interval.0,
                targets: ranks * banks_per_rank,
                at_once: 1,
                banks_per_target: 1,
                duration: timing.bank_refresh_cycle.0,
                by_rank: false,
            }),
        }
    }

    /// Cycles from one instant at which refreshes fall due to the next.
    #[must_use]
    pub const fn interval(&self) -> u64 {
        self.interval
    }

    /// Refreshes that fall due at one instant.
    #[must_use]
    pub const fn at_once(&self) -> usize {
        self.at_once
    }

    /// Targets of the channel, each refreshed once per round.
    #[must_use]
    pub const fn targets(&self) -> usize {
        self.targets
    }

    /// Cycles from one refresh of a target to its next.
    #[must_use]
    pub const fn round(&self) -> u64 {
        self.interval * (self.targets / self.at_once) as u64
    }

    /// Target number `place`, counted in the order of their turns.
    #[must_use]
    #[inline]
    pub const fn target(&self, place: usize) -> RefreshTarget {
        let place = place % self.targets;
        if self.by_rank {
            RefreshTarget::Rank(place)
        } else {
            RefreshTarget::Bank(place)
        }
    }

    /// The banks of the channel that a refresh of `target` blocks.
    #[must_use]
    #[inline]
    pub const fn banks(&self, target: RefreshTarget) -> Range<usize> {
        let (RefreshTarget::Rank(place) | RefreshTarget::Bank(place)) = target;
        let first = place * self.banks_per_target;
        first..first + self.banks_per_target
    }

    /// Cycles for which a refresh blocks its banks: tRFC of a rank, tRFCb of a bank.
    #[must_use]
    pub const fn duration(&self) -> u64 {
        self.duration
    }

    /// Refreshes of a channel over `cycles`, on average.
    #[must_use]
    pub fn commands_over(&self, cycles: f64) -> CommandCounts {
        let commands = self.at_once as f64 * cycles / self.interval as f64;
        if self.by_rank {
            CommandCounts {
                refreshes: commands,
                ..CommandCounts::default()
            }
        } else {
            CommandCounts {
                bank_refreshes: commands,
                ..CommandCounts::default()
            }
        }
    }

    /// The field of a description that sets the interval.
    pub(super) const fn interval_field(&self) -> &'static str {
        if self.by_rank {
            "timing.refresh_interval"
        } else {
            "timing.bank_refresh_interval"
        }
    }
}
