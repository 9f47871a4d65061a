//! Which records a trace holds: patterns over track names, and a window of time.

use std::str::FromStr;

use scenarios::system::{Track, TrackKind};
use sim_core::Tick;

/// Whether `name` fits `pattern`, in which `*` stands for any letters and `?` for one; all else stands for itself.
#[must_use]
pub fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    // The last star, and where in the name the text after it begins.
    let mut retry: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at, in_name));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((star, begin)) = retry else { return false };
                retry = Some((star, begin + 1));
                (at, in_name) = (star + 1, begin + 1);
            }
        }
    }
    pattern[at..].iter().all(|&letter| letter == '*')
}

/// Which actors `patterns` select; without any, all. A pattern that selects nothing is handed back.
pub(super) fn selected(patterns: &[String], tracks: &[Track]) -> Result<Vec<bool>, String> {
    if patterns.is_empty() {
        return Ok(vec![true; tracks.len()]);
    }
    let fits = |pattern: &str, track: &Track| {
        // The places of the DMA's transfers are tracks of their own.
        let below = track.kind == TrackKind::Dma && matches(pattern, &format!("{}.slot[0]", track.name));
        below || matches(pattern, &track.name)
    };
    if let Some(idle) = patterns
        .iter()
        .find(|pattern| !tracks.iter().any(|track| fits(pattern, track)))
    {
        return Err(idle.clone());
    }
    let any = |track| patterns.iter().any(|pattern| fits(pattern, track));
    Ok(tracks.iter().map(any).collect())
}

/// An instant as users state it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TimePoint {
    /// In cycles of the accelerator.
    Cycle(u64),
    /// In simulated seconds.
    Seconds(f64),
}

impl TimePoint {
    /// The instant, in a trace of so many ticks a second and a cycle.
    #[must_use]
    pub fn tick(self, ticks_per_second: f64, ticks_per_cycle: u64) -> Tick {
        match self {
            Self::Cycle(cycle) => Tick(cycle.saturating_mul(ticks_per_cycle)),
            Self::Seconds(seconds) => Tick((seconds * ticks_per_second).round() as u64),
        }
    }
}

const ACCEPTED: &str = "a cycle of the accelerator (`1000`) or a time (`250ns`, `1.5us`, `2ms`) is accepted";

impl FromStr for TimePoint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let units = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0)];
        let wrong = || format!("{text:?} is no instant; {ACCEPTED}");
        for (unit, seconds) in units {
            if let Some(number) = text.strip_suffix(unit) {
                let value: f64 = number.trim().parse().map_err(|_| wrong())?;
                let is_instant = value.is_finite() && value >= 0.0;
                return is_instant
                    .then_some(Self::Seconds(value * seconds))
                    .ok_or_else(wrong);
            }
        }
        text.parse().map(Self::Cycle).map_err(|_| wrong())
    }
}

/// From one instant to another; either may be left open.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TimeWindow {
    /// The first instant.
    pub from: Option<TimePoint>,
    /// The end, not part of it.
    pub to: Option<TimePoint>,
}

impl TimeWindow {
    /// The window in ticks.
    #[must_use]
    pub fn ticks(self, ticks_per_second: f64, ticks_per_cycle: u64) -> (Tick, Tick) {
        let tick = |point: TimePoint| point.tick(ticks_per_second, ticks_per_cycle);
        (
            self.from.map_or(Tick::ZERO, tick),
            self.to.map_or(Tick::NEVER, tick),
        )
    }
}

impl FromStr for TimeWindow {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((from, to)) = text.split_once("..") else {
            return Err(format!(
                "{text:?} is no window; FROM..TO, FROM.. and ..TO are accepted"
            ));
        };
        let end = |text: &str| (!text.is_empty()).then(|| text.parse()).transpose();
        Ok(Self {
            from: end(from)?,
            to: end(to)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_shells_do_but_for_brackets() {
        for (pattern, name, fits) in [
            ("pe[3].*", "pe[3].mac[2]", true),
            ("pe[3].*", "pe[3]", false),
            ("pe[3]*", "pe[3]", true),
            ("pe[?].mac[2]", "pe[3].mac[2]", true),
            ("memory.*", "memory.channel[0].bank[5]", true),
            ("*bank[5]", "memory.channel[0].bank[15]", false),
            ("*mac*[0]", "pe[3].mac[0]", true),
            ("", "", true),
            ("**", "dma", true),
        ] {
            assert_eq!(matches(pattern, name), fits, "{pattern} {name}");
        }
    }

    #[test]
    fn windows_are_in_cycles_or_in_time() {
        let window: TimeWindow = "100..2us".parse().unwrap();
        assert_eq!(window.ticks(1e9, 2), (Tick(200), Tick(2000)));
        assert_eq!("..".parse::<TimeWindow>(), Ok(TimeWindow::default()));
        for wrong in ["100", "a..b", "-1us..", "..1e999s", "nan s.."] {
            assert!(wrong.parse::<TimeWindow>().is_err(), "{wrong}");
        }
    }
}
