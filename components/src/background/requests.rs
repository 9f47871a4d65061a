//! The requests of a source of background traffic, one after the other.

use std::fmt;

use rand_distr::{Bernoulli, Distribution as _};
use sim_core::random::{Stream, stream};

use super::addresses::{AddressPattern, Addresses};
use super::arrivals::{ArrivalProcess, Moments};
use crate::memory::{Access, TraceError, TraceRecord};

/// An upcoming request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    /// The cycle of the memory's clock, counted from the source's start; `None` if it is made as soon as possible.
    pub(super) cycle: Option<u64>,
    pub(super) address: u64,
    pub(super) access: Access,
}

/// Requests generated from a rule and a seed.
#[derive(Clone, Debug)]
pub struct GeneratedRequests {
    addresses: Addresses,
    moments: Moments,
    writes: Option<Bernoulli>,
    random: Stream,
}

impl GeneratedRequests {
    /// Requests for the blocks of the `region` (first byte and size), of which a share of `writes` (0 to 1) are writes.
    /// `seed` and `source` decide all draws.
    #[must_use]
    pub fn new(
        addresses: AddressPattern,
        arrivals: ArrivalProcess,
        writes: f64,
        region: (u64, u64),
        (seed, source): (u64, u64),
    ) -> Self {
        Self {
            addresses: Addresses::new(addresses, region.0, region.1),
            moments: Moments::new(arrivals),
            writes: Bernoulli::new(writes).ok().filter(|_| writes > 0.0),
            random: stream(seed, source),
        }
    }

    fn next(&mut self) -> Due {
        let cycle = self.moments.next(&mut self.random);
        let address = self.addresses.next(&mut self.random);
        let write = self.writes.is_some_and(|writes| writes.sample(&mut self.random));
        Due {
            cycle,
            address,
            access: if write { Access::Write } else { Access::Read },
        }
    }
}

/// Where a source's requests come from.
pub enum RequestStream {
    /// Rule and seed.
    Generated(Box<GeneratedRequests>),
    /// A trace: at most one request per cycle, in order, none before its own cycle (DRAMsim3's rule).
    Replayed {
        /// The name of the trace in messages.
        name: String,
        /// Its requests.
        records: Box<dyn Iterator<Item = Result<TraceRecord, TraceError>> + Send>,
    },
}

impl RequestStream {
    pub(super) fn next(&mut self) -> Result<Option<Due>, String> {
        match self {
            Self::Generated(requests) => Ok(Some(requests.next())),
            Self::Replayed { name, records } => match records.next() {
                Some(Ok(record)) => Ok(Some(Due {
                    cycle: Some(record.cycle),
                    address: record.address,
                    access: record.access,
                })),
                Some(Err(error)) => Err(format!("{name}: {error}")),
                None => Ok(None),
            },
        }
    }

    pub(super) fn is_one_a_cycle(&self) -> bool {
        matches!(self, Self::Replayed { .. })
    }
}

impl fmt::Debug for RequestStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generated(requests) => requests.fmt(f),
            Self::Replayed { name, .. } => f.debug_struct("Replayed").field("name", name).finish(),
        }
    }
}
