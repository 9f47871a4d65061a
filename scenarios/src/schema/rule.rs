//! How a field is read from its file form: its default and its range.

use std::ops::RangeInclusive;

use super::checks::Checks;
use super::{Number, OrNone, Stated};

/// How a field is read from its file form: its default and the values it may have.
pub(crate) trait Rule<T: Stated> {
    /// The value stated, or the default. An impossible value is recorded and replaced by the default, so that
    /// reading continues.
    fn read(&self, stated: Option<T::Form>, checks: &mut Checks) -> T;
}

/// A whole number within a range.
pub(crate) struct Whole {
    range: RangeInclusive<u64>,
    default: u64,
    reason: &'static str,
}

/// A field that holds a whole number of `range`, `default` if it is not stated.
pub(crate) const fn whole(range: RangeInclusive<u64>, default: u64) -> Whole {
    Whole {
        range,
        default,
        reason: "",
    }
}

impl Whole {
    /// States the reason for the upper bound.
    pub(crate) const fn because(mut self, reason: &'static str) -> Self {
        self.reason = reason;
        self
    }

    fn check(&self, number: Number, checks: &mut Checks) -> u64 {
        let natural = number.as_whole().and_then(|whole| u64::try_from(whole).ok());
        if let Some(natural) = natural.filter(|natural| self.range.contains(natural)) {
            return natural;
        }
        let field = checks.field().to_owned();
        let message = match number {
            Number::Whole(_) => format!("`{field}` cannot be {number}"),
            Number::Real(_) => format!("`{field}` is a whole number, not {number}"),
        };
        checks.wrong(message, self.accepted());
        self.default
    }

    fn accepted(&self) -> String {
        let (low, high) = (self.range.start(), self.range.end());
        let because = if self.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", self.reason)
        };
        format!("a whole number from {low} to {high} is accepted{because}")
    }
}

impl Rule<u32> for Whole {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> u32 {
        let natural = stated.map_or(self.default, |number| self.check(number, checks));
        u32::try_from(natural).unwrap_or(u32::MAX)
    }
}

impl Rule<u64> for Whole {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> u64 {
        stated.map_or(self.default, |number| self.check(number, checks))
    }
}

impl Rule<Option<u32>> for Whole {
    fn read(&self, stated: Option<OrNone<Number>>, checks: &mut Checks) -> Option<u32> {
        let number = stated?.0?;
        u32::try_from(self.check(number, checks)).ok()
    }
}

/// A real number within a range.
pub(crate) struct Real {
    range: RangeInclusive<f64>,
    default: f64,
    granularity: Option<(f64, &'static str)>,
}

/// A field that holds a finite number of `range`, `default` if it is not stated.
pub(crate) const fn real(range: RangeInclusive<f64>, default: f64) -> Real {
    Real {
        range,
        default,
        granularity: None,
    }
}

impl Real {
    /// Only whole numbers of `parts` to the unit are accepted; `part` is their name.
    pub(crate) const fn in_whole(mut self, parts: f64, part: &'static str) -> Self {
        self.granularity = Some((parts, part));
        self
    }

    /// The number, if it is possible; otherwise the default, and a finding.
    pub(crate) fn check(&self, number: Number, checks: &mut Checks) -> f64 {
        let real = number.as_real();
        let field = checks.field().to_owned();
        if !self.range.contains(&real) {
            let (low, high) = (self.range.start(), self.range.end());
            checks.wrong(
                format!("`{field}` cannot be {number}"),
                format!("a number from {} to {} is accepted", short(*low), short(*high)),
            );
            return self.default;
        }
        if let Some((parts, part)) = self.granularity
            && ((real * parts).round() - real * parts).abs() > 1e-6
        {
            checks.wrong(
                format!("`{field}` cannot be {number}"),
                format!("it has to be a whole number of {part}"),
            );
            return self.default;
        }
        real
    }
}

/// A bound in as few digits as it has.
fn short(bound: f64) -> String {
    if bound != 0.0 && !(1e-3..1e7).contains(&bound) {
        format!("{bound:e}")
    } else {
        bound.to_string()
    }
}

impl Rule<f64> for Real {
    fn read(&self, stated: Option<Number>, checks: &mut Checks) -> f64 {
        stated.map_or(self.default, |number| self.check(number, checks))
    }
}

impl Rule<Option<f64>> for Real {
    fn read(&self, stated: Option<OrNone<Number>>, checks: &mut Checks) -> Option<f64> {
        let number = stated?.0?;
        Some(self.check(number, checks))
    }
}

/// A field that holds a list.
pub(crate) struct Each {
    most: usize,
}

/// A field that holds up to `most` items, each a value or a section; empty if it is not stated.
pub(crate) const fn each(most: usize) -> Each {
    Each { most }
}

impl<T: Stated> Rule<Vec<T>> for Each
where
    Section: Rule<T>,
{
    fn read(&self, stated: Option<Vec<T::Form>>, checks: &mut Checks) -> Vec<T> {
        let stated = stated.unwrap_or_default();
        if stated.len() > self.most {
            let field = checks.field().to_owned();
            checks.wrong(
                format!("`{field}` has {} items", stated.len()),
                format!("at most {} are accepted", self.most),
            );
        }
        let items = stated.into_iter().take(self.most).enumerate();
        items
            .map(|(index, item)| checks.element(index, |checks| Section.read(Some(item), checks)))
            .collect()
    }
}

/// A field that holds a text, empty if it is not stated.
pub(crate) const fn text() -> Value<String> {
    Value(String::new())
}

/// A field that holds a text or nothing.
pub(crate) struct OptionalText;

/// A field that holds a text, or nothing if it is not stated.
pub(crate) const fn optional_text() -> OptionalText {
    OptionalText
}

impl Rule<Option<String>> for OptionalText {
    fn read(&self, stated: Option<OrNone<String>>, _: &mut Checks) -> Option<String> {
        stated?.0
    }
}

/// A field that accepts every value that parses.
pub(crate) struct Value<T>(T);

/// A field that needs no check beyond its type, `default` if it is not stated.
pub(crate) const fn value<T>(default: T) -> Value<T> {
    Value(default)
}

impl<T: Stated<Form = T> + Clone> Rule<T> for Value<T> {
    fn read(&self, stated: Option<T>, _: &mut Checks) -> T {
        stated.unwrap_or_else(|| self.0.clone())
    }
}

/// A field that is itself a section.
pub(crate) struct Section;

/// A field that is itself a section; its own fields have the defaults.
pub(crate) const fn nested() -> Section {
    Section
}
