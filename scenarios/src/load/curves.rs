//! A set of curves by itself, without a scenario that names it.

use components::sparsity::threshold::ThresholdCalculator;

use super::Document;
use crate::diagnostics::Diagnostics;
use crate::schema::{Checks, CurvesFile};

impl Document<CurvesFile> {
    /// Checks the curves.
    ///
    /// ```
    /// use components::operation::Role;
    /// use components::sparsity::threshold::{OperationClass, TensorKind};
    /// use scenarios::load::{Document, library::Shelf};
    /// use scenarios::schema::CurvesFile;
    ///
    /// let curves = Document::<CurvesFile>::shipped(Shelf::Curves, "synthetic-bert-tiny")?.calculator()?;
    /// let class = OperationClass::of(Role::FeedForward);
    /// let half = curves.threshold(class, TensorKind::Weights, 0.5).map(|found| found.value);
    /// // Half of all values of a normal distribution lie within 0.6745 standard deviations, here of 0.02.
    /// assert!(half.is_some_and(|half| (half - 0.01349).abs() < 1e-4), "{half:?}");
    /// # Ok::<(), scenarios::Diagnostics>(())
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with them, each at its place in the file.
    pub fn calculator(&self) -> Result<ThresholdCalculator, Diagnostics> {
        let mut checks = Checks::default();
        let calculator = self.value.check(&mut checks);
        if checks.errors() == 0 {
            return Ok(calculator);
        }
        Err(checks
            .into_findings()
            .into_iter()
            .map(|finding| self.finding(finding))
            .collect())
    }
}
