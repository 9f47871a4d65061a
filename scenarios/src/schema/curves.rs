//! DynaProp's curves of threshold and sparsity, as a file holds them.

use components::sparsity::curve::{CurveFault, CurvePoint, SparsityCurve};
use components::sparsity::threshold::{OperationClass, TensorKind, ThresholdCalculator};
use serde::{Deserialize, Serialize};

use super::{Checks, Number};

/// A set of profiled curves, one for each class of operations and kind of tensor that it covers. `elector profile`
/// makes such files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Curves", deny_unknown_fields)]
pub struct CurvesFile {
    /// What the set is called.
    pub name: String,
    /// Which tensors were profiled.
    pub source: String,
    /// The curves.
    pub curves: Vec<CurveFile>,
}

/// One curve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Curve", deny_unknown_fields)]
pub struct CurveFile {
    /// The operations whose tensors it describes.
    pub operations: OperationClass,
    /// The tensors.
    pub tensors: TensorKind,
    /// (threshold, sparsity): the first threshold is 0, they rise, and sparsities do not fall.
    pub points: Vec<(Number, Number)>,
}

const POINTS_PER_LINE: usize = 4;

/// The most points that a curve may have.
pub const MAX_CURVE_POINTS: usize = 4096;

impl CurvesFile {
    /// The text of a file that holds the curves, several points per line.
    #[must_use]
    pub fn to_ron(&self) -> String {
        let mut text = String::from(
            "// DynaProp's curves: (threshold, share of the values that pruning by it makes zero).\n(\n",
        );
        text.push_str(&format!(
            "    name: {:?},\n    source: {:?},\n    curves: [\n",
            self.name, self.source
        ));
        for curve in &self.curves {
            let (operations, tensors) = (curve.operations, curve.tensors);
            text.push_str(&format!(
                "        (operations: {operations:?}, tensors: {tensors:?}, points: [\n"
            ));
            for line in curve.points.chunks(POINTS_PER_LINE) {
                let points: Vec<String> = line
                    .iter()
                    .map(|(threshold, sparsity)| format!("({threshold}, {sparsity}),"))
                    .collect();
                text.push_str(&format!("            {}\n", points.join(" ")));
            }
            text.push_str("        ]),\n");
        }
        text.push_str("    ],\n)\n");
        text
    }

    /// The calculator that the curves make; what is wrong with them is noted.
    pub(crate) fn check(&self, checks: &mut Checks) -> ThresholdCalculator {
        let mut calculator = ThresholdCalculator::default();
        checks.within("curves", |checks| {
            if self.curves.is_empty() {
                checks.wrong(
                    "there are no curves",
                    "state at least one; `elector profile` makes them",
                );
            }
            for (index, curve) in self.curves.iter().enumerate() {
                checks.element(index, |checks| curve.check(&mut calculator, checks));
            }
        });
        calculator
    }
}

impl CurveFile {
    fn check(&self, calculator: &mut ThresholdCalculator, checks: &mut Checks) {
        let (class, kind) = (self.operations, self.tensors);
        if calculator.curve(class, kind).is_some() {
            checks.within("operations", |checks| {
                checks.wrong(
                    format!("there is a curve for {kind} of {class} operations already"),
                    "state each once",
                );
            });
        }
        checks.within("points", |checks| match self.curve() {
            Ok(curve) => calculator.insert(class, kind, curve),
            Err(fault) => self.note(fault, checks),
        });
    }

    fn curve(&self) -> Result<SparsityCurve, CurveFault> {
        let points = self.points.iter().take(MAX_CURVE_POINTS + 1);
        let points = points.map(|(threshold, sparsity)| CurvePoint {
            threshold: threshold.as_real(),
            sparsity: sparsity.as_real(),
        });
        let curve = SparsityCurve::new(points.collect())?;
        if self.points.len() > MAX_CURVE_POINTS {
            return Err(CurveFault::TooLong);
        }
        Ok(curve)
    }

    fn note(&self, fault: CurveFault, checks: &mut Checks) {
        let (point, what) = match fault {
            CurveFault::TooShort => {
                return checks.wrong(fault.to_string(), "state (0, zeros) and at least one more");
            }
            CurveFault::TooLong => {
                return checks.wrong(
                    format!("the curve has {} points", self.points.len()),
                    format!("at most {MAX_CURVE_POINTS} are accepted"),
                );
            }
            CurveFault::Threshold { point } => (point, "threshold"),
            CurveFault::Sparsity { point } => (point, "sparsity"),
            _ => (0, "threshold"),
        };
        let Some((threshold, sparsity)) = self.points.get(point) else {
            return;
        };
        let value = if what == "sparsity" { sparsity } else { threshold };
        checks.element(point, |checks| {
            checks.wrong(
                format!("the {what} of point {point} cannot be {value}"),
                fault.to_string(),
            );
        });
    }
}
