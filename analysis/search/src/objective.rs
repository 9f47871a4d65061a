//! What a search minimises, and what it must keep to.

mod error;
mod limit;
mod metrics;
mod published;
mod term;

use serde::{Deserialize, Serialize};

pub use error::ObjectiveError;
pub use limit::{Comparison, Limit};
pub use metrics::{Metric, Metrics};
pub use published::{PublishedRun, performance};
pub use term::{FrontTerm, Scale, Term};

/// What a study minimises.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Objective {
    /// One number: the sum of weighted terms.
    Scalar(Vec<Term>),
    /// Several numbers, of which the Pareto front is wanted.
    Front(Vec<FrontTerm>),
    /// 1 - performance, as the authors of the published figures count it: see [`performance`].
    Published,
}

impl Objective {
    /// Checks the terms.
    ///
    /// # Errors
    /// There are none, one is impossible, or a metric of a front stands twice.
    pub fn check(&self) -> Result<(), ObjectiveError> {
        let metrics: Vec<Metric> = match self {
            Self::Scalar(terms) => {
                terms.iter().try_for_each(Term::check)?;
                terms.iter().map(|term| term.metric).collect()
            }
            Self::Front(terms) => {
                terms.iter().try_for_each(|term| term.scale().check())?;
                terms.iter().map(|term| term.metric).collect()
            }
            Self::Published => return Ok(()),
        };
        if metrics.is_empty() {
            return Err(ObjectiveError::NoTerms);
        }
        let mut twice = (1..metrics.len()).filter(|&index| metrics[..index].contains(&metrics[index]));
        match twice.next() {
            Some(index) => Err(ObjectiveError::Twice(metrics[index])),
            None => Ok(()),
        }
    }

    /// Whether it needs the accuracy of a transformer.
    #[must_use]
    pub fn needs_accuracy(&self) -> bool {
        match self {
            Self::Scalar(terms) => terms.iter().any(|term| term.metric == Metric::Accuracy),
            Self::Front(terms) => terms.iter().any(|term| term.metric == Metric::Accuracy),
            Self::Published => true,
        }
    }

    /// The number that is minimised, for a design that runs `batch` sequences at once; `None` for a front, or if it needs an
    /// accuracy and there is none.
    #[must_use]
    pub fn value(&self, metrics: &Metrics, batch: u32) -> Option<f64> {
        match self {
            Self::Scalar(terms) => terms.iter().map(|term| term.value(metrics)).sum(),
            Self::Front(_) => None,
            Self::Published => Some(1.0 - performance(&PublishedRun::of(metrics, batch)?)),
        }
    }

    /// The numbers of a front, each to be minimised; `None` if it is no front, or if one needs an accuracy and there is none.
    #[must_use]
    pub fn values(&self, metrics: &Metrics) -> Option<Vec<f64>> {
        match self {
            Self::Front(terms) => terms.iter().map(|term| term.value(metrics)).collect(),
            Self::Scalar(_) | Self::Published => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: Metrics = Metrics {
        latency_s: 3e-4,
        dynamic_j: 0.05,
        leakage_j: 0.01,
        energy_j: 0.06,
        batch_latency_s: 1.2e-3,
        area_mm2: 300.0,
        peak_power_w: 10.0,
        mean_power_w: 5.0,
        accuracy: Some(70.25),
    };

    fn read(text: &str) -> Result<Objective, String> {
        let options = ron::Options::default()
            .with_default_extension(ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES);
        options.from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn terms_are_shares_of_the_way_from_best_to_worst() {
        let scalar = read(
            r#"Scalar([
                (metric: "accuracy", best: 78.5, worst: 62.0, weight: 0.5),
                (metric: "latency_s", best: 3e-6, worst: 3e-2, weight: 0.25, log: true),
            ])"#,
        )
        .unwrap();
        assert_eq!(scalar.check(), Ok(()));
        assert!(scalar.needs_accuracy());
        let value = scalar.value(&METRICS, 4).unwrap();
        assert!((value - (0.5 * 0.5 + 0.25 * 0.5)).abs() < 1e-12, "{value}");
        assert_eq!(scalar.values(&METRICS), None);
        let unknown = Metrics {
            accuracy: None,
            ..METRICS
        };
        assert_eq!(scalar.value(&unknown, 4), None);
    }

    #[test]
    fn terms_are_not_clamped() {
        let front = read(
            r#"Front([(metric: "area_mm2", best: 400, worst: 500), (metric: "energy_j", best: 0, worst: 0.01)])"#,
        );
        let values = front.unwrap().values(&METRICS).unwrap();
        assert!(
            (values[0] + 1.0).abs() < 1e-12 && (values[1] - 6.0).abs() < 1e-12,
            "{values:?}"
        );
    }

    #[test]
    fn impossible_terms_are_named() {
        for (text, message) in [
            ("Scalar([])", "no terms"),
            (
                r#"Scalar([(metric: "area_mm2", best: 4, worst: 4, weight: 1)])"#,
                "`best` and `worst`",
            ),
            (
                r#"Scalar([(metric: "area_mm2", best: 0, worst: 4, weight: 1, log: true)])"#,
                "above 0",
            ),
            (
                r#"Scalar([(metric: "area_mm2", best: 1, worst: 4, weight: -1)])"#,
                "weight",
            ),
            (
                r#"Scalar([(metric: "area_mm2", best: inf, worst: 4, weight: 1)])"#,
                "finite",
            ),
            (
                r#"Front([(metric: "area_mm2", best: 1, worst: 4), (metric: "area_mm2", best: 1, worst: 5)])"#,
                "twice",
            ),
        ] {
            let wrong = read(text).unwrap().check().unwrap_err().to_string();
            assert!(wrong.contains(message), "{text}: {wrong}");
        }
        for (text, message) in [
            (r#"Scalar([(metric: "area_mm2", best: 1, worst: 4)])"#, "weight"),
            (
                r#"Front([(metric: "area_mm2", best: 1, worst: 4, weight: 1)])"#,
                "weight",
            ),
            (r#"Front([(metric: "aera_mm2", best: 1, worst: 4)])"#, "area_mm2"),
            (r#"Fronts([])"#, "Front"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.contains(message), "{text}: {wrong}");
        }
    }

    #[test]
    fn an_objective_comes_back_from_its_text() {
        for objective in [
            Objective::Published,
            read(r#"Front([(metric: "area_mm2", best: 1, worst: 4, log: true)])"#).unwrap(),
            read(r#"Scalar([(metric: "area_mm2", best: 1, worst: 4, weight: 1)])"#).unwrap(),
        ] {
            let text = ron::to_string(&objective).unwrap();
            assert_eq!(ron::from_str::<Objective>(&text).unwrap(), objective, "{text}");
        }
    }
}
