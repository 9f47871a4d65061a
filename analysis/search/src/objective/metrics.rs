//! The figures of an evaluated design.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ObjectiveError;

/// The figures of an evaluated design. Times and energies are those of one sequence: of a run, divided by its batch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Inverse throughput, in seconds a sequence.
    pub latency_s: f64,
    /// Dynamic energy, in J a sequence.
    pub dynamic_j: f64,
    /// Leakage energy, in J a sequence.
    pub leakage_j: f64,
    /// Dynamic and leakage energy, in J a sequence.
    pub energy_j: f64,
    /// Time of a whole batch, in seconds: what a user waits.
    pub batch_latency_s: f64,
    /// Area of the chip, in mm^2.
    pub area_mm2: f64,
    /// Power of the chip while all its modules work, in W. Accesses to buffers and main memory, which the mean counts, are not in it.
    pub peak_power_w: f64,
    /// Energy over time, in W.
    pub mean_power_w: f64,
    /// Accuracy of the transformer, in percent; `None` if the study has no model of it.
    pub accuracy: Option<f64>,
}

/// The name of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Metric {
    /// `latency_s`.
    Latency,
    /// `dynamic_j`.
    DynamicEnergy,
    /// `leakage_j`.
    LeakageEnergy,
    /// `energy_j`.
    Energy,
    /// `batch_latency_s`.
    BatchLatency,
    /// `area_mm2`.
    Area,
    /// `peak_power_w`.
    PeakPower,
    /// `mean_power_w`.
    MeanPower,
    /// `accuracy`.
    Accuracy,
}

impl Metric {
    /// All metrics, in the order of [`Metrics`].
    pub const ALL: [Self; 9] = [
        Self::Latency,
        Self::DynamicEnergy,
        Self::LeakageEnergy,
        Self::Energy,
        Self::BatchLatency,
        Self::Area,
        Self::PeakPower,
        Self::MeanPower,
        Self::Accuracy,
    ];

    /// The name, which ends in the unit.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency_s",
            Self::DynamicEnergy => "dynamic_j",
            Self::LeakageEnergy => "leakage_j",
            Self::Energy => "energy_j",
            Self::BatchLatency => "batch_latency_s",
            Self::Area => "area_mm2",
            Self::PeakPower => "peak_power_w",
            Self::MeanPower => "mean_power_w",
            Self::Accuracy => "accuracy",
        }
    }

    /// The metric of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn of_name(name: &str) -> Result<Self, ObjectiveError> {
        let known = Self::ALL.into_iter().find(|metric| metric.name() == name);
        known.ok_or_else(|| ObjectiveError::UnknownMetric {
            found: name.chars().take(60).collect(),
        })
    }

    /// All names, for messages.
    pub(super) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Whether it is known of a design before anything is evaluated: accuracy and area.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Accuracy | Self::Area)
    }

    /// The figure of this name; `None` for an accuracy that is not known.
    #[must_use]
    pub const fn of(self, metrics: &Metrics) -> Option<f64> {
        Some(match self {
            Self::Latency => metrics.latency_s,
            Self::DynamicEnergy => metrics.dynamic_j,
            Self::LeakageEnergy => metrics.leakage_j,
            Self::Energy => metrics.energy_j,
            Self::BatchLatency => metrics.batch_latency_s,
            Self::Area => metrics.area_mm2,
            Self::PeakPower => metrics.peak_power_w,
            Self::MeanPower => metrics.mean_power_w,
            Self::Accuracy => return metrics.accuracy,
        })
    }

    /// Replaces the figure of this name.
    pub const fn set(self, metrics: &mut Metrics, value: f64) {
        match self {
            Self::Latency => metrics.latency_s = value,
            Self::DynamicEnergy => metrics.dynamic_j = value,
            Self::LeakageEnergy => metrics.leakage_j = value,
            Self::Energy => metrics.energy_j = value,
            Self::BatchLatency => metrics.batch_latency_s = value,
            Self::Area => metrics.area_mm2 = value,
            Self::PeakPower => metrics.peak_power_w = value,
            Self::MeanPower => metrics.mean_power_w = value,
            Self::Accuracy => metrics.accuracy = Some(value),
        }
    }
}

impl TryFrom<String> for Metric {
    type Error = ObjectiveError;

    fn try_from(name: String) -> Result<Self, ObjectiveError> {
        Self::of_name(&name)
    }
}

impl From<Metric> for String {
    fn from(metric: Metric) -> Self {
        metric.name().to_owned()
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_by_their_names_and_in_their_order() {
        let metrics = Metrics {
            latency_s: 0.0,
            dynamic_j: 1.0,
            leakage_j: 2.0,
            energy_j: 3.0,
            batch_latency_s: 4.0,
            area_mm2: 5.0,
            peak_power_w: 6.0,
            mean_power_w: 7.0,
            accuracy: Some(8.0),
        };
        let text = serde_json::to_string(&metrics).unwrap();
        let places = Metric::ALL.map(|metric| text.find(&format!("\"{}\":", metric.name())).unwrap());
        assert!(places.is_sorted(), "{text}");
        assert_eq!(
            Metric::ALL.map(|metric| metric.of(&metrics).unwrap()),
            [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]
        );
        assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
    }
}
