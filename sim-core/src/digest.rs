//! A running hash of all that was delivered: equal for equal behaviour.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::{ActorId, Message, Tick};

/// An order-sensitive hash over (tick, receiver, message) of every delivery.
///
/// Not cryptographic. One multiplication lies on the chain from event to event (the constants are those
/// of the finalisers of MurmurHash3 and splitmix64), so it costs a nanosecond or two per event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest(u64);

impl Digest {
    #[inline]
    pub(crate) fn record<M: Message>(&mut self, tick: Tick, to: ActorId, message: &M) {
        let event = tick.0.wrapping_mul(0xff51_afd7_ed55_8ccd)
            ^ u64::from(to.0).wrapping_mul(0xc4ce_b9fe_1a85_ec53)
            ^ message.fingerprint();
        let mixed = (self.0 ^ event).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        self.0 = mixed ^ (mixed >> 29);
    }

    /// The hash as a number.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Mixes `value` into `hash`: the building block of [`Message::fingerprint`].
#[must_use]
#[inline]
pub fn mix(hash: u64, value: u64) -> u64 {
    (hash.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
