//! Lines that differ in their markers as well as in their colours.

use maud::{Markup, html};

use super::charts::Line;
use super::plot::{Frame, at, points};

/// Number of lines with a marker of their own.
pub(super) const MARKERS: usize = 6;

/// Number of markers of a line as long as its plot is wide.
const ALONG: f64 = 9.0;

/// The shape of marker number `index`, with a radius of about 4, as a path.
fn shape(index: usize) -> &'static str {
    match index % MARKERS {
        0 => "m-3.6 0a3.6 3.6 0 1 0 7.2 0a3.6 3.6 0 1 0 -7.2 0z",
        1 => "m-3.3 -3.3h6.6v6.6h-6.6z",
        2 => "m0 -4.6l4.4 7.6h-8.8z",
        3 => "m0 -4.8l4.8 4.8l-4.8 4.8l-4.8 -4.8z",
        4 => "m0 4.6l4.4 -7.6h-8.8z",
        _ => "m-4.2 -1.4h2.8v-2.8h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8z",
    }
}

fn marker(index: usize, (x, y): (f64, f64)) -> Markup {
    html! { path class=(format!("mark s{}", index % 8)) d=(format!("M{} {}{}", at(x), at(y), shape(index))) {} }
}

/// Line number `index` in `frame`. Some of its points carry its marker, including the last one. Their places differ from line
/// to line, so that markers do not cover each other.
pub(super) fn marked(frame: &Frame, index: usize, line: &Line) -> Markup {
    let drawn: Vec<(f64, f64)> = line
        .points
        .iter()
        .map(|&(x, y)| (frame.x_of(x), frame.y_of(y)))
        .collect();
    let step = (frame.x_of(frame.x.greatest) - frame.x_of(frame.x.least)) / ALONG;
    let mut next = frame.x_of(frame.x.least) + step * (index % MARKERS + 1) as f64 / (MARKERS + 1) as f64;
    let mut chosen = Vec::new();
    for (place, &(x, y)) in drawn.iter().enumerate() {
        if x >= next || place + 1 == drawn.len() {
            chosen.push((x, y));
            next += step;
        }
    }
    html! {
        g {
            title { (line.name) }
            polyline class=(format!("line l{}", index % 8)) points=(points(drawn.iter().copied())) {}
            @for place in chosen { (marker(index, place)) }
        }
    }
}

/// A key of such lines by number, each with its line, marker and name.
pub(super) fn key(names: &[(usize, &str)]) -> Markup {
    html! {
        ul class="legend" {
            @for &(index, name) in names {
                li {
                    svg class="key" viewBox="0 0 26 12" aria-hidden="true" {
                        path class=(format!("line l{}", index % 8)) d="M0 6H26" {}
                        (marker(index, (13.0, 6.0)))
                    }
                    (name)
                }
            }
        }
    }
}
