//! Building a memory out of actors.

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

/// Builds the actors of a memory. `add` registers one and tells its address.
pub fn build_memory(
    plan: &MemoryPlan,
    clock: Clock,
    add: &mut impl FnMut(MemoryActor) -> ActorId,
) -> MemoryPorts {
    let description = plan.description();
    let organisation = &description.organisation;
    let mut ports = MemoryPorts {
        channels: Vec::new(),
        ranks: Vec::new(),
        banks: Vec::new(),
        map: plan.address_map(),
    };
    for channel in 0..organisation.channels {
        let (first_rank, first_bank) = (ports.ranks.len(), ports.banks.len());
        for rank in 0..organisation.ranks {
            let bank_of_rank = ports.banks.len();
            for bank in 0..organisation.banks_per_rank() {
                let place = Place {
                    channel,
                    rank,
                    bank: Some(bank),
                };
                ports.banks.push(add(MemoryActor::Bank(Box::new(Bank::new(
                    description,
                    clock,
                    place,
                )))));
            }
            let place = Place {
                channel,
                rank,
                bank: None,
            };
            let rank = Rank::new(description, clock, place, ports.banks[bank_of_rank..].to_vec());
            ports.ranks.push(add(MemoryActor::Rank(Box::new(rank))));
        }
        let ranks = ports.ranks[first_rank..].to_vec();
        let banks = ports.banks[first_bank..].to_vec();
        let channel = Channel::new(plan, clock, channel as u16, ranks, banks);
        ports.channels.push(add(MemoryActor::Channel(Box::new(channel))));
    }
    ports
}
