//! Building a memory out of actors.

use std::fmt;

use sim_core::{ActorId, Clock, Context, Message};

use super::violation::Place;
use super::{AddressMap, Bank, Channel, MemoryMessage, MemoryPlan, Rank};

/// Any part of a memory.
#[derive(Clone, Debug)]
pub enum MemoryActor {
    /// A channel's controller.
    Channel(Box<Channel>),
    /// A rank.
    Rank(Box<Rank>),
    /// A bank.
    Bank(Box<Bank>),
}

impl MemoryActor {
    /// Takes one message.
    #[inline]
    pub fn receive<M: Message + From<MemoryMessage>>(
        &mut self,
        message: MemoryMessage,
        context: &mut Context<'_, M>,
    ) {
        match self {
            Self::Channel(channel) => channel.receive(message, context),
            Self::Rank(rank) => rank.receive(message, context),
            Self::Bank(bank) => bank.receive(message, context),
        }
    }
}

/// Where a memory is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPorts {
    /// The channels, by number.
    pub channels: Vec<ActorId>,
    /// The ranks, channel by channel.
    pub ranks: Vec<ActorId>,
    /// The banks, rank by rank.
    pub banks: Vec<ActorId>,
    map: AddressMap,
}

impl MemoryPorts {
    /// The number of the channel that holds `address`.
    #[must_use]
    #[inline]
    pub fn channel_number(&self, address: u64) -> usize {
        self.map.channel_of(address)
    }

    /// The channel that holds `address`.
    #[must_use]
    #[inline]
    pub fn channel_of(&self, address: u64) -> ActorId {
        self.channels[self.channel_number(address)]
    }
}

/// A part of a memory, numbered from 0 within its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryPart {
    /// A channel's controller.
    Channel {
        /// The channel.
        channel: u16,
    },
    /// A rank.
    Rank {
        /// Its channel.
        channel: u16,
        /// The rank.
        rank: u16,
    },
    /// A bank.
    Bank {
        /// Its channel.
        channel: u16,
        /// Its rank.
        rank: u16,
        /// The bank: those of later ranks follow those of earlier ones.
        bank: u16,
    },
}

impl fmt::Display for MemoryPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channel { channel } => write!(f, "channel[{channel}]"),
            Self::Rank { channel, rank } => write!(f, "channel[{channel}].rank[{rank}]"),
            Self::Bank { channel, bank, .. } => write!(f, "channel[{channel}].bank[{bank}]"),
        }
    }
}

impl MemoryPlan {
    /// The parts of the memory, in the order in which [`build_memory`] adds them: banks before their rank, ranks before their
    /// channel.
    pub fn parts(&self) -> impl Iterator<Item = MemoryPart> {
        let organisation = &self.description().organisation;
        let [channels, ranks, banks] = [
            organisation.channels,
            organisation.ranks,
            organisation.banks_per_rank(),
        ]
        .map(|count| count as u16);
        (0..channels).flat_map(move |channel| {
            let ranks = (0..ranks).flat_map(move |rank| {
                let banks = (rank * banks..(rank + 1) * banks).map(move |bank| MemoryPart::Bank {
                    channel,
                    rank,
                    bank,
                });
                banks.chain([MemoryPart::Rank { channel, rank }])
            });
            ranks.chain([MemoryPart::Channel { channel }])
        })
    }
}

/// Builds the actors of a memory, in the order of [`MemoryPlan::parts`]. `add` registers one and tells its address.
pub fn build_memory(
    plan: &MemoryPlan,
    clock: Clock,
    add: &mut impl FnMut(MemoryActor) -> ActorId,
) -> MemoryPorts {
    let description = plan.description();
    let mut ports = MemoryPorts {
        channels: Vec::new(),
        ranks: Vec::new(),
        banks: Vec::new(),
        map: plan.address_map(),
    };
    // Where the ranks of the channel, the banks of the channel and the banks of the rank begin.
    let [mut ranks, mut banks, mut banks_of_rank] = [0; 3];
    for part in plan.parts() {
        match part {
            MemoryPart::Bank { channel, rank, bank } => {
                let place = Place {
                    channel: u32::from(channel),
                    rank: u32::from(rank),
                    bank: Some(u32::from(bank) % description.organisation.banks_per_rank()),
                };
                let bank = Bank::new(description, clock, place);
                ports.banks.push(add(MemoryActor::Bank(Box::new(bank))));
            }
            MemoryPart::Rank { channel, rank } => {
                let place = Place {
                    channel: u32::from(channel),
                    rank: u32::from(rank),
                    bank: None,
                };
                let rank = Rank::new(description, clock, place, ports.banks[banks_of_rank..].to_vec());
                ports.ranks.push(add(MemoryActor::Rank(Box::new(rank))));
                banks_of_rank = ports.banks.len();
            }
            MemoryPart::Channel { channel } => {
                let (its_ranks, its_banks) = (ports.ranks[ranks..].to_vec(), ports.banks[banks..].to_vec());
                let channel = Channel::new(plan, clock, channel, its_ranks, its_banks);
                ports.channels.push(add(MemoryActor::Channel(Box::new(channel))));
                (ranks, banks) = (ports.ranks.len(), ports.banks.len());
            }
        }
    }
    ports
}
