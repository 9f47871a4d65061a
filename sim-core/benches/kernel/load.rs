//! The loads: what the actors do, the same code whichever kernel delivers to them.

use serde::{Deserialize, Serialize};
use sim_core::{Message, mix, random};

/// The message: 32 bytes.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Packet {
    pub(crate) from: u32,
    pub(crate) hops: u32,
    pub(crate) payload: [u64; 3],
}

impl Message for Packet {
    fn fingerprint(&self) -> u64 {
        mix(mix(self.payload[0], self.payload[1]), u64::from(self.from))
    }
}

/// Which node sends to which, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Load {
    /// Each message makes the next one, to a random actor after 1 to 64 ticks.
    Phold,
    /// Pairs of a client (even) and a server (odd): a reply after 8 ticks, the next request after 1. All
    /// clients are of one kind, all servers of another.
    Ring,
    /// The same exchange between actors of all eight kinds.
    MixedRing,
    /// PHOLD over two clocks, of 40 ticks (even actors) and 35 (odd ones): 0 to 15 cycles of the receiver's,
    /// from its next edge on; one message in a hundred after up to 100,000 ticks more.
    Clocks,
}

impl Load {
    /// The messages that the load starts with: one in flight for each actor, one a pair in the ring.
    pub(crate) fn first_messages(self, actors: u32) -> impl Iterator<Item = (u32, u64, Packet)> {
        let step = if self.in_pairs() { 2 } else { 1 };
        (0..actors).step_by(step).map(move |actor| {
            let packet = Packet {
                from: actor ^ 1,
                ..Packet::default()
            };
            (actor, u64::from(actor) % 64, packet)
        })
    }

    pub(crate) fn in_pairs(self) -> bool {
        matches!(self, Self::Ring | Self::MixedRing)
    }

    /// Which of the eight kinds an actor is.
    fn kind_of(self, actor: u32) -> u64 {
        match self {
            Self::Ring => u64::from(actor % 2) + 3,
            _ => random::draw(2, u64::from(actor)) % 8,
        }
    }

    fn route(self, dice: u64, now: u64, from: u32, actors: u32) -> (u32, u64) {
        let random_peer = (((dice >> 32) * u64::from(actors)) >> 32) as u32;
        match self {
            Self::Phold => (random_peer, 1 + dice % 64),
            Self::Ring | Self::MixedRing => (from, if from.is_multiple_of(2) { 8 } else { 1 }),
            Self::Clocks => {
                let period = if random_peer.is_multiple_of(2) { 40 } else { 35 };
                let far = if dice % 128 < 1 { (dice >> 16) % 100_000 } else { 0 };
                let earliest = now + 1 + far + (dice >> 8) % 16 * period;
                (random_peer, earliest.next_multiple_of(period) - now)
            }
        }
    }
}

/// An actor of one of eight kinds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Node {
    dice: u64,
    actors: u32,
    load: Load,
    kind: Kind,
}

/// Eight kinds with their own state and code, so that kernels pay for mispredicted dispatch as models do.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    Counter { seen: u64 },
    Mixer { state: u64 },
    Average { mean: f64 },
    Extremes { low: u64, high: u64 },
    History { last: [u64; 4], at: u8 },
    Parity { ones: u32, rounds: u32 },
    Filter { taps: [u32; 6] },
    Toggle { on: bool, edges: u16 },
}

impl Node {
    pub(crate) fn all(load: Load, actors: u32) -> Vec<Self> {
        (0..actors).map(|actor| Self::new(load, actor, actors)).collect()
    }

    fn new(load: Load, actor: u32, actors: u32) -> Self {
        let dice = random::draw(1, u64::from(actor)) | 1;
        let kind = match load.kind_of(actor) {
            0 => Kind::Counter { seen: 0 },
            1 => Kind::Mixer { state: dice },
            2 => Kind::Average { mean: 0.0 },
            3 => Kind::Extremes {
                low: u64::MAX,
                high: 0,
            },
            4 => Kind::History { last: [0; 4], at: 0 },
            5 => Kind::Parity { ones: 0, rounds: 0 },
            6 => Kind::Filter { taps: [1; 6] },
            _ => Kind::Toggle { on: false, edges: 0 },
        };
        Self {
            dice,
            actors,
            load,
            kind,
        }
    }

    /// Takes a message; returns the receiver of the next one, and after how many ticks it arrives.
    #[inline]
    pub(crate) fn react(&mut self, me: u32, now: u64, packet: &Packet) -> (u32, u64, Packet) {
        let input = packet.payload[0];
        let output = self.kind.work(input, now);
        // xorshift64 (Marsaglia, 2003).
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        let (to, delay) = self.load.route(self.dice, now, packet.from, self.actors);
        let packet = Packet {
            from: me,
            hops: packet.hops.wrapping_add(1),
            payload: [output, input, packet.payload[1]],
        };
        (to, delay, packet)
    }

    /// A number that depends on all that arrived, and in which order.
    pub(crate) fn checksum(&self) -> u64 {
        let state = match &self.kind {
            Kind::Counter { seen } => *seen,
            Kind::Mixer { state } => *state,
            Kind::Average { mean } => mean.to_bits(),
            Kind::Extremes { low, high } => mix(*low, *high),
            Kind::History { last, .. } => last.iter().fold(0, |hash, value| mix(hash, *value)),
            Kind::Parity { ones, rounds } => mix(u64::from(*ones), u64::from(*rounds)),
            Kind::Filter { taps } => taps.iter().fold(0, |hash, tap| mix(hash, u64::from(*tap))),
            Kind::Toggle { edges, .. } => u64::from(*edges),
        };
        mix(state, self.dice)
    }
}

impl Kind {
    #[inline]
    fn work(&mut self, input: u64, now: u64) -> u64 {
        match self {
            Self::Counter { seen } => {
                *seen += 1;
                *seen ^ input
            }
            Self::Mixer { state } => {
                *state = mix(*state, input ^ now);
                *state
            }
            Self::Average { mean } => {
                *mean += ((input & 0xffff) as f64 - *mean) * 0.125;
                mean.to_bits()
            }
            Self::Extremes { low, high } => {
                *low = (*low).min(input);
                *high = (*high).max(input);
                high.wrapping_sub(*low)
            }
            Self::History { last, at } => {
                let slot = usize::from(*at % 4);
                *at = at.wrapping_add(1);
                std::mem::replace(&mut last[slot], input.wrapping_add(now))
            }
            Self::Parity { ones, rounds } => {
                *ones = ones.wrapping_add(input.count_ones());
                *rounds = rounds.wrapping_add(1);
                (u64::from(*ones) << 32) | u64::from(*rounds)
            }
            Self::Filter { taps } => {
                taps.rotate_right(1);
                taps[0] = input as u32;
                u64::from(taps[1].wrapping_mul(3).wrapping_add(taps[5]))
            }
            Self::Toggle { on, edges } => {
                let next = input & 1 == 1;
                *edges = edges.wrapping_add(u16::from(next != *on));
                *on = next;
                (input >> 1) ^ u64::from(*edges)
            }
        }
    }
}
