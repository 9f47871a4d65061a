//! A checked description, with what follows from it.

use sim_core::Frequency;

use super::address_map::AddressMap;
use super::arbitration::{Precedence, RequestorName};
use super::constraints::Constraints;
use super::credit::CreditAccount;
use super::description::{MemoryDescription, Problem, TransactionQueues};

/// A memory that can be built: a valid description and what follows from it.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryPlan {
    description: MemoryDescription,
    address_map: AddressMap,
    constraints: Constraints,
    precedence: Precedence,
}

impl MemoryPlan {
    /// Checks a description. Its controller knows requestors by their numbers, as text, until it is told names.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(description: MemoryDescription) -> Result<Self, Vec<Problem>> {
        let problems = description.validate();
        if !problems.is_empty() {
            return Err(problems);
        }
        let numbered: Vec<RequestorName> = (0..=u8::MAX)
            .map(|number| RequestorName::alone(number.to_string()))
            .collect();
        Ok(Self {
            address_map: AddressMap::new(description.address_map, &description.organisation),
            constraints: Constraints::new(&description),
            precedence: Precedence::new(&description.controller, &numbered),
            description,
        })
    }

    /// The plan for requestors of these names, by number.
    #[must_use]
    pub fn for_requestors(mut self, requestors: &[RequestorName]) -> Self {
        self.precedence = Precedence::new(&self.description.controller, requestors);
        self
    }

    pub(super) fn precedence(&self) -> &Precedence {
        &self.precedence
    }

    /// What it was made from.
    #[must_use]
    pub fn description(&self) -> &MemoryDescription {
        &self.description
    }

    /// Where addresses lie.
    #[must_use]
    pub fn address_map(&self) -> AddressMap {
        self.address_map
    }

    /// Distances between commands.
    #[must_use]
    pub fn constraints(&self) -> Constraints {
        self.constraints
    }

    /// Bytes of all channels.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.description.organisation.capacity_bytes()
    }

    /// Bytes of one request; requests are aligned to it.
    #[must_use]
    pub fn request_bytes(&self) -> u32 {
        self.description.organisation.request_bytes()
    }

    /// The memory clock.
    #[must_use]
    pub fn frequency(&self) -> Frequency {
        self.description.frequency_khz
    }

    /// Bytes a second when the data buses of all channels are never idle: two transfers a cycle.
    #[must_use]
    pub fn peak_bytes_per_second(&self) -> f64 {
        let organisation = &self.description.organisation;
        f64::from(organisation.channels)
            * f64::from(organisation.bus_width / 8)
            * 2.0
            * self.frequency().hertz()
    }

    /// The credits with which one requestor starts: the places of the queues. If bandwidth is shared by weights, twice
    /// that, so that a requestor that fills the queue still has a request waiting when a place is given away.
    #[must_use]
    pub fn credits(&self) -> CreditAccount {
        let channels = self.description.organisation.channels as usize;
        let times = 1 + u32::from(self.precedence.has_shares());
        match self.description.controller.transaction_queues {
            TransactionQueues::Split { reads, writes } => {
                CreditAccount::split(channels, reads * times, writes * times)
            }
            TransactionQueues::Unified { depth } => CreditAccount::shared(channels, depth * times),
        }
    }
}
