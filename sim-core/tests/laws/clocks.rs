//! Clocks: exact periods, edges, and clear refusals.

use proptest::prelude::*;
use sim_core::{Clock, ClockError, Cycles, Frequency, Tick, Ticks, Timebase};

/// Frequencies as machines have them, in multiples of 25 MHz up to 4 GHz: some sets have no common tick.
fn frequency() -> impl Strategy<Value = Frequency> {
    (1..160u64).prop_map(|quarters| Frequency::from_megahertz(quarters * 25))
}

fn clock() -> impl Strategy<Value = Clock> {
    let pair = (frequency(), frequency());
    pair.prop_filter_map("no common tick", |(first, second)| {
        Timebase::of(&[first, second]).ok()?.clock(first).ok()
    })
}

proptest! {
    #[test]
    fn periods_are_exact(frequencies in prop::collection::vec(frequency(), 1..5)) {
        match Timebase::of(&frequencies) {
            Ok(timebase) => {
                let periods: Vec<u64> = frequencies
                    .iter()
                    .map(|&frequency| timebase.clock(frequency).expect("one of its clocks").period().0)
                    .collect();
                for (frequency, period) in frequencies.iter().zip(&periods) {
                    prop_assert_eq!(period * frequency.kilohertz(), timebase.frequency().kilohertz());
                    prop_assert!((1..=Timebase::MAX_PERIOD).contains(period));
                }
                // No coarser tick would do: the periods have no divisor in common.
                let divisor = (2..=Timebase::MAX_PERIOD)
                    .find(|divisor| periods.iter().all(|period| period.is_multiple_of(*divisor)));
                prop_assert_eq!(divisor, None);
            }
            Err(ClockError::NoCommonTick { period, limit, .. }) => prop_assert!(period > u128::from(limit)),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }

    #[test]
    fn order_and_repetition_of_clocks_do_not_matter(frequencies in prop::collection::vec(frequency(), 1..5)) {
        let mut others = frequencies.clone();
        others.reverse();
        others.extend(&frequencies);
        prop_assert_eq!(Timebase::of(&frequencies).ok(), Timebase::of(&others).ok());
    }

    #[test]
    fn edges_are_where_they_belong(clock in clock(), instant in 0..1u64 << 60) {
        let (instant, period) = (Tick(instant), clock.period());
        let at = clock.edge_at_or_after(instant);
        let after = clock.edge_after(instant);
        prop_assert!(at >= instant && at.since(instant) < period);
        prop_assert!(after > instant && after.since(instant) <= period);
        prop_assert_eq!(clock.edge_at_or_after(at), at);
        prop_assert_eq!(clock.edge(clock.cycle_at(at)), at);
        prop_assert_eq!(clock.edge(clock.cycle_at(instant) + Cycles(1)), after);
    }

    #[test]
    fn cycles_and_spans_convert_back(clock in clock(), cycles in 0..1u64 << 40) {
        let span = clock.span(Cycles(cycles));
        prop_assert_eq!(clock.cycles_spanning(span), Cycles(cycles));
        prop_assert_eq!(clock.cycles_spanning(span + Ticks(1)), Cycles(cycles + 1));
    }

    /// Whatever the numbers, a time base or an error: no panic.
    #[test]
    fn any_frequencies_are_answered(kilohertz in prop::collection::vec(any::<u64>(), 0..6)) {
        let clocks: Vec<_> = kilohertz.into_iter().map(Frequency::from_kilohertz).collect();
        let _ = Timebase::of(&clocks).map_err(|error| error.to_string());
    }

    #[test]
    fn the_end_of_time_is_an_edge_of_no_clock(clock in clock(), back in 0..2u64) {
        prop_assume!(clock.period() > Ticks(2));
        let late = Tick(u64::MAX - back);
        let last = clock.edge(clock.cycle_at(late));
        prop_assert!(last <= late);
        prop_assert_eq!(clock.edge_after(late), Tick::NEVER);
        prop_assert_eq!(clock.span(Cycles(u64::MAX)), Ticks(u64::MAX));
    }
}

fn of(megahertz: &[u64]) -> Result<Timebase, ClockError> {
    let clocks: Vec<_> = megahertz.iter().copied().map(Frequency::from_megahertz).collect();
    Timebase::of(&clocks)
}

#[test]
fn one_clock_ticks_once_a_cycle() {
    let timebase = of(&[700]).expect("one clock is its own time base");
    let clock = timebase
        .clock(Frequency::from_megahertz(700))
        .expect("its own clock");
    assert_eq!(clock.period(), Ticks(1));
    assert_eq!(timebase.seconds(Ticks(700_000_000)), 1.0);
    assert_eq!(timebase.nanoseconds(Ticks(7)), 10.0);
}

#[test]
fn three_clocks_share_a_tick() {
    let timebase = of(&[700, 800, 1120]).expect("they share 5600 MHz");
    let periods = [700, 800, 1120].map(|megahertz| {
        let clock = timebase.clock(Frequency::from_megahertz(megahertz));
        clock.expect("one of its clocks").period().0
    });
    assert_eq!(periods, [8, 7, 5]);
}

#[test]
fn a_zero_frequency_is_refused_wherever_it_stands() {
    assert_eq!(of(&[0]), Err(ClockError::ZeroFrequency));
    assert_eq!(of(&[700, 0]), Err(ClockError::ZeroFrequency));
    let timebase = of(&[700]).expect("one clock is its own time base");
    let zero = timebase.clock(Frequency::from_megahertz(0));
    assert_eq!(zero, Err(ClockError::ZeroFrequency));
}

#[test]
fn no_clock_at_all_is_refused() {
    assert_eq!(of(&[]), Err(ClockError::NoClock));
}

#[test]
fn nearly_coprime_frequencies_are_refused_with_both_names() {
    let clocks = [1_000_000, 999_999].map(Frequency::from_kilohertz);
    let refused = Timebase::of(&clocks).expect_err("a cycle would be a million ticks");
    assert!(matches!(refused, ClockError::NoCommonTick { .. }));
    let text = refused.to_string();
    assert!(text.contains("1000 MHz") && text.contains("999999 kHz"), "{text}");
}

#[test]
fn a_tick_frequency_beyond_64_bits_is_refused() {
    let huge = Frequency::from_kilohertz(u64::MAX);
    let next = Frequency::from_kilohertz(u64::MAX - 1);
    assert!(Timebase::of(&[huge, next]).is_err());
    // Within the limit of ticks per cycle, but beyond 64 bits of kilohertz.
    let [two, three] = [2u64, 3].map(|factor| Frequency::from_kilohertz(factor << 62 >> (factor / 3)));
    assert_eq!(Timebase::of(&[two, three]), Err(ClockError::Overflow));
}

#[test]
fn a_foreign_clock_is_refused() {
    let timebase = of(&[700, 800]).expect("they share 5600 MHz");
    let foreign = timebase
        .clock(Frequency::from_megahertz(900))
        .expect_err("5600 is not a multiple of 900");
    assert!(matches!(foreign, ClockError::NotADivisor { .. }));
}

#[test]
fn spans_saturate_and_never_become_negative() {
    assert_eq!(Tick::NEVER + Ticks(1), Tick::NEVER);
    assert_eq!(Ticks(u64::MAX) * 2, Ticks(u64::MAX));
    assert_eq!(Tick(3).since(Tick(5)), Ticks::ZERO);
    assert!(std::panic::catch_unwind(|| Tick(3) - Tick(5)).is_err());
    assert!(std::panic::catch_unwind(|| Cycles(3) - Cycles(5)).is_err());
}
