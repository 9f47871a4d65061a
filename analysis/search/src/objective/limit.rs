//! Limits on metrics: `area_mm2 <= 400`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Metric, Metrics, ObjectiveError};

/// A limit that a design must keep to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Limit {
    /// The metric.
    pub metric: Metric,
    /// How it compares with the value.
    pub comparison: Comparison,
    /// The value, in the metric's unit.
    pub value: f64,
}

/// How a metric compares with the value of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<=`
    AtMost,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `>`
    Above,
}

impl Comparison {
    /// All comparisons; those of two characters first.
    pub const ALL: [Self; 4] = [Self::AtMost, Self::AtLeast, Self::Below, Self::Above];

    /// The sign.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "<=",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::Above => ">",
        }
    }

    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::AtMost => left <= right,
            Self::AtLeast => left >= right,
            Self::Below => left < right,
            Self::Above => left > right,
        }
    }
}

impl Limit {
    /// The limit in a text: a metric, a comparison and a number.
    ///
    /// # Errors
    /// It is none, or there is no such metric.
    pub fn parse(text: &str) -> Result<Self, ObjectiveError> {
        let wrong = || ObjectiveError::Limit {
            found: text.chars().take(60).collect(),
        };
        let split = |comparison: Comparison| {
            let (metric, value) = text.split_once(comparison.sign())?;
            Some((metric.trim(), comparison, value.trim()))
        };
        let (metric, comparison, value) = Comparison::ALL.into_iter().find_map(split).ok_or_else(wrong)?;
        let value = value.parse::<f64>().ok().filter(|value| value.is_finite());
        Ok(Self {
            metric: Metric::of_name(metric)?,
            comparison,
            value: value.ok_or_else(wrong)?,
        })
    }

    /// Whether a design keeps to it; an accuracy that is not known does not.
    #[must_use]
    pub fn holds(&self, metrics: &Metrics) -> bool {
        let value = self.metric.of(metrics);
        value.is_some_and(|value| self.holds_for(value))
    }

    /// Whether this value of its metric keeps to it.
    #[must_use]
    pub fn holds_for(&self, value: f64) -> bool {
        self.comparison.holds(value, self.value)
    }
}

impl TryFrom<String> for Limit {
    type Error = ObjectiveError;

    fn try_from(text: String) -> Result<Self, ObjectiveError> {
        Self::parse(&text)
    }
}

impl From<Limit> for String {
    fn from(limit: Limit) -> Self {
        limit.to_string()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.metric, self.comparison.sign(), self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_come_back() {
        for (text, holds) in [
            ("area_mm2 <= 400", [true, true, false]),
            ("area_mm2 < 400", [true, false, false]),
            ("area_mm2 >= 400", [false, true, true]),
            ("area_mm2 > 400", [false, false, true]),
        ] {
            let limit = Limit::parse(text).unwrap();
            assert_eq!(
                [399.0, 400.0, 401.0].map(|area| limit.holds_for(area)),
                holds,
                "{text}"
            );
            assert_eq!(limit.to_string(), text);
            assert_eq!(Limit::parse(&text.replace(' ', "")), Ok(limit));
        }
        assert!(!Limit::parse("latency_s < 1e-3").unwrap().holds_for(f64::NAN));
    }

    #[test]
    fn other_texts_are_refused_with_what_is_accepted() {
        for text in [
            "",
            "area_mm2",
            "area_mm2 = 4",
            "area_mm2 <= x",
            "area_mm2 <= NaN",
            "400 >= area_mm2",
            "aera < 4",
        ] {
            let wrong = Limit::parse(text).unwrap_err().to_string();
            assert!(wrong.contains("latency_s, dynamic_j"), "{wrong}");
        }
        let wrong = ron::from_str::<Vec<Limit>>(r#"["area_mm2 == 4"]"#)
            .unwrap_err()
            .to_string();
        assert!(wrong.contains("area_mm2 <= 400"), "{wrong}");
        let read: Vec<Limit> = ron::from_str(r#"["area_mm2 <= 400", "accuracy > 70"]"#).unwrap();
        assert_eq!(
            ron::to_string(&read).unwrap(),
            r#"["area_mm2 <= 400","accuracy > 70"]"#
        );
    }
}
