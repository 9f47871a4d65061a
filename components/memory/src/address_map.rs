//! From byte addresses to channel, rank, bank, row and column.

use super::description::{Field, FieldOrder, Organisation};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct BitField {
    shift: u32,
    mask: u64,
}

impl BitField {
    #[inline]
    fn of(self, address: u64) -> u64 {
        (address >> self.shift) & self.mask
    }
}

/// Where a block lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// The channel.
    pub channel: u32,
    /// The rank in its channel.
    pub rank: u32,
    /// The bank group in its rank.
    pub bank_group: u32,
    /// The bank in its group.
    pub bank: u32,
    /// The row.
    pub row: u32,
    /// The column, in units of bursts.
    pub column: u32,
}

/// Splits addresses into fields. Bits above the capacity are ignored, so addresses wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressMap {
    row: BitField,
    channel: BitField,
    rank: BitField,
    bank: BitField,
    bank_group: BitField,
    column: BitField,
}

impl AddressMap {
    /// The map of a valid organisation (all sizes powers of two).
    #[must_use]
    pub fn new(order: FieldOrder, organisation: &Organisation) -> Self {
        let mut fields = [BitField::default(); 6];
        let mut shift = organisation.request_bytes().trailing_zeros();
        for field in order.0.into_iter().rev() {
            let size = match field {
                Field::Row => organisation.rows,
                Field::Channel => organisation.channels,
                Field::Rank => organisation.ranks,
                Field::Bank => organisation.banks_per_group,
                Field::BankGroup => organisation.bank_groups,
                Field::Column => organisation.columns / organisation.burst_length,
            };
            // A field of one value has no bits; its shift must stay below the word's width all the same.
            fields[field as usize] = BitField {
                shift: shift.min(63),
                mask: u64::from(size) - 1,
            };
            shift += size.trailing_zeros();
        }
        let [row, channel, rank, bank, bank_group, column] = fields;
        Self {
            row,
            channel,
            rank,
            bank,
            bank_group,
            column,
        }
    }

    /// Which channel holds `address`.
    #[must_use]
    #[inline]
    pub fn channel_of(&self, address: u64) -> usize {
        self.channel.of(address) as usize
    }

    /// Where `address` lies.
    #[must_use]
    #[inline]
    pub fn locate(&self, address: u64) -> Location {
        Location {
            channel: self.channel.of(address) as u32,
            rank: self.rank.of(address) as u32,
            bank_group: self.bank_group.of(address) as u32,
            bank: self.bank.of(address) as u32,
            row: self.row.of(address) as u32,
            column: self.column.of(address) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FieldOrder;

    #[test]
    fn each_field_stands_once() {
        let parse = |text: &str| text.parse::<FieldOrder>();
        assert_eq!(parse("rochrababgco").unwrap().to_string(), "rochrababgco");
        for wrong in [
            "",
            "rochrababg",
            "rochrababgro",
            "rochrababgxx",
            "röchrababgc",
            "rochrababgcoco",
        ] {
            assert!(
                parse(wrong).unwrap_err().contains("is not an address map"),
                "{wrong}"
            );
        }
    }
}
