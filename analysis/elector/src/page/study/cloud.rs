//! The frames that the script fills with designs.

use maud::{Markup, html};

use super::data::{Data, DataAxis};
use crate::number::grouped;
use crate::page::plot::{Frame, legend};

/// Each pair of figures of the objective.
pub(super) fn clouds(data: &Data, front: usize) -> Markup {
    let figures = data.figures();
    let pairs = (0..figures.len()).flat_map(|y| (0..y).map(move |x| (x, y)));
    html! {
        p class="note" {
            "Each point is a design; less is better of all figures but accuracy. Point at one to see it, click to keep it in view. "
            @if data.points.len() < data.all {
                "Of " (grouped(data.all as u64)) " designs the page has " (grouped(data.points.len() as u64))
                ": " (if front > 2 * super::MOST_DRAWN { "a sample of the front" } else { "the front" })
                " and a sample of the others, drawn at random. "
            }
        }
        noscript { p class="bad" { "Points are drawn by a script, which does not run here. The tables below read without it." } }
        (legend(&["on the front", "other designs"]))
        div class="clouds" {
            @for (x, y) in pairs { (cloud(figures[x], figures[y])) }
        }
    }
}

fn cloud((x, on_x): (usize, &DataAxis), (y, on_y): (usize, &DataAxis)) -> Markup {
    let frame = Frame::half(on_x.axis(), on_y.axis());
    let title = format!("{} over {}", on_y.name, on_x.name);
    let area = frame.area().map(|edge| edge.to_string()).join(" ");
    let marks = html! { g class="cloud" data-x=(x) data-y=(y) data-area=(area) {} };
    html! {
        figure { div class="stage" { (frame.draw(&title, "One point for each design; the table below has those of the front.", &marks)) } }
    }
}

/// All designs over all that varies.
pub(super) fn coordinates(data: &Data) -> Markup {
    let title = "Parallel coordinates: one line for each design";
    let described = format!(
        "{} axes, each a variable or a figure; a line joins the values of one design.",
        data.axes.len()
    );
    html! {
        p class="note" {
            "Each line is a design. Drag along an axis to keep those that pass there: points above and rows below follow. "
            "Click beside the stretch to let it go. "
            span id="kept" {}
            " " button type="button" id="all" hidden { "show all" }
        }
        figure {
            div class="stage" {
                svg class="plot wide" id="coordinates" role="img" aria-label=(format!("{title}. {described}")) {
                    title { (title) }
                    desc { (described) }
                }
            }
        }
    }
}
