//! Background traffic: what asks for memory besides transformers.

use components::background::AddressPattern;
use components::units::BLOCK;
use serde::{Deserialize, Serialize};

use super::checks::Checks;
use super::rule::{Rule, real, text, whole};
use super::section::{section, stated_as_itself};
use super::{Number, Stated};

section! {
    /// A source of background traffic: it asks for blocks of 64 bytes as long as any transformer runs.
    Background, BackgroundFile {
        /// What it is called in results. Default: "background-1", "background-2", and so on.
        name: String => text(),
        /// What it asks for, and when. Default: Generated(), a saturating stream of reads.
        traffic: Traffic => Traffics,
        /// Requests that it may have under way at once. Default: 64.
        outstanding_requests: u32 => whole(1..=65_536, 64),
        /// When it starts, in microseconds; at the next edge of the memory's clock. Default: 0.
        start_us: f64 => real(0.0..=1e9, 0.0),
        /// From when on it asks for nothing more, in microseconds. Default: None, when the last transformer is finished.
        stop_us: Option<f64> => real(0.0..=1e9, 1.0),
        /// The part of main memory that it uses, in MB of 2^20 bytes; a trace names its addresses itself. Default: 64.
        region_mb: f64 => real(1e-4..=1_048_576.0, 64.0),
    }
}

/// What a source asks for, and when.
#[derive(Clone, Debug, PartialEq)]
pub enum Traffic {
    /// Requests made up by rule and seed.
    Generated {
        /// Which addresses of its region.
        addresses: AddressPattern,
        /// When.
        arrivals: Arrivals,
        /// Share of writes, 0 to 1.
        write_share: f64,
    },
    /// The requests of a file ("0xADDRESS READ|WRITE CYCLE" a line, cycles of the memory's clock since the source's start),
    /// at most one a cycle, in order, each not before its own cycle.
    Trace(String),
}

/// When a source asks. Rates are in GB/s (10^9 bytes a second).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// As soon as there is room.
    Saturating,
    /// At a constant rate.
    Steady {
        /// The rate.
        gb_s: f64,
    },
    /// At random, independent moments.
    Poisson {
        /// The mean rate.
        gb_s: f64,
    },
    /// On and off in turn.
    Bursty {
        /// The rate while on.
        gb_s: f64,
        /// Microseconds on.
        on_us: f64,
        /// Microseconds off.
        off_us: f64,
    },
}

impl Arrivals {
    /// Whether it ever asks.
    #[must_use]
    pub fn is_silent(self) -> bool {
        match self {
            Self::Saturating => false,
            Self::Steady { gb_s } | Self::Poisson { gb_s } | Self::Bursty { gb_s, .. } => gb_s == 0.0,
        }
    }
}

/// What a file states of a [`Traffic`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Traffic", deny_unknown_fields)]
pub enum TrafficFile {
    /// Requests made up by rule and seed.
    Generated {
        /// Which addresses of its region. Default: Stream.
        #[serde(default = "AddressesFile::default")]
        addresses: AddressesFile,
        /// When. Default: Saturating.
        #[serde(default = "ArrivalsFile::default")]
        arrivals: ArrivalsFile,
        /// Share of writes, 0 to 1. Default: 0.
        #[serde(default = "none")]
        write_share: Number,
    },
    /// The requests of a file.
    Trace(String),
}

/// Which addresses a source asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Addresses", deny_unknown_fields)]
pub enum AddressesFile {
    /// Block after block.
    #[default]
    Stream,
    /// Every so many bytes.
    Strided {
        /// The distance of one request to the next.
        bytes: Number,
    },
    /// Any block, all equally likely.
    Random,
}

/// When a source asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Arrivals", deny_unknown_fields)]
pub enum ArrivalsFile {
    /// As soon as there is room.
    #[default]
    Saturating,
    /// At a constant rate.
    Steady {
        /// The rate, GB/s.
        gb_s: Number,
    },
    /// At random, independent moments.
    Poisson {
        /// The mean rate, GB/s.
        gb_s: Number,
    },
    /// On and off in turn.
    Bursty {
        /// The rate while on, GB/s.
        gb_s: Number,
        /// Microseconds on.
        on_us: Number,
        /// Microseconds off.
        off_us: Number,
    },
}

