//! The ledger of a buffer's capacity.

use crate::operation::Footprint;
use crate::units::Bytes;

/// The used part of a data buffer and of its share of the mask buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Space {
    capacity: Footprint,
    used: Footprint,
}

impl Space {
    pub(crate) fn new(capacity: Footprint) -> Self {
        Self {
            capacity,
            used: Footprint::default(),
        }
    }

    /// Takes `footprint` if there is room for both parts of it.
    pub(crate) fn take(&mut self, footprint: Footprint) -> bool {
        let fits = self.used.data + footprint.data <= self.capacity.data
            && self.used.mask + footprint.mask <= self.capacity.mask;
        if fits {
            self.used.data += footprint.data;
            self.used.mask += footprint.mask;
        }
        fits
    }

    pub(crate) fn give_back(&mut self, footprint: Footprint) {
        self.used.data -= footprint.data;
        self.used.mask -= footprint.mask;
    }

    /// How much more room `footprint` needs than there is.
    pub(crate) fn shortfall(&self, footprint: Footprint) -> Footprint {
        let missing = |used: Bytes, wanted: Bytes, capacity: Bytes| {
            Bytes((used.0 + wanted.0).saturating_sub(capacity.0))
        };
        Footprint {
            data: missing(self.used.data, footprint.data, self.capacity.data),
            mask: missing(self.used.mask, footprint.mask, self.capacity.mask),
        }
    }
}
