//! What accuracy a transformer has, and how sure that is.
//!
//! There are three models. [`AccuracyTable`] holds measured scores and answers for those transformers alone. [`Capacity`] is a
//! prior over the number of weights, with a cap. [`PublishedTrees`] repeats the scores of the published figures. None of them
//! extrapolates what was measured, and every answer names its source. [`LossCurve`] adds what pruning costs.

mod capacity;
mod csv;
mod curve;
mod error;
mod table;
mod trees;

use std::path::Path;

use scenarios::load::Resolver;
use scenarios::transformer::Transformer;
use serde::{Deserialize, Serialize};

pub use capacity::Capacity;
pub use curve::LossCurve;
pub use error::AccuracyError;
pub use table::{AccuracyTable, SHIPPED};
pub use trees::PublishedTrees;

use crate::shape::shapes;
use crate::space::{Design, Genome, Model, Space};

/// What a study states of accuracy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Accuracy", deny_unknown_fields)]
pub enum AccuracyFile {
    /// Measured scores: a CSV file, relative to the study, or a shipped table by name.
    Table(String),
    /// A prior over the number of weights: see [`Capacity`].
    Capacity {
        /// The accuracy of one weight, in percent.
        intercept: f64,
        /// What ten times the weights add, in points.
        per_decade: f64,
        /// The cap, in percent.
        most: f64,
        /// The standard deviation, in points.
        #[serde(default)]
        sd: f64,
    },
    /// The model behind the published figures: see [`PublishedTrees`].
    Published,
    /// None: the transformer is fixed, or accuracy is no objective.
    #[default]
    None,
}

/// An accuracy, how sure it is, and where it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The expected accuracy, in percent.
    pub mean: f64,
    /// Its standard deviation, in points; 0 if none is known.
    pub sd: f64,
    /// What says so, for reports.
    pub source: String,
}

impl Accuracy {
    /// The accuracy that counts if a study wants `risk`: that many standard deviations below the mean, in percent.
    #[must_use]
    pub fn at_risk(&self, risk: f64) -> f64 {
        self.mean - risk * self.sd
    }
}

/// A model of accuracy.
#[derive(Clone, Debug, PartialEq)]
pub enum AccuracyModel {
    /// Measured scores.
    Table(AccuracyTable),
    /// A prior over the number of weights.
    Capacity(Capacity),
    /// The model behind the published figures.
    Published(PublishedTrees),
}

impl AccuracyModel {
    /// The model that a study states; `None` if it states none. Files are relative to `folder`.
    ///
    /// # Errors
    /// A table cannot be read or is wrong, or a setting is out of range.
    pub fn load(
        stated: &AccuracyFile,
        folder: &Path,
        resolver: &dyn Resolver,
    ) -> Result<Option<Self>, AccuracyError> {
        Ok(Some(match stated {
            AccuracyFile::Table(name) => Self::Table(AccuracyTable::load(name, folder, resolver)?),
            &AccuracyFile::Capacity {
                intercept,
                per_decade,
                most,
                sd,
            } => Self::Capacity(Capacity::new(intercept, per_decade, most, sd)?),
            AccuracyFile::Published => Self::Published(PublishedTrees::shipped()),
            AccuracyFile::None => return Ok(None),
        }))
    }

    /// The accuracy of a transformer.
    ///
    /// # Errors
    /// The table does not have it, or the published model does not know it.
    pub fn of_transformer(&self, transformer: &Transformer) -> Result<Accuracy, AccuracyError> {
        let (mean, sd) = self.predict_transformer(transformer)?;
        Ok(self.sourced(mean, sd))
    }

    /// The accuracy of the transformer of a design of `space`.
    ///
    /// # Errors
    /// The table does not have it, or the published model does not know it.
    pub fn of_design(&self, space: &Space, design: &Design) -> Result<Accuracy, AccuracyError> {
        let (mean, sd) = self.predict(space, design)?;
        Ok(self.sourced(mean, sd))
    }

    /// Mean, in percent, and standard deviation, in points, of the accuracy of a design's transformer: as
    /// [`of_design`](Self::of_design), for loops over many designs.
    ///
    /// # Errors
    /// The table does not have it, or the published model does not know it.
    pub fn predict(&self, space: &Space, design: &Design) -> Result<(f64, f64), AccuracyError> {
        match (self, &design.model) {
            (Self::Capacity(capacity), _) => Ok(capacity.predict(space.shapes(design))),
            (Self::Table(table), Model::Genome(genome)) => table.find_genome(genome),
            (Self::Published(trees), Model::Genome(genome)) => Ok(trees.predict(genome)),
            (_, Model::Entry(entry)) => match space.entry(*entry) {
                Some(transformer) => self.predict_transformer(transformer),
                None => self.predict_transformer(&Transformer::default()),
            },
        }
    }

    fn predict_transformer(&self, transformer: &Transformer) -> Result<(f64, f64), AccuracyError> {
        match self {
            Self::Table(table) => table.find(transformer),
            Self::Capacity(capacity) => Ok(capacity.predict(shapes(transformer))),
            Self::Published(trees) => Ok(trees.predict(&Genome::of_transformer(transformer)?)),
        }
    }

    fn sourced(&self, mean: f64, sd: f64) -> Accuracy {
        let source = match self {
            Self::Table(table) => table.source(),
            Self::Capacity(capacity) => capacity.source(),
            Self::Published(trees) => trees.source(),
        };
        Accuracy { mean, sd, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_states_accuracy_in_four_ways() {
        let capacity = AccuracyFile::Capacity {
            intercept: 28.0,
            per_decade: 6.0,
            most: 79.0,
            sd: 3.0,
        };
        for (text, stated) in [
            (r#"Table("mine.csv")"#, AccuracyFile::Table("mine.csv".to_owned())),
            (
                "Capacity(intercept: 28.0, per_decade: 6.0, most: 79.0, sd: 3.0)",
                capacity,
            ),
            ("Published", AccuracyFile::Published),
            ("None", AccuracyFile::None),
        ] {
            assert_eq!(ron::from_str::<AccuracyFile>(text).unwrap(), stated);
        }
        let wrong = ron::from_str::<AccuracyFile>("Capacity(intercept: 28.0, per_decade: 6.0, cap: 79.0)");
        assert!(wrong.unwrap_err().to_string().contains("cap"));
    }

    #[test]
    fn designs_are_answered_as_their_transformers() {
        let space = Space::published();
        let design = space.of_point(|index| (index as f64 * 0.618) % 1.0);
        let transformer = space.transformer(&design);
        let glue = AccuracyModel::load(
            &AccuracyFile::Table("published-glue".to_owned()),
            Path::new("."),
            &scenarios::load::Disk,
        );
        let models = [
            glue.unwrap().unwrap(),
            AccuracyModel::Published(PublishedTrees::shipped()),
            AccuracyModel::Capacity(Capacity::new(28.0, 6.0, 100.0, 3.0).unwrap()),
        ];
        for model in models {
            assert_eq!(
                model.of_design(&space, &design),
                model.of_transformer(&transformer)
            );
        }
    }
}
