//! A prior: accuracy grows with the logarithm of the number of weights, up to a cap.

use super::AccuracyError;
use crate::shape::{LayerShape, encoder_weights};

/// Accuracy as `intercept + per_decade · log10(encoder weights)`, in percent, but no more than `most`.
///
/// It says nothing about kinds of heads or shapes of layers, and a search without a cap abuses that: it is a prior, not a
/// measurement. Encoder weights are those of [`encoder_weights`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    intercept: f64,
    per_decade: f64,
    most: f64,
    sd: f64,
}

impl Capacity {
    /// The prior with these settings: accuracy of one weight and cap in percent, what ten times the weights add and the
    /// standard deviation in points.
    ///
    /// # Errors
    /// A setting is not a number, or out of range.
    pub fn new(intercept: f64, per_decade: f64, most: f64, sd: f64) -> Result<Self, AccuracyError> {
        let check = |field, found: f64, range: std::ops::RangeInclusive<f64>, accepted| match range
            .contains(&found)
        {
            true => Ok(()),
            false => Err(AccuracyError::Setting {
                field,
                found,
                accepted,
            }),
        };
        check("intercept", intercept, -1e6..=1e6, "a finite number is accepted")?;
        check("per_decade", per_decade, 0.0..=1e6, "a number from 0 is accepted")?;
        check("most", most, 0.0..=100.0, "percent from 0 to 100 are accepted")?;
        check("sd", sd, 0.0..=100.0, "points from 0 to 100 are accepted")?;
        Ok(Self {
            intercept,
            per_decade,
            most,
            sd,
        })
    }

    /// Mean, in percent, and standard deviation, in points, of a transformer with these layers.
    pub(super) fn predict<'a>(&self, layers: impl IntoIterator<Item = LayerShape<'a>>) -> (f64, f64) {
        let decades = encoder_weights(layers).max(1.0).log10();
        let mean = self.intercept + self.per_decade * decades;
        (mean.clamp(0.0, self.most), self.sd)
    }

    pub(super) fn source(&self) -> String {
        format!(
            "prior: {} + {} x log10(encoder weights), at most {}",
            self.intercept, self.per_decade, self.most
        )
    }
}

#[cfg(test)]
mod tests {
    use scenarios::transformer::Transformer;

    use super::*;
    use crate::accuracy::AccuracyModel;

    fn accuracy(most: f64, name: &str) -> f64 {
        let model = AccuracyModel::Capacity(Capacity::new(28.124_16, 6.151_99, most, 3.0).unwrap());
        let accuracy = model
            .of_transformer(&Transformer::shipped(name).unwrap())
            .unwrap();
        assert_eq!(accuracy.sd, 3.0);
        assert!(accuracy.source.starts_with("prior"), "{}", accuracy.source);
        assert_eq!(accuracy.at_risk(1.0), accuracy.mean - 3.0);
        accuracy.mean
    }

    #[test]
    fn it_was_fitted_to_berts() {
        // GLUE as published: model cards of google/bert_uncased_L-*, and the paper for BERT-Base.
        for (name, glue) in [
            ("bert-tiny", 64.2),
            ("bert-mini", 65.8),
            ("bert-small", 71.2),
            ("bert-medium", 73.5),
            ("bert-base", 78.3),
        ] {
            let off = accuracy(100.0, name) - glue;
            assert!(off.abs() < 2.4, "{name}: {off}");
        }
        assert_eq!(accuracy(75.0, "bert-base"), 75.0);
    }

    #[test]
    fn settings_out_of_range_are_named() {
        for (settings, field) in [
            ([f64::NAN, 6.0, 79.0, 3.0], "intercept"),
            ([28.0, -1.0, 79.0, 3.0], "per_decade"),
            ([28.0, 6.0, 101.0, 3.0], "most"),
            ([28.0, 6.0, 79.0, f64::INFINITY], "sd"),
        ] {
            let [intercept, per_decade, most, sd] = settings;
            let wrong = Capacity::new(intercept, per_decade, most, sd)
                .unwrap_err()
                .to_string();
            assert!(wrong.contains(&format!("`{field}`")), "{wrong}");
        }
    }
}
