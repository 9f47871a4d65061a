//! What pruning costs: accuracy lost over sparsity, as measured for a task.

use std::path::Path;

use scenarios::load::Resolver;

use super::AccuracyError;
use super::csv::Csv;

/// Accuracy lost, in points, over sparsity, a share: measured points and a smooth curve through them that has no extremes
/// between them (piecewise cubic, Fritsch and Carlson, SIAM J. Numer. Anal. 17, 1980, with the slopes of Fritsch and Butland).
///
/// A curve is a CSV file with the columns `sparsity` and `loss`. It answers between its first and last point only.
#[derive(Clone, Debug, PartialEq)]
pub struct LossCurve {
    file: String,
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    sparsity: f64,
    loss: f64,
    slope: f64,
}

impl LossCurve {
    /// Reads the curve in the file of this name, relative to `folder`.
    ///
    /// # Errors
    /// The file cannot be read, or what is wrong with it, with the line.
    pub fn load(name: &str, folder: &Path, resolver: &dyn Resolver) -> Result<Self, AccuracyError> {
        Self::of_csv(&Csv::load(name, folder, resolver, &COLUMNS, &[])?)
    }

    /// The curve in `text`; `name` is what messages call it.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(name: &str, text: &str) -> Result<Self, AccuracyError> {
        Self::of_csv(&Csv::parse(name, text, &COLUMNS, &[])?)
    }

    fn of_csv(csv: &Csv) -> Result<Self, AccuracyError> {
        let mut points: Vec<Point> = Vec::new();
        for (line, fields) in &csv.records {
            let [sparsity, loss] = fields.as_slice() else {
                return Err(csv.at(*line, "fields are missing", "sparsity,loss"));
            };
            let sparsity = csv.number(*line, "sparsity", sparsity)?;
            let loss = csv.number(*line, "loss", loss)?;
            if !(0.0..=1.0).contains(&sparsity) {
                let message = format!("a sparsity cannot be {sparsity}");
                return Err(csv.at(*line, message, "a share from 0 to 1 is accepted, not percent"));
            }
            if !(-100.0..=100.0).contains(&loss) {
                let message = format!("a loss cannot be {loss}");
                return Err(csv.at(*line, message, "points of accuracy from -100 to 100 are accepted"));
            }
            if points.last().is_some_and(|last| last.sparsity >= sparsity) {
                let message = format!("a sparsity of {sparsity} does not follow the one before");
                return Err(csv.at(
                    *line,
                    message,
                    "sparsities that rise from line to line are accepted",
                ));
            }
            points.push(Point {
                sparsity,
                loss,
                slope: 0.0,
            });
        }
        if points.len() < 2 {
            return Err(csv.whole(
                "a curve has at least two points",
                "state more sparsities and losses",
            ));
        }
        set_slopes(&mut points);
        Ok(Self {
            file: csv.file().to_owned(),
            points,
        })
    }

    /// The loss at a sparsity, in points of accuracy.
    ///
    /// # Errors
    /// The sparsity is outside the curve.
    pub fn loss(&self, sparsity: f64) -> Result<f64, AccuracyError> {
        let pairs = self.points.windows(2);
        let within = |pair: &&[Point]| (pair[0].sparsity..=pair[1].sparsity).contains(&sparsity);
        let found = pairs
            .into_iter()
            .find(within)
            .map(|pair| between(&pair[0], &pair[1], sparsity));
        found.ok_or_else(|| AccuracyError::OutsideCurve {
            file: self.file.clone(),
            sparsity,
            least: self.points.first().map_or(0.0, |point| point.sparsity),
            most: self.points.last().map_or(0.0, |point| point.sparsity),
        })
    }
}

const COLUMNS: [&str; 2] = ["sparsity", "loss"];

/// The cubic with the losses and slopes of both points.
fn between(from: &Point, to: &Point, sparsity: f64) -> f64 {
    let width = to.sparsity - from.sparsity;
    let t = (sparsity - from.sparsity) / width;
    let (t2, t3) = (t * t, t * t * t);
    (2.0 * t3 - 3.0 * t2 + 1.0) * from.loss
        + (t3 - 2.0 * t2 + t) * width * from.slope
        + (3.0 * t2 - 2.0 * t3) * to.loss
        + (t3 - t2) * width * to.slope
}

