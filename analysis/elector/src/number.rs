//! Numbers as people read them.

/// A whole number with its thousands separated.
pub(crate) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of cycles: whole, or with one decimal.
pub(crate) fn cycles(cycles: f64) -> String {
    match cycles.fract() == 0.0 {
        true => grouped(cycles as u64),
        false => format!("{}.{}", grouped(cycles as u64), (cycles.fract() * 10.0) as u64),
    }
}

/// A quantity with four digits and a prefix of the unit: `scaled(6.257e-5, "s")` is `62.57 us`.
pub(crate) fn scaled(value: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 11] = [
        (1e15, "P"),
        (1e12, "T"),
        (1e9, "G"),
        (1e6, "M"),
        (1e3, "k"),
        (1.0, ""),
        (1e-3, "m"),
        (1e-6, "u"),
        (1e-9, "n"),
        (1e-12, "p"),
        (1e-15, "f"),
    ];
    if value == 0.0 || !value.is_finite() {
        return format!("{value} {unit}");
    }
    let fits = PREFIXES.iter().find(|(scale, _)| value.abs() >= *scale);
    let (scale, prefix) = fits.copied().unwrap_or((1e-15, "f"));
    let value = value / scale;
    let decimals = if value < 10.0 {
        3
    } else if value < 100.0 {
        2
    } else {
        1
    };
    format!("{value:.decimals$} {prefix}{unit}")
}

/// A rate of so many TB/s.
pub(crate) fn terabytes(tb_s: f64) -> String {
    scaled(tb_s * 1e12, "B/s")
}

/// The bandwidth of a buffer, in TB/s, if it has a limit.
pub(crate) fn bandwidth(tb_s: Option<f64>) -> String {
    tb_s.map_or_else(|| "unlimited".to_owned(), terabytes)
}

/// A share of `whole`, in percent.
pub(crate) fn percent(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
    format!("{share:.1}%")
}

/// A bar as long as the share of `whole`, of at most 30 characters.
pub(crate) fn bar(part: f64, whole: f64) -> String {
    let share = if whole > 0.0 {
        (part / whole).clamp(0.0, 1.0)
    } else {
        0.0
    };
    "#".repeat((share * 30.0).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            ["0", "999", "1,000", "61,440", "1,234,567"],
            [0u64, 999, 1000, 61440, 1_234_567].map(grouped)[..]
        );
        assert_eq!(scaled(6.257e-5, "s"), "62.57 us");
        assert_eq!(scaled(0.0, "s"), "0 s");
        assert_eq!(scaled(12.8e9, "B/s"), "12.80 GB/s");
        assert_eq!(percent(1.0, 0.0), "0.0%");
        assert_eq!(bar(1.0, 2.0).len(), 15);
    }
}
