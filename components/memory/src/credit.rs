//! A requestor's account of the places it may still fill.

use super::{Access, Credit};

/// The credits of one requestor, by channel and kind of access.
///
/// Each request costs one; each [`Credit`] message brings one back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditAccount {
    reads: Vec<u32>,
    writes: Vec<u32>,
    shared: bool,
}

impl CreditAccount {
    pub(super) fn split(channels: usize, reads: u32, writes: u32) -> Self {
        Self {
            reads: vec![reads; channels],
            writes: vec![writes; channels],
            shared: false,
        }
    }

    pub(super) fn shared(channels: usize, places: u32) -> Self {
        Self {
            reads: vec![places; channels],
            writes: Vec::new(),
            shared: true,
        }
    }

    #[inline]
    fn place(&mut self, channel: usize, access: Access) -> &mut u32 {
        if self.shared || access == Access::Read {
            &mut self.reads[channel]
        } else {
            &mut self.writes[channel]
        }
    }

    /// Spends a credit, if there is one.
    #[must_use]
    #[inline]
    pub fn take(&mut self, channel: usize, access: Access) -> bool {
        let left = self.place(channel, access);
        let some = *left > 0;
        *left -= u32::from(some);
        some
    }

    /// Books a credit that came back.
    #[inline]
    pub fn give(&mut self, credit: Credit) {
        *self.place(usize::from(credit.channel), credit.access) += 1;
    }
}
