//! Several runs over time: in one plot if their lines can be told apart, otherwise in many small ones.

use analysis::over_time::Measure;
use maud::{Markup, html};

use super::axes::{Curve, TimeAxis, names, value_axis};
use super::charts::Line;
use super::compared::Compared;
use super::markers::{MARKERS, key, marked};
use super::multiples::Multiples;
use super::plot::Frame;
use crate::number::scaled;

/// All measures of all runs that have curves.
pub(super) fn over_time(runs: &[Compared]) -> Option<Markup> {
    let curves = runs.iter().filter_map(|run| {
        let curves = run.curves.as_ref()?;
        Some(Curve { run, curves })
    });
    let curves: Vec<Curve<'_>> = curves.filter(|curve| curve.curves.end() > 0.0).collect();
    let small = (curves.len() > MARKERS).then(|| Multiples::new(&curves));
    let slice = scaled(TimeAxis::of(&curves).slice() * 1e-9, "s");
    let note = match &small {
        Some(small) if small.has_own_axes() => {
            "Runs differ too much in length for one time axis: each plot has its own, and each of its points is the mean over the same \
             share of it. A line ends with the last transformer of its run."
                .to_owned()
        }
        _ => format!("Every point is the mean over {slice}, the same for all runs. A line ends with the last transformer of its run."),
    };
    (!curves.is_empty()).then(|| {
        html! {
            h2 { "Over time" }
            p class="note" { (note) }
            @for measure in Measure::ALL { (figure(measure, &curves, small.as_ref())) }
        }
    })
}

/// The caption of a measure.
fn caption(measure: Measure) -> &'static str {
    match measure {
        Measure::Lanes => "Share of the MAC lanes that multiply, add, or apply the non-linearity.",
        Measure::Bandwidth => "Read and written, for all requestors together.",
        Measure::ActivationBuffer => "Allocated room, whether its data have arrived or not.",
        Measure::Power => {
            "Of the accelerator and all of main memory. Every tile, access and command is charged when it happens, leakage and \
             standby all the time."
        }
    }
}

fn figure(measure: Measure, curves: &[Curve<'_>], small: Option<&Multiples<'_>>) -> Markup {
    let telling = curves.iter().filter(|curve| curve.curves.mean(measure).is_some());
    let telling = telling.count();
    html! {
        @if telling > 0 {
            figure {
                h3 { (names(measure).0) }
                @match small {
                    Some(small) => (small.drawn(measure)),
                    None => (together(measure, curves)),
                }
                figcaption {
                    (caption(measure))
                    @if telling < curves.len() { " Memory without limits has no data bus, so it has no line." }
                }
            }
        }
    }
}

/// All lines in one plot.
fn together(measure: Measure, curves: &[Curve<'_>]) -> Markup {
    let time = TimeAxis::of(curves);
    let lines: Vec<Line> = curves.iter().map(|curve| time.line(curve, measure)).collect();
    let frame = Frame::whole(time.axis(), value_axis(measure, &lines));
    // A run keeps its colour and its marker even if another has no line.
    let shown = || {
        lines
            .iter()
            .enumerate()
            .filter(|(_, line)| !line.points.is_empty())
    };
    let described: Vec<String> = shown()
        .map(|(index, line)| format!("{}: {}.", line.name, time.described(&curves[index], measure)))
        .collect();
    let marks = html! { @for (index, line) in shown() { (marked(&frame, index, line)) } };
    let called: Vec<(usize, &str)> = shown().map(|(index, line)| (index, line.name.as_str())).collect();
    let title = format!("{} over time", names(measure).0);
    html! {
        (key(&called))
        (frame.draw(&title, &described.join(" "), &marks))
    }
}
