//! The main memories of the published figures.

use std::fmt;

use scenarios::schema::Reference;

/// Whether main memory is off-chip or near the chip; the published figures have one bandwidth for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// DRAM (`lb`).
    LowBandwidth,
    /// RRAM and HBM (`hb`).
    HighBandwidth,
}

/// A main memory of the published figures: technology, banks, ranks and channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Organisation {
    index: usize,
}

/// The organisations in the order of their index, as the cost table spells them.
const NAMES: [&str; 11] = [
    "rram_16_2_2",
    "rram_8_2_4",
    "rram_4_2_8",
    "rram_2_2_16",
    "rram_32_2_1",
    "rram_1_2_32",
    "dram_16_2_2",
    "dram_8_2_4",
    "dram_32_2_1",
    "dram_16_4_1",
    "hbm_32_1_4",
];

/// Shipped memories and the organisations of the same technology that AccelTran pairs with its machines.
const SHIPPED: [(&str, &str); 6] = [
    ("lpddr3-1600", "dram_32_2_1"),
    ("ddr4-2400", "dram_16_2_2"),
    ("hbm2", "hbm_32_1_4"),
    ("hbm2-pseudo", "hbm_32_1_4"),
    ("rram", "rram_16_2_2"),
    ("rram-m3d", "rram_32_2_1"),
];

impl Organisation {
    /// The organisation with this index, 0 to 10, in an accelerator's vector.
    #[must_use]
    pub fn from_index(index: usize) -> Option<Self> {
        (index < NAMES.len()).then_some(Self { index })
    }

    /// The organisation with this name: `dram_32_2_1`, or `published/dram_32_2_1`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("published/").unwrap_or(name);
        Self::from_index(NAMES.iter().position(|known| *known == name)?)
    }

    /// The organisation that stands in for a shipped memory: the one of the same technology in AccelTran's own machines.
    #[must_use]
    pub fn of_shipped(memory: &str) -> Option<Self> {
        let (_, name) = SHIPPED.iter().find(|(shipped, _)| *shipped == memory)?;
        Self::from_name(name)
    }

    /// All names, in the order of their index.
    #[must_use]
    pub fn names() -> &'static [&'static str] {
        &NAMES
    }

    /// The names of shipped memories that an organisation stands in for.
    pub fn shipped_names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The name: technology, banks, ranks and channels.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.get(self.index).copied().unwrap_or_default()
    }

    /// The name of the shipped memory with this organisation.
    #[must_use]
    pub fn preset_name(self) -> String {
        format!("published/{}", self.name())
    }

    /// The shipped memory with this organisation.
    #[must_use]
    pub fn as_preset(self) -> Reference {
        Reference::Preset(self.preset_name())
    }

    /// Its bandwidth class.
    #[must_use]
    pub fn mode(self) -> Mode {
        if self.name().starts_with("dram") {
            Mode::LowBandwidth
        } else {
            Mode::HighBandwidth
        }
    }
}

impl fmt::Display for Organisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_index_has_a_name_of_its_own() {
        for index in 0..NAMES.len() {
            let organisation = Organisation::from_index(index).unwrap();
            assert_eq!(Organisation::from_name(organisation.name()), Some(organisation));
        }
        assert_eq!(Organisation::from_index(11), None);
        assert_eq!(Organisation::from_index(usize::MAX), None);
        assert!(
            SHIPPED
                .iter()
                .all(|(name, _)| Organisation::of_shipped(name).is_some())
        );
        let dram = Organisation::from_name("published/dram_8_2_4").unwrap();
        assert_eq!(dram.mode(), Mode::LowBandwidth);
    }
}
