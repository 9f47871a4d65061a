//! What is wrong with an objective or a limit.

use thiserror::Error;

use super::Metric;

/// What is wrong with an objective or a limit.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ObjectiveError {
    /// There is nothing to minimise.
    #[error(
        "the objective has no terms (state at least one, such as (metric: \"latency_s\", best: 3e-6, worst: 4e-3))"
    )]
    NoTerms,
    /// A metric has two terms.
    #[error("`{}` stands twice in the objective (state each metric once)", .0.name())]
    Twice(Metric),
    /// A number of a term is impossible.
    #[error("the term `{}` cannot have `{field}` {found} ({accepted})", metric.name())]
    Term {
        /// The metric of the term.
        metric: Metric,
        /// The field.
        field: &'static str,
        /// What was found.
        found: f64,
        /// What is accepted.
        accepted: &'static str,
    },
    /// The ends of a term are equal.
    #[error("`best` and `worst` of the term `{}` are both {value} (two different numbers are accepted)", metric.name())]
    EqualEnds {
        /// The metric of the term.
        metric: Metric,
        /// The value of both.
        value: f64,
    },
    /// There is no such metric.
    #[error("no metric is called {found:?} ({} are accepted)", Metric::names())]
    UnknownMetric {
        /// What was found, shortened.
        found: String,
    },
    /// A limit is not a metric, a comparison and a number.
    #[error(
        "the limit {found:?} is not a metric, a comparison and a number, such as \"area_mm2 <= 400\" (<=, >=, < and > are \
         accepted; metrics are {})",
        Metric::names()
    )]
    Limit {
        /// What was found, shortened.
        found: String,
    },
}
