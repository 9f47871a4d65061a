//! The roofline: the most the machine could compute for the bytes it moves, and where runs are below it.
//!
//! Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore architectures", CACM 52(4), 2009.

use analysis::result::RunResult;
use maud::{Markup, html};

use super::plot::{Axis, Frame, at, figure, points};

/// A run in the plot.
struct Point {
    name: String,
    /// Operations per byte of main-memory traffic.
    intensity: f64,
    /// Operations per second.
    rate: f64,
    /// The machine's roofs.
    peak: f64,
    bandwidth: Option<f64>,
}

impl Point {
    fn of(name: &str, result: &RunResult) -> Option<Self> {
        let bytes = (result.memory.read_bytes + result.memory.write_bytes) as f64;
        let operations = 2.0 * result.machine.macs_dense as f64;
        (bytes > 0.0 && operations > 0.0).then(|| Self {
            name: name.to_owned(),
            intensity: operations / bytes,
            rate: operations / result.machine.seconds,
            peak: 2.0 * result.machine.peak_macs_per_second,
            bandwidth: result.memory.peak_gb_s.map(|peak| peak * 1e9),
        })
    }

    /// The roof at `intensity`.
    fn roof(&self, intensity: f64) -> f64 {
        self.bandwidth
            .map_or(self.peak, |bandwidth| self.peak.min(bandwidth * intensity))
    }
}

/// A roofline with the given runs on it.
pub(super) fn roofline(runs: &[(&str, &RunResult)]) -> Option<Markup> {
    let found: Vec<Point> = runs
        .iter()
        .filter_map(|(name, run)| Point::of(name, run))
        .collect();
    let first = found.first()?;
    let least = found
        .iter()
        .map(|point| point.intensity)
        .fold(f64::INFINITY, f64::min);
    let most = found.iter().map(|point| point.intensity).fold(0.0, f64::max);
    let x = Axis::logarithmic(
        "operations per byte of main-memory traffic",
        least / 10.0,
        most * 10.0,
    );
    let lowest = found
        .iter()
        .flat_map(|point| [point.rate, point.roof(x.least)])
        .fold(f64::INFINITY, f64::min);
    let highest = found
        .iter()
        .flat_map(|point| [point.rate, point.peak])
        .fold(0.0, f64::max);
    let frame = Frame::whole(
        x,
        Axis::logarithmic("operations per second", lowest, highest * 1.5),
    );
    let description = format!(
        "{}: {:.0} operations per byte, {:.1}% of what the roof allows there.",
        first.name,
        first.intensity,
        100.0 * first.rate / first.roof(first.intensity)
    );
    let marks = html! {
        @for (index, point) in found.iter().enumerate() {
            polyline class=(format!("line dashed l{}", index % 8)) points=(roof(point, &frame)) { title { "roof of " (point.name) } }
            circle class=(format!("point s{}", index % 8)) r="5.5" cx=(at(frame.x_of(point.intensity))) cy=(at(frame.y_of(point.rate))) {
                title { (point.name) }
            }
        }
    };
    let names: Vec<&str> = found.iter().map(|point| point.name.as_str()).collect();
    let caption = format!(
        "{description} Dashed: the roof, the peak of all multipliers with zeros counted, and on its left what main memory can feed. \
         Skipped zeros let a run be above it."
    );
    let drawing = frame.draw("Roofline", &description, &marks);
    Some(figure("Roofline", &caption, &names, &drawing))
}

fn roof(point: &Point, frame: &Frame) -> String {
    let (least, greatest) = (frame.x.least, frame.x.greatest);
    let knee = point.bandwidth.map(|bandwidth| point.peak / bandwidth);
    let corners = [Some(least), knee, Some(greatest)];
    let corners = corners
        .into_iter()
        .flatten()
        .filter(|&intensity| (least..=greatest).contains(&intensity));
    points(corners.map(|intensity| (frame.x_of(intensity), frame.y_of(point.roof(intensity)))))
}
