//! What the devices themselves find wrong with the commands they get.

/// Counts breaches of timing rules; keeps the words of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Violations {
    count: u64,
    first: Option<String>,
}

impl Violations {
    /// Notes a breach of `rule` unless it `holds`.
    #[inline]
    pub(super) fn check(&mut self, holds: bool, rule: &'static str, cycle: u64, place: &Place) {
        if !holds {
            self.note(rule, cycle, place);
        }
    }

    #[cold]
    fn note(&mut self, rule: &'static str, cycle: u64, place: &Place) {
        self.count += 1;
        self.first.get_or_insert_with(|| {
            let Place { channel, rank, bank } = place;
            match bank {
                Some(bank) => format!("{rule} at cycle {cycle}, channel {channel} rank {rank} bank {bank}"),
                None => format!("{rule} at cycle {cycle}, channel {channel} rank {rank}"),
            }
        });
    }

    /// How many breaches there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first one, in words.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        self.first.as_deref()
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        if self.first.is_none() {
            self.first.clone_from(&other.first);
        }
    }
}

/// Where a device sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) channel: u32,
    pub(super) rank: u32,
    pub(super) bank: Option<u32>,
}
