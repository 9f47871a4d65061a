//! Terms: metrics brought to one scale, 0 at their best and 1 at their worst.

use serde::{Deserialize, Serialize};

use super::{Metric, Metrics, ObjectiveError};

/// A term of a scalar objective.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The metric.
    pub metric: Metric,
    /// The value that counts 0.
    pub best: f64,
    /// The value that counts 1.
    pub worst: f64,
    /// What the term counts.
    pub weight: f64,
    /// Whether the scale is one of logarithms.
    #[serde(default)]
    pub log: bool,
}

/// A number of a front.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontTerm {
    /// The metric.
    pub metric: Metric,
    /// The value that counts 0.
    pub best: f64,
    /// The value that counts 1.
    pub worst: f64,
    /// Whether the scale is one of logarithms.
    #[serde(default)]
    pub log: bool,
}

/// The scale of a term.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The metric.
    pub metric: Metric,
    /// The value that counts 0.
    pub best: f64,
    /// The value that counts 1.
    pub worst: f64,
    /// Whether it is one of logarithms.
    pub log: bool,
}

impl Term {
    /// Its scale.
    #[must_use]
    pub fn scale(&self) -> Scale {
        let Self {
            metric,
            best,
            worst,
            log,
            ..
        } = *self;
        Scale {
            metric,
            best,
            worst,
            log,
        }
    }

    /// What it adds to the objective; `None` for an accuracy that is not known.
    #[must_use]
    pub fn value(&self, metrics: &Metrics) -> Option<f64> {
        Some(self.weight * self.scale().share(self.metric.of(metrics)?))
    }

    pub(super) fn check(&self) -> Result<(), ObjectiveError> {
        self.scale().check()?;
        match self.weight.is_finite() && self.weight >= 0.0 {
            true => Ok(()),
            false => Err(ObjectiveError::Term {
                metric: self.metric,
                field: "weight",
                found: self.weight,
                accepted: "a finite number from 0 is accepted",
            }),
        }
    }
}

impl FrontTerm {
    /// Its scale.
    #[must_use]
    pub fn scale(&self) -> Scale {
        let Self {
            metric,
            best,
            worst,
            log,
        } = *self;
        Scale {
            metric,
            best,
            worst,
            log,
        }
    }

    /// Its number, to be minimised; `None` for an accuracy that is not known.
    #[must_use]
    pub fn value(&self, metrics: &Metrics) -> Option<f64> {
        Some(self.scale().share(self.metric.of(metrics)?))
    }
}

impl Scale {
    /// Where `value` is on the way from best, 0, to worst, 1. It may be beyond either.
    #[must_use]
    pub fn share(&self, value: f64) -> f64 {
        match self.log {
            true => (value / self.best).ln() / (self.worst / self.best).ln(),
            false => (value - self.best) / (self.worst - self.best),
        }
    }

    pub(super) fn check(&self) -> Result<(), ObjectiveError> {
        for (field, found) in [("best", self.best), ("worst", self.worst)] {
            let accepted = match self.log {
                _ if !found.is_finite() => "a finite number is accepted",
                true if found <= 0.0 => "a number above 0 is accepted on a scale of logarithms",
                _ => continue,
            };
            return Err(ObjectiveError::Term {
                metric: self.metric,
                field,
                found,
                accepted,
            });
        }
        match self.best == self.worst {
            true => Err(ObjectiveError::EqualEnds {
                metric: self.metric,
                value: self.best,
            }),
            false => Ok(()),
        }
    }
}