fn none() -> Number {
    Number::Whole(0)
}

stated_as_itself!(TrafficFile);

impl Serialize for Traffic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_form().serialize(serializer)
    }
}

impl Stated for Traffic {
    type Form = TrafficFile;

    fn to_form(&self) -> TrafficFile {
        let (addresses, arrivals, write_share) = match self {
            Self::Trace(file) => return TrafficFile::Trace(file.clone()),
            Self::Generated {
                addresses,
                arrivals,
                write_share,
            } => (*addresses, *arrivals, *write_share),
        };
        TrafficFile::Generated {
            addresses: match addresses {
                AddressPattern::Stream => AddressesFile::Stream,
                AddressPattern::Strided { stride } => AddressesFile::Strided { bytes: stride.into() },
                AddressPattern::Random => AddressesFile::Random,
            },
            arrivals: match arrivals {
                Arrivals::Saturating => ArrivalsFile::Saturating,
                Arrivals::Steady { gb_s } => ArrivalsFile::Steady { gb_s: gb_s.into() },
                Arrivals::Poisson { gb_s } => ArrivalsFile::Poisson { gb_s: gb_s.into() },
                Arrivals::Bursty { gb_s, on_us, off_us } => ArrivalsFile::Bursty {
                    gb_s: gb_s.into(),
                    on_us: on_us.into(),
                    off_us: off_us.into(),
                },
            },
            write_share: write_share.into(),
        }
    }
}

struct Traffics;

impl Rule<Traffic> for Traffics {
    fn read(&self, stated: Option<TrafficFile>, checks: &mut Checks) -> Traffic {
        match stated {
            None => Traffic::Generated {
                addresses: AddressPattern::Stream,
                arrivals: Arrivals::Saturating,
                write_share: 0.0,
            },
            Some(TrafficFile::Trace(file)) => Traffic::Trace(file),
            Some(TrafficFile::Generated {
                addresses,
                arrivals,
                write_share,
            }) => Traffic::Generated {
                addresses: checks.within("addresses", |checks| read_addresses(addresses, checks)),
                arrivals: checks.within("arrivals", |checks| read_arrivals(arrivals, checks)),
                write_share: checks.within("write_share", |checks| {
                    real(0.0..=1.0, 0.0).check(write_share, checks)
                }),
            },
        }
    }
}

fn read_addresses(stated: AddressesFile, checks: &mut Checks) -> AddressPattern {
    match stated {
        AddressesFile::Stream => AddressPattern::Stream,
        AddressesFile::Random => AddressPattern::Random,
        AddressesFile::Strided { bytes } => AddressPattern::Strided {
            stride: checks.within("bytes", |checks| {
                Rule::<u64>::read(
                    &whole(1..=1 << 40, BLOCK.0).because("it is a distance within the source's region"),
                    Some(bytes),
                    checks,
                )
            }),
        },
    }
}

fn read_arrivals(stated: ArrivalsFile, checks: &mut Checks) -> Arrivals {
    let mut number =
        |field: &str, range, stated| checks.within(field, |checks| real(range, 0.0).check(stated, checks));
    match stated {
        ArrivalsFile::Saturating => Arrivals::Saturating,
        ArrivalsFile::Steady { gb_s } => Arrivals::Steady {
            gb_s: number("gb_s", RATES, gb_s),
        },
        ArrivalsFile::Poisson { gb_s } => Arrivals::Poisson {
            gb_s: number("gb_s", RATES, gb_s),
        },
        ArrivalsFile::Bursty { gb_s, on_us, off_us } => Arrivals::Bursty {
            gb_s: number("gb_s", RATES, gb_s),
            on_us: number("on_us", 1e-3..=1e9, on_us),
            off_us: number("off_us", 0.0..=1e9, off_us),
        },
    }
}

/// GB/s that a source may ask for.
const RATES: std::ops::RangeInclusive<f64> = 0.0..=1e5;
