//! The exponential of numbers at or below zero, in a form that compilers turn into vector code.

/// Below this, e^x is no normal number.
const LOWEST: f64 = -708.0;

/// Adding it leaves the nearest whole number in the low bits of the significand: 1.5 x 2^52.
const TO_WHOLE: f64 = 6_755_399_441_055_744.0;

/// ln 2 in two parts, the first of 32 bits so that its product with a small whole number is exact (Cody and Waite, Software
/// Manual for the Elementary Functions, 1980).
const LN_2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// 1/k! from k = 12 down to 0. With |r| <= ln 2 / 2 the first term left out is below 2^-52 of the sum.
const TAYLOR: [f64; 13] = [
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
    1.0,
    1.0,
];

/// e^`x` for `x` <= 0 to a few units in the last place; e^-708, which is next to nothing, below -708.
#[inline(always)]
pub(super) fn exp_of_negative(x: f64) -> f64 {
    // Not `f64::max`, which would make a number of NaN.
    let x = if x < LOWEST { LOWEST } else { x };
    let shifted = x * std::f64::consts::LOG2_E + TO_WHOLE;
    let whole = shifted - TO_WHOLE;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let mut sum = TAYLOR[0];
    for coefficient in &TAYLOR[1..] {
        sum = sum * rest + coefficient;
    }
    let power_of_two = f64::from_bits((shifted.to_bits() << 52).wrapping_add(1023 << 52));
    sum * power_of_two
}

#[cfg(test)]
mod tests {
    use super::exp_of_negative;

    #[test]
    fn agrees_with_the_library() {
        for step in 0..200_000 {
            let x = -f64::from(step) * 0.0035;
            let error = (exp_of_negative(x) / x.exp() - 1.0).abs();
            assert!(error < 1e-15, "{x}: {error}");
        }
        assert_eq!(exp_of_negative(0.0), 1.0);
    }

    #[test]
    fn far_out_it_is_next_to_nothing_and_nan_stays_nan() {
        assert!(exp_of_negative(-1e9) < 1e-300 && exp_of_negative(f64::NEG_INFINITY) >= 0.0);
        assert!(exp_of_negative(f64::NAN).is_nan());
    }
}
