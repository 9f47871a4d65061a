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

#[cfg(test)]
mod tests {
    use components::sparsity::curve::CurvePoint;

    use super::*;
    use crate::load::library::Shelf;
    use crate::load::place;

    fn read(text: &str) -> Result<ThresholdCalculator, Diagnostics> {
        let source = place::source("mine.ron", text.as_bytes().to_vec())?;
        Document::<CurvesFile>::parse(source)?.calculator()
    }

    #[test]
    fn shipped_curves_load_and_come_back_from_their_text() {
        for name in Shelf::Curves.names() {
            let document = Document::<CurvesFile>::shipped(Shelf::Curves, name).unwrap();
            let calculator = document
                .calculator()
                .unwrap_or_else(|wrong| panic!("{}", wrong.render()));
            assert_eq!(read(&document.value.to_ron()).unwrap(), calculator);
            for (_, _, curve) in calculator.curves() {
                assert_eq!(
                    curve.points().last().map(|&CurvePoint { sparsity, .. }| sparsity),
                    Some(1.0)
                );
            }
        }
        assert!(Shelf::Curves.names().count() >= 2);
    }

    #[test]
    fn wrong_curves_are_answered_at_their_place() {
        let curve = |points: &str| {
            format!(
                "(name: \"x\", source: \"y\", curves: [\n(operations: Attention, tensors: Weights, points: [{points}]),\n])"
            )
        };
        // Each with the part of the text that the answer points at.
        for (text, part, message) in [
            (
                curve("(0, 0), (1, 1)").replace("Weights", "Wights"),
                "Wights",
                "Wights",
            ),
            (
                curve("(0, 0), (1, 1)").replace("Weights", "Constants"),
                "Constants",
                "Constants",
            ),
            (curve("(0, 0)"), "[(0, 0)]", "at least two"),
            (curve("(0.5, 0), (1, 1)"), "(0.5, 0)", "at threshold 0"),
            (
                curve("(0, 0), (1, 0.5), (1, 0.6)"),
                "(1, 0.6)",
                "threshold of point 2 cannot be 1",
            ),
            (curve("(0, 0), (inf, 0.5)"), "(inf", "cannot be inf"),
            (
                curve("(0, 0), (1, NaN)"),
                "(1, NaN)",
                "sparsity of point 1 cannot be NaN",
            ),
            (curve("(0, 0.5), (1, 0.4)"), "(1, 0.4)", "not to fall"),
            (curve("(0, 0), (1, 1.5)"), "(1, 1.5)", "between 0 and 1"),
            (
                curve("(0, 0), (1, 1)]),\n(operations:Attention, tensors: Weights, points: [(0, 0), (1, 1)"),
                "Attention, tensors: Weights, points: [(0, 0), (1, 1)]),\n])",
                "already",
            ),
            (
                "(name: \"x\", source: \"y\", curves: [])".to_owned(),
                "[]",
                "no curves",
            ),
        ] {
            let wrong = read(&text).map(|_| ()).unwrap_err().render();
            let flat = wrong.split_whitespace().collect::<Vec<_>>().join(" ");
            let before = &text[..text.find(part).unwrap()];
            let line = before.lines().count().max(1);
            let column = before.len() - before.rfind('\n').map_or(0, |end| end + 1) + 1;
            let place = format!("mine.ron:{line}:{column}]");
            assert!(
                flat.contains(&place) && flat.contains(message),
                "{place} {text}\n{wrong}"
            );
        }
    }
}
