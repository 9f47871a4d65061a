//! Clocks with exact periods: the tick is the common divisor of all of them, so nothing is ever rounded.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ClockError, Cycles, Tick, Ticks};

/// A clock frequency, in whole kilohertz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Frequency {
    kilohertz: u64,
}

impl Frequency {
    /// A frequency in megahertz.
    #[must_use]
    pub const fn from_megahertz(megahertz: u64) -> Self {
        Self {
            kilohertz: megahertz.saturating_mul(1000),
        }
    }

    /// A frequency in kilohertz.
    #[must_use]
    pub const fn from_kilohertz(kilohertz: u64) -> Self {
        Self { kilohertz }
    }

    /// The frequency in kilohertz.
    #[must_use]
    pub const fn kilohertz(self) -> u64 {
        self.kilohertz
    }

    /// The frequency in hertz.
    #[must_use]
    pub fn hertz(self) -> f64 {
        self.kilohertz as f64 * 1e3
    }
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kilohertz.is_multiple_of(1000) {
            write!(f, "{} MHz", self.kilohertz / 1000)
        } else {
            write!(f, "{} kHz", self.kilohertz)
        }
    }
}

/// The tick of a simulation: the exact common divisor of the periods of its clocks.
///
/// ```
/// use sim_core::{Frequency, Ticks, Timebase};
/// let [core, memory] = [700, 800].map(Frequency::from_megahertz);
/// let timebase = Timebase::of(&[core, memory])?;
/// assert_eq!(timebase.frequency(), Frequency::from_megahertz(5600));
/// assert_eq!(timebase.clock(core)?.period(), Ticks(8));
/// assert_eq!(timebase.clock(memory)?.period(), Ticks(7));
/// # Ok::<(), sim_core::ClockError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timebase {
    tick: Frequency,
}

impl Timebase {
    /// The most ticks that one cycle of any clock may have. Beyond it, frequencies are so nearly
    /// co-prime that every delay of a model would fall outside the timing wheel.
    pub const MAX_PERIOD: u64 = 4096;

    /// The time base in which each of `clocks` has a whole number of ticks per cycle.
    ///
    /// # Errors
    /// A frequency of zero, no clock at all, or a least common multiple that gives some clock a period
    /// over [`Self::MAX_PERIOD`].
    pub fn of(clocks: &[Frequency]) -> Result<Self, ClockError> {
        if clocks.is_empty() {
            return Err(ClockError::NoClock);
        }
        if clocks.iter().any(|clock| clock.kilohertz == 0) {
            return Err(ClockError::ZeroFrequency);
        }
        let mut tick: u128 = 1;
        for clock in clocks {
            let frequency = u128::from(clock.kilohertz);
            tick = (tick / greatest_common_divisor(tick, frequency))
                .checked_mul(frequency)
                .ok_or(ClockError::Overflow)?;
            for other in clocks {
                let period = tick / u128::from(other.kilohertz);
                if period > u128::from(Self::MAX_PERIOD) {
                    return Err(ClockError::NoCommonTick {
                        first: *other,
                        second: *clock,
                        period,
                        limit: Self::MAX_PERIOD,
                    });
                }
            }
        }
        let kilohertz = u64::try_from(tick).map_err(|_| ClockError::Overflow)?;
        Ok(Self {
            tick: Frequency { kilohertz },
        })
    }

    /// Ticks per second, as a frequency.
    #[must_use]
    pub fn frequency(self) -> Frequency {
        self.tick
    }

    /// The clock of `frequency` in this time base.
    ///
    /// # Errors
    /// The frequency is zero or its period is not a whole number of ticks.
    pub fn clock(self, frequency: Frequency) -> Result<Clock, ClockError> {
        if frequency.kilohertz == 0 {
            return Err(ClockError::ZeroFrequency);
        }
        if !self.tick.kilohertz.is_multiple_of(frequency.kilohertz) {
            return Err(ClockError::NotADivisor {
                clock: frequency,
                tick: self.tick,
            });
        }
        Ok(Clock {
            frequency,
            period: self.tick.kilohertz / frequency.kilohertz,
        })
    }

    /// A span in seconds.
    #[must_use]
    pub fn seconds(self, span: Ticks) -> f64 {
        span.0 as f64 / self.tick.hertz()
    }

    /// A span in nanoseconds.
    #[must_use]
    pub fn nanoseconds(self, span: Ticks) -> f64 {
        self.seconds(span) * 1e9
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// A clock whose edges are at the multiples of its period. An edge beyond the end of time is [`Tick::NEVER`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    frequency: Frequency,
    period: u64,
}

impl Clock {
    /// The clock's frequency.
    #[must_use]
    pub fn frequency(self) -> Frequency {
        self.frequency
    }

    /// One cycle.
    #[must_use]
    pub fn period(self) -> Ticks {
        Ticks(self.period)
    }

    /// How long `cycles` last.
    #[must_use]
    #[inline]
    pub fn span(self, cycles: Cycles) -> Ticks {
        Ticks(cycles.0.saturating_mul(self.period))
    }

    /// Cycles that `span` takes, rounded up.
    #[must_use]
    pub fn cycles_spanning(self, span: Ticks) -> Cycles {
        Cycles(span.0.div_ceil(self.period))
    }

    /// The first edge at or after `instant`.
    #[must_use]
    #[inline]
    pub fn edge_at_or_after(self, instant: Tick) -> Tick {
        self.edge(Cycles(instant.0.div_ceil(self.period)))
    }

    /// The first edge strictly after `instant`.
    #[must_use]
    #[inline]
    pub fn edge_after(self, instant: Tick) -> Tick {
        self.edge(Cycles((instant.0 / self.period).saturating_add(1)))
    }

    /// Number of the edge at or before `instant`; edge 0 is at tick 0.
    #[must_use]
    #[inline]
    pub fn cycle_at(self, instant: Tick) -> Cycles {
        Cycles(instant.0 / self.period)
    }

    /// The instant of edge number `cycle`; [`Tick::NEVER`] if it is beyond the end of time.
    #[must_use]
    #[inline]
    pub fn edge(self, cycle: Cycles) -> Tick {
        Tick(cycle.0.saturating_mul(self.period))
    }
}
