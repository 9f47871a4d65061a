//! Which requestor goes first: ranks under strict priority, and shares of the bandwidth.

use super::RequestorId;
use super::description::{Arbitration, Controller, Scheduling};

/// What a requestor is called in controller descriptions and results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestorName {
    /// Its own name, such as `weights` or `camera`.
    pub name: String,
    /// The name that it shares with others of the same machine, such as `accelerator`.
    pub group: String,
}

impl RequestorName {
    /// A requestor that belongs to no group.
    #[must_use]
    pub fn alone(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            group: name.clone(),
            name,
        }
    }

    /// Whether a description that says `pattern` means this one.
    #[must_use]
    pub fn is_meant_by(&self, pattern: &str) -> bool {
        self.name == pattern || self.group == pattern
    }
}

/// Ranks and shares of the requestors, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Precedence {
    /// Rank under strict priority, 0 first; empty without it.
    classes: Vec<u8>,
    /// The flow of each requestor, and the weight of each flow; empty if requestors take turns.
    flow_of: Vec<u16>,
    weights: Vec<u32>,
}

impl Precedence {
    pub(super) fn new(controller: &Controller, requestors: &[RequestorName]) -> Self {
        let mut precedence = Self::default();
        if let Scheduling::Priority(order) = &controller.scheduling {
            let class = |requestor: &RequestorName| {
                let place = order.iter().position(|pattern| requestor.is_meant_by(pattern));
                place.map_or(u8::MAX, |place| place.min(254) as u8)
            };
            precedence.classes = requestors.iter().map(class).collect();
        }
        if let Arbitration::Shares(shares) = &controller.arbitration {
            let listed: Vec<&String> = shares.keys().collect();
            precedence.weights = shares.values().copied().collect();
            for requestor in requestors {
                let flow = listed.iter().position(|pattern| requestor.is_meant_by(pattern));
                let flow = flow.unwrap_or_else(|| {
                    precedence.weights.push(1);
                    precedence.weights.len() - 1
                });
                precedence.flow_of.push(flow as u16);
            }
        }
        precedence
    }

    /// The rank of a requestor under strict priority: 0 goes first.
    #[inline]
    pub(super) fn class(&self, requestor: RequestorId) -> u8 {
        self.classes
            .get(usize::from(requestor.0))
            .copied()
            .unwrap_or(u8::MAX)
    }

    /// Whether bandwidth is shared by weights.
    pub(super) fn has_shares(&self) -> bool {
        !self.flow_of.is_empty()
    }

    /// The flow that a requestor belongs to.
    #[inline]
    pub(super) fn flow(&self, requestor: usize) -> Option<usize> {
        self.flow_of.get(requestor).map(|&flow| usize::from(flow))
    }

    /// How many requestors have a flow.
    pub(super) fn requestors(&self) -> usize {
        self.flow_of.len()
    }

    /// The weights of the flows.
    pub(super) fn weights(&self) -> &[u32] {
        &self.weights
    }
}
