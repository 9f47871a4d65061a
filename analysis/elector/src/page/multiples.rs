//! Small multiples: a plot for each subject, with a line for each state, all with the same value axis.
//!
//! Tufte, "The visual display of quantitative information", 1983.

use analysis::over_time::Measure;
use maud::{Markup, html};

use super::axes::{Curve, TimeAxis, names, value_axis};
use super::charts::{Line, plain};
use super::markers::{key, marked};
use super::plot::{Axis, Frame};

/// How much longer one subject may take than another and still share its time axis.
const COMPARABLE: f64 = 6.0;

/// Runs by subject.
pub(super) struct Multiples<'a> {
    panels: Vec<&'a [Curve<'a>]>,
    /// States in which subjects were run, if there are several.
    states: Vec<&'static str>,
    /// The shared time axis, unless runs differ too much in length.
    shared: Option<TimeAxis>,
}

impl<'a> Multiples<'a> {
    /// A panel for each subject of `curves`, whose runs are adjacent.
    pub(super) fn new(curves: &'a [Curve<'a>]) -> Self {
        let panels: Vec<&[Curve<'_>]> = curves
            .chunk_by(|one, other| one.run.subject == other.run.subject)
            .collect();
        let mut states: Vec<&'static str> = curves.iter().filter_map(|curve| curve.run.state).collect();
        states.sort_unstable();
        states.dedup();
        let all = TimeAxis::of(curves);
        let ends = panels.iter().map(|panel| TimeAxis::of(panel).end);
        let comparable = all.end <= COMPARABLE * ends.fold(f64::INFINITY, f64::min);
        Self {
            panels,
            states,
            shared: comparable.then_some(all),
        }
    }

    /// Whether each panel has its own time axis.
    pub(super) fn has_own_axes(&self) -> bool {
        self.shared.is_none()
    }

    /// All panels of a measure.
    pub(super) fn drawn(&self, measure: Measure) -> Markup {
        let lines = self.panels.iter().flat_map(|panel| {
            let time = self.time_of(panel);
            panel.iter().map(move |curve| time.line(curve, measure))
        });
        let y = value_axis(measure, &lines.collect::<Vec<_>>());
        let states: Vec<(usize, &str)> = self.states.iter().copied().enumerate().collect();
        let upwards = names(measure).1;
        html! {
            @if !states.is_empty() { (key(&states)) }
            p class="axes" {
                "Upwards " (upwards) ", the same for all"
                @match self.shared {
                    Some(time) => { ". To the right " (time.axis().label) ", the same for all." },
                    None => { ". To the right time, in the unit below each plot." },
                }
                @if let Some(first) = self.reference() { " Grey: " (first.run.name) "." }
            }
            div class="multiples" {
                @for panel in &self.panels { (self.panel(measure, panel, &y)) }
            }
        }
    }

    fn time_of(&self, panel: &[Curve<'_>]) -> TimeAxis {
        self.shared.unwrap_or_else(|| TimeAxis::of(panel))
    }

    /// The first run, which is drawn behind all others if each panel has only one.
    fn reference(&self) -> Option<&Curve<'a>> {
        let first = self.panels.first().and_then(|panel| panel.first());
        first.filter(|_| self.states.is_empty() && self.shared.is_some())
    }

    fn panel(&self, measure: Measure, panel: &[Curve<'_>], y: &Axis) -> Markup {
        let time = self.time_of(panel);
        let unit = names(measure).2;
        let frame = Frame::small(time.axis(), y.clone());
        let subject = panel.first().map_or("", |curve| curve.run.subject.as_str());
        let telling: Vec<&Curve<'_>> = panel
            .iter()
            .filter(|curve| curve.curves.mean(measure).is_some())
            .collect();
        let described: Vec<String> = telling
            .iter()
            .map(|curve| {
                let state = curve.run.state.map(|state| format!("{state}: "));
                format!("{}{}.", state.unwrap_or_default(), time.described(curve, measure))
            })
            .collect();
        let means: Vec<String> = telling
            .iter()
            .filter_map(|curve| Some(format!("{:.1}", curve.curves.mean(measure)?)))
            .collect();
        let title = format!("{} over time, {subject}", names(measure).0);
        html! {
            div {
                h4 { (subject) @if !means.is_empty() { span { " mean " (means.join(" / ")) (unit) } } }
                (frame.draw(&title, &described.join(" "), &self.marks(&frame, time, measure, &telling)))
            }
        }
    }

    fn marks(&self, frame: &Frame, time: TimeAxis, measure: Measure, shown: &[&Curve<'_>]) -> Markup {
        let lines = |of: &Curve<'_>| -> Line { time.line(of, measure) };
        let place = |curve: &Curve<'_>| {
            let state = self
                .states
                .iter()
                .position(|known| Some(*known) == curve.run.state);
            state.unwrap_or(0)
        };
        let reference = self.reference().map(lines);
        html! {
            @if let Some(reference) = reference.filter(|line| line.points.len() > 1) { (plain(frame, "line faint", &reference)) }
            @for curve in shown {
                @if self.states.is_empty() {
                    (plain(frame, "line l0", &lines(curve)))
                } @else {
                    (marked(frame, place(curve), &lines(curve)))
                }
            }
        }
    }
}
