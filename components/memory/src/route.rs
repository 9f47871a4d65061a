//! A requestor's way to main memory.

use sim_core::ActorId;

use super::{Access, AddressMap, Credit, CreditAccount};

/// How requests reach main memory.
#[derive(Clone, Debug)]
pub enum MemoryRoute {
    /// By the channel that the address names, as far as it has room.
    Channels {
        /// Which address is where.
        map: AddressMap,
        /// The channels, by number.
        channels: Vec<ActorId>,
        /// Places in the channels' queues, for each requestor of whoever has this route.
        credits: Vec<CreditAccount>,
    },
    /// To an ideal memory, which always has room.
    Ideal(ActorId),
}

impl MemoryRoute {
    /// This route for another number of requestors, each with all its credits.
    #[must_use]
    pub fn for_requestors(&self, requestors: usize) -> Self {
        match self {
            Self::Channels {
                map,
                channels,
                credits,
            } => Self::Channels {
                map: *map,
                channels: channels.clone(),
                credits: credits.iter().take(1).cycle().take(requestors).cloned().collect(),
            },
            Self::Ideal(memory) => Self::Ideal(*memory),
        }
    }

    /// Where a request of requestor number `requestor` goes, if there is room for it now.
    #[inline]
    pub fn admit(&mut self, address: u64, access: Access, requestor: usize) -> Option<ActorId> {
        match self {
            Self::Channels {
                map,
                channels,
                credits,
            } => {
                let channel = map.channel_of(address);
                credits[requestor]
                    .take(channel, access)
                    .then(|| channels[channel])
            }
            Self::Ideal(memory) => Some(*memory),
        }
    }

    /// Books a credit that came back for requestor number `requestor`.
    #[inline]
    pub fn give(&mut self, credit: Credit, requestor: usize) {
        if let Self::Channels { credits, .. } = self
            && let Some(account) = credits.get_mut(requestor)
        {
            account.give(credit);
        }
    }
}
