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

    /// Distance of two addresses that differ in their row alone: multiples of it lie in the first bank.
    #[must_use]
    pub fn row_span(&self) -> u64 {
        1 << self.row.shift
    }

    /// The first address, below [`Self::row_span`], of the bank at which region `number` of several begins, so that users of main
    /// memory who begin together do not meet in one bank.
    ///
    /// Regions 0, 1, 2, 3 .. begin 0, 1/2, 1/4, 3/4 .. of the way through the banks (the van der Corput sequence): any number
    /// of them is spread evenly, and one more moves none. Banks whose bits are above those of the row do not count.
    #[must_use]
    pub fn first_bank_of_region(&self, number: u64) -> u64 {
        let fields = [self.channel, self.rank, self.bank_group, self.bank];
        let below_row = |field: &BitField| field.shift < self.row.shift;
        let mut bits: Vec<u32> = fields
            .into_iter()
            .filter(below_row)
            .flat_map(|field| (0..field.mask.count_ones()).map(move |bit| field.shift + bit))
            .collect();
        bits.sort_unstable();
        let places = bits.into_iter().rev().zip(0..u64::BITS);
        places.fold(0, |address, (bit, place)| address | (number >> place & 1) << bit)
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
    use super::{AddressMap, FieldOrder, Organisation};

    #[test]
    fn regions_begin_at_banks_far_apart() {
        let organisation = Organisation {
            channels: 2,
            ranks: 1,
            bank_groups: 2,
            banks_per_group: 4,
            rows: 16,
            columns: 64,
            device_width: 16,
            bus_width: 64,
            burst_length: 8,
        };
        // Blocks of 64 bytes, 2 channels, 8 columns, 4 banks, 2 groups.
        let map = AddressMap::new("rorabgbacoch".parse().unwrap(), &organisation);
        assert_eq!(map.row_span(), 64 * 2 * 8 * 4 * 2);
        let banks = (0..8).map(|number| {
            let place = map.locate(map.first_bank_of_region(number));
            assert_eq!((place.row, place.column, place.channel), (0, 0, 0));
            4 * place.bank_group + place.bank
        });
        assert_eq!(banks.collect::<Vec<_>>(), [0, 4, 2, 6, 1, 5, 3, 7]);
        // Then the other channel; after all have had a turn, the first again.
        assert_eq!(map.locate(map.first_bank_of_region(8)).channel, 1);
        assert_eq!(map.first_bank_of_region(16), 0);
        // Banks above the row lie apart by themselves.
        let map = AddressMap::new("rarobgbachco".parse().unwrap(), &organisation);
        assert!(map.first_bank_of_region(u64::MAX) < map.row_span());
        let map = AddressMap::new("rabgbarochco".parse().unwrap(), &organisation);
        assert_eq!(map.locate(map.first_bank_of_region(1)).channel, 1);
    }

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