/// Slopes that keep each piece between its ends.
fn set_slopes(points: &mut [Point]) {
    let pieces: Vec<(f64, f64)> = points
        .windows(2)
        .map(|pair| {
            let width = pair[1].sparsity - pair[0].sparsity;
            (width, (pair[1].loss - pair[0].loss) / width)
        })
        .collect();
    let last = points.len() - 1;
    for (place, inner) in pieces.windows(2).enumerate() {
        points[place + 1].slope = inner_slope(inner[0], inner[1]);
    }
    if let [only] = pieces.as_slice() {
        points[0].slope = only.1;
        points[last].slope = only.1;
    } else {
        points[0].slope = end_slope(pieces[0], pieces[1]);
        points[last].slope = end_slope(pieces[last - 1], pieces[last - 2]);
    }
}

/// The slope between two pieces, each a width and a slope: their weighted harmonic mean, or 0 at an extreme.
fn inner_slope((left_width, left): (f64, f64), (right_width, right): (f64, f64)) -> f64 {
    if left * right <= 0.0 {
        return 0.0;
    }
    let (of_left, of_right) = (2.0 * right_width + left_width, right_width + 2.0 * left_width);
    (of_left + of_right) / (of_left / left + of_right / right)
}

/// The slope at an end, of the parabola through the three points nearest to it, no steeper than three times the first piece.
fn end_slope((width, slope): (f64, f64), (next_width, next): (f64, f64)) -> f64 {
    let parabola = ((2.0 * width + next_width) * slope - width * next) / (width + next_width);
    if parabola * slope <= 0.0 {
        0.0
    } else if slope * next < 0.0 && parabola.abs() > 3.0 * slope.abs() {
        3.0 * slope
    } else {
        parabola
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_curve_is_that_of_scipy() {
        let text = "sparsity,loss\n0,0\n0.3,0\n0.34,0.2\n0.48,2.7\n0.53,5.5\n0.7,5\n";
        let curve = LossCurve::parse("c.csv", text).unwrap();
        // scipy.interpolate.PchipInterpolator.
        for (sparsity, loss) in [
            (0.0, 0.0),
            (0.1, 0.0),
            (0.31, 0.01798349056603773),
            (0.33, 0.12895047169811316),
            (0.4, 0.889359785260176),
            (0.5, 3.897881090667259),
            (0.6, 5.465092611439039),
            (0.69, 5.083146753511093),
            (0.7, 5.0),
        ] {
            let found = curve.loss(sparsity).unwrap();
            assert!((found - loss).abs() < 1e-12, "{sparsity}: {found}");
        }
        let two = LossCurve::parse("c.csv", "sparsity,loss\n0,0\n0.5,1\n").unwrap();
        assert_eq!(two.loss(0.25), Ok(0.5));
    }

    proptest! {
        #[test]
        fn rising_points_give_a_rising_curve(steps in proptest::collection::vec((0.001..0.04, 0.0..5.0), 2..20)) {
            let (mut text, mut sparsity, mut loss) = ("sparsity,loss\n".to_owned(), 0.0, 0.0);
            for (by, more) in steps {
                text.push_str(&format!("{sparsity},{loss}\n"));
                sparsity += by;
                loss += more;
            }
            let curve = LossCurve::parse("c.csv", &text).unwrap();
            let most = curve.points.last().unwrap().sparsity;
            let losses: Vec<f64> = (0..=500).map(|i| curve.loss((most * f64::from(i) / 500.0).min(most)).unwrap()).collect();
            prop_assert!(losses.windows(2).all(|pair| pair[0] <= pair[1] + 1e-9));
        }
    }

    #[test]
    fn a_curve_answers_within_its_range_only() {
        let curve = LossCurve::parse("c.csv", "sparsity,loss\n0.1,0\n0.5,1\n").unwrap();
        for sparsity in [0.09, 0.51, f64::NAN, -1.0] {
            let wrong = curve.loss(sparsity).unwrap_err().to_string();
            assert!(wrong.contains("from 0.1 to 0.5"), "{wrong}");
        }
    }

    #[test]
    fn wrong_curves_are_answered_with_their_line() {
        for (text, place, message) in [
            ("sparsity,loss\n0,0\n", "c.csv", "two points"),
            ("sparsity,lost\n0,0\n", "c.csv:1", "\"lost\""),
            ("sparsity,loss\n0,0\n30,1\n", "c.csv:3", "not percent"),
            ("sparsity,loss\n0.3,0\n0.3,1\n", "c.csv:3", "rise"),
            ("sparsity,loss\n0,\n", "c.csv:2", "loss is missing"),
            ("sparsity,loss\n0,1e9\n", "c.csv:2", "-100 to 100"),
        ] {
            let wrong = LossCurve::parse("c.csv", text).unwrap_err().to_string();
            assert!(wrong.contains(place) && wrong.contains(message), "{wrong}");
        }
    }
}
