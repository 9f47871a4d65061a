//! Contention: the share of each channel that other requestors leave.
//!
//! A channel accepts requests of waiting requestors in turn. A requestor that keeps more requests waiting than its share
//! of the queue gets an equal share of the channel; one that keeps fewer gets the rate that Little's law gives for them.
//! The blocks of all requestors are walked together, so the cost of rows they close for each other is included.

use components::background::AddressPattern;
use components::units::BLOCK;
use scenarios::schema::{Arrivals, Traffic};
use scenarios::system::{BackgroundPlan, Plan};
use sim_core::random;

use super::shape::Stream;

/// Another requestor.
#[derive(Clone, Copy, Debug)]
struct Other {
    /// Share of the channel that it gets while all want more than there is.
    share: f64,
    /// Most bytes per second that it requests.
    rate: f64,
    start: u64,
    region: u64,
    pattern: AddressPattern,
}

/// All other requestors.
#[derive(Clone, Debug)]
pub(super) struct Contention(Vec<Other>);

impl Contention {
    /// The other requestors of `plan`, on the channels that the DMA's own `stream` is spread over.
    pub(super) fn of(plan: &Plan, stream: &Stream<'_>) -> Self {
        let tenants = plan.tenants.iter().map(|tenant| {
            let outstanding = tenant.scenario.accelerator.dma.outstanding_requests;
            let (start, region) = tenant.region;
            // Another transformer may request as much as this one; assume that it does.
            (outstanding, f64::INFINITY, start, region, AddressPattern::Stream)
        });
        let background = plan.background.iter().map(|source| {
            let (rate, pattern) = asked(source);
            let outstanding = source.stated.outstanding_requests;
            (
                outstanding,
                rate,
                source.region_start,
                source.region_bytes,
                pattern,
            )
        });
        let others: Vec<_> = tenants.chain(background).collect();
        let places = stream.all_places as f64;
        let waiting = |outstanding: u32| f64::from(outstanding) / stream.channels;
        let all: f64 = others.iter().map(|other| waiting(other.0)).sum::<f64>() + stream.window as f64;
        let part = places / (others.len() + 1) as f64;
        Self(
            others
                .into_iter()
                .map(|(outstanding, rate, start, region, pattern)| {
                    let held = waiting(outstanding).min(part.max(places - (all - waiting(outstanding))));
                    Other {
                        share: held / places.min(all),
                        rate,
                        start,
                        region: region.max(BLOCK.0),
                        pattern,
                    }
                })
                .collect(),
        )
    }

    /// The DMA's own addresses interleaved with those of the others, in proportion to their shares.
    pub(super) fn mixed(&self, mut own: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
        let mut due = vec![0.0; self.0.len()];
        let mut sent = vec![0_u64; self.0.len()];
        let own_share = self.own_share();
        let others = &self.0;
        std::iter::from_fn(move || {
            for (index, other) in others.iter().enumerate() {
                if due[index] >= 1.0 {
                    due[index] -= 1.0;
                    sent[index] += 1;
                    return Some(other.address(sent[index]));
                }
            }
            for (index, other) in others.iter().enumerate() {
                due[index] += other.share / own_share;
            }
            own.next()
        })
    }

    fn own_share(&self) -> f64 {
        let others: f64 = self.0.iter().map(|other| other.share).sum();
        (1.0 - others).max(0.01)
    }

    /// Cycles of the accelerator between two of the DMA's own blocks, if each block takes `alone`.
    pub(super) fn stretched(&self, alone: f64, plan: &Plan) -> f64 {
        let clock_hz = plan.machine.scenario.accelerator.clock_mhz * 1e6;
        let taken: f64 = self
            .0
            .iter()
            .map(|other| {
                let blocks_a_cycle = other.rate / BLOCK.0 as f64 / clock_hz;
                other.share.min(blocks_a_cycle * alone)
            })
            .sum();
        alone / (1.0 - taken).max(0.01)
    }
}

impl Other {
    fn address(&self, index: u64) -> u64 {
        let blocks = self.region / BLOCK.0;
        let block = match self.pattern {
            AddressPattern::Stream => index % blocks,
            AddressPattern::Strided { stride } => (index * stride / BLOCK.0) % blocks,
            AddressPattern::Random => random::draw(2, index) % blocks,
        };
        self.start + block * BLOCK.0
    }
}

/// Average bytes per second that a source requests, and its address pattern.
fn asked(source: &BackgroundPlan) -> (f64, AddressPattern) {
    match &source.stated.traffic {
        Traffic::Trace(_) => (f64::INFINITY, AddressPattern::Stream),
        Traffic::Generated {
            addresses, arrivals, ..
        } => {
            let gb_s = match *arrivals {
                Arrivals::Saturating => f64::INFINITY,
                Arrivals::Steady { gb_s } | Arrivals::Poisson { gb_s } => gb_s,
                Arrivals::Bursty { gb_s, on_us, off_us } => gb_s * on_us / (on_us + off_us),
            };
            (gb_s * 1e9, *addresses)
        }
    }
}
