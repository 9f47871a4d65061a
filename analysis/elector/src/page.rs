//! A run, or several side by side, as one page of HTML: no network, drawings in SVG. Only the page of a study has a script.
//!
//! Drawings are made here rather than by a plotting crate: their colours come from the page's style sheet, so one page suits
//! light and dark screens and paper, and every mark carries its name for screen readers.

mod axes;
mod charts;
mod compared;
mod comparison;
mod critical_path;
mod latency;
mod markers;
mod multiples;
mod over_time;
mod overview;
mod plot;
mod roofline;
mod side_by_side;
mod study;

use analysis::critical_path::CriticalPath;
use analysis::over_time::TimelineSink;
use analysis::result::RunResult;
use maud::{DOCTYPE, Markup, html};
use scenarios::system::Plan;

pub use compared::Compared;
pub use comparison::comparison_page;
pub use study::study_page;

use over_time::OverTime;
use plot::raw;

const STYLE: &str = include_str!("page/style.css");

/// The page of one run of `plan`, recorded in `timeline`, with its critical path.
#[must_use]
pub fn run_page(
    plan: &Plan,
    result: &RunResult,
    timeline: &TimelineSink,
    path: Option<&CriticalPath>,
) -> String {
    let timeline = timeline.timeline();
    let accelerator = &plan.machine.scenario.accelerator;
    let subtitle = format!(
        "{} PEs of {} MAC lanes at {} MHz, {}, batch of {}",
        accelerator.processing_elements,
        accelerator.lanes_per_pe,
        result.machine.clock_mhz,
        result.memory.technology,
        result.machine.batch
    );
    let body = html! {
        (overview::headline(result))
        @if timeline.bins() > 0 {
            @let over_time = OverTime::new(plan, result, &timeline);
            @if let (Some(path), Some(summary)) = (path, &result.critical_path) {
                h2 { "What decided the latency" }
                (critical_path::over_time(&over_time, path, summary))
                (critical_path::shares(summary))
            }
            h2 { "Over time" }
            (over_time.all())
        }
        h2 { "Where time and energy went" }
        div class="grid2" {
            (overview::stalls(result))
            @if let Some(phases) = overview::phases(result) { (phases) }
        }
        (overview::parts(result))
        h2 { "Bounds" }
        @if let Some(roofline) = roofline::roofline(&[(result.scenario.as_str(), result)]) { (roofline) }
        h2 { "Main memory" }
        @if let Some(latencies) = latency::of_requestors(result) { (latencies) }
        (overview::memory(result))
        h2 { "The scenario" }
        details { summary { "Every field, with its value" } pre { code { (plan.machine.scenario.to_ron()) } } }
    };
    page(&result.scenario, &subtitle, &body, &footer(result))
}

fn footer(result: &RunResult) -> String {
    format!(
        "Simulated by elector {} in {:.2} s: {} events, seed {}, digest {}.",
        env!("CARGO_PKG_VERSION"),
        result.wall_seconds,
        crate::number::grouped(result.events),
        result.seed,
        result.trace_digest
    )
}

/// A whole page.
fn page(title: &str, subtitle: &str, body: &Markup, footer: &str) -> String {
    styled_page("", title, subtitle, body, footer)
}

/// A whole page with a style sheet of its own after that of all pages.
fn styled_page(style: &str, title: &str, subtitle: &str, body: &Markup, footer: &str) -> String {
    let whole = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · elector" }
                // Without this, a browser would request an icon from a server.
                link rel="icon" href="data:,";
                style { (raw(STYLE)) (raw(style)) }
            }
            body {
                h1 { (title) }
                p class="sub" { (subtitle) }
                (body)
                footer { (footer) }
            }
        }
    };
    whole.into_string()
}
