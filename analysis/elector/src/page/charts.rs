//! The kinds of plots of a page: lines, stacked areas, bars, and a map of activity.

use maud::{Markup, html};

use super::plot::{Axis, Frame, at, points};

/// A line of a plot.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    /// Whether it is a limit rather than a measurement.
    pub(super) dashed: bool,
}

/// The end of an axis that fits all of `lines`, with some room above.
pub(super) fn greatest(lines: &[Line]) -> f64 {
    let values = lines.iter().flat_map(|line| &line.points).map(|&(_, y)| y);
    values.fold(0.0, f64::max) * 1.05
}

/// Lines in one frame; the legend's colours follow their order.
pub(super) fn lines(title: &str, description: &str, x: Axis, y: Axis, lines: &[Line]) -> Markup {
    let frame = Frame::whole(x, y);
    let marks = html! {
        @for (index, line) in lines.iter().enumerate() {
            (plain(&frame, &format!("line l{}{}", index % 8, if line.dashed { " dashed" } else { "" }), line))
        }
    };
    frame.draw(title, description, &marks)
}

/// A line in `frame`, styled by the CSS `class`.
pub(super) fn plain(frame: &Frame, class: &str, line: &Line) -> Markup {
    let drawn = line.points.iter().map(|&(x, y)| (frame.x_of(x), frame.y_of(y)));
    html! { polyline class=(class) points=(points(drawn)) { title { (line.name) } } }
}

/// Stacked shares, bin by bin; `edges` has one element more than each layer has bins.
pub(super) fn stacked(
    title: &str,
    description: &str,
    x: Axis,
    y: Axis,
    edges: &[f64],
    layers: &[(String, Vec<f64>)],
) -> Markup {
    let frame = Frame::whole(x, y);
    let mut below = vec![0.0; edges.len().saturating_sub(1)];
    let mut areas = Vec::new();
    for (name, layer) in layers {
        let above: Vec<f64> = below.iter().zip(layer).map(|(below, own)| below + own).collect();
        let step = |values: &[f64]| -> Vec<(f64, f64)> {
            let bins = values.iter().enumerate();
            bins.flat_map(|(bin, &value)| [(edges[bin], value), (edges[bin + 1], value)])
                .collect()
        };
        let outline = step(&above).into_iter().chain(step(&below).into_iter().rev());
        areas.push((name, points(outline.map(|(x, y)| (frame.x_of(x), frame.y_of(y))))));
        below = above;
    }
    let marks = html! {
        @for (index, (name, outline)) in areas.iter().enumerate() {
            polygon class=(format!("area s{}", index % 8)) points=(outline) { title { (name) } }
        }
    };
    frame.draw(title, description, &marks)
}

/// A row of a bar chart.
#[derive(Clone, Debug)]
pub(super) struct BarRow {
    pub(super) name: String,
    pub(super) value: f64,
    /// The value as text.
    pub(super) text: String,
}

/// Bars, scaled to the greatest value, as a table that is also readable without the drawing.
pub(super) fn bars(caption: &str, rows: &[BarRow]) -> Markup {
    let greatest = rows.iter().map(|row| row.value).fold(0.0, f64::max);
    let share = |value: f64| {
        if greatest > 0.0 {
            value / greatest * 100.0
        } else {
            0.0
        }
    };
    html! {
        table class="bars" {
            caption { (caption) }
            @for row in rows {
                tr {
                    th scope="row" { (row.name) }
                    td class="value" { (row.text) }
                    td class="bar" { div class="s0" style=(format!("width:{:.1}%", share(row.value))) {} }
                }
            }
        }
    }
}

/// A map of shares from 0 to 1: a row for each of `rows`, a column per bin.
pub(super) fn activity_map(
    title: &str,
    description: &str,
    rows: &[Vec<f64>],
    row_names: &[String],
) -> Markup {
    let columns = rows.first().map_or(0, Vec::len).max(1);
    let (left, top, width) = (62.0, 4.0, 760.0);
    let cell = (
        (width - left - 14.0) / columns as f64,
        (260.0 / rows.len().max(1) as f64).clamp(3.0, 14.0),
    );
    let height = top + cell.1 * rows.len() as f64 + 6.0;
    let every = rows.len().div_ceil(12).max(1);
    html! {
        svg class="plot" viewBox=(format!("0 0 {width} {height:.0}")) role="img" aria-label=(format!("{title}. {description}")) {
            title { (title) }
            desc { (description) }
            rect class="cold" x=(left) y=(top) width=(at(cell.0 * columns as f64)) height=(at(cell.1 * rows.len() as f64)) {}
            @for (row, shares) in rows.iter().enumerate() {
                @if row % every == 0 {
                    text class="row" x=(left - 6.0) y=(at(top + cell.1 * (row as f64 + 0.8))) text-anchor="end" { (row_names[row]) }
                }
                @for (start, length, share) in runs(shares) {
                    @if share > 0.0 {
                        rect class="hot" x=(at(left + cell.0 * start as f64)) y=(at(top + cell.1 * row as f64))
                            width=(at(cell.0 * length as f64)) height=(at(cell.1)) fill-opacity=(format!("{share:.2}")) {}
                    }
                }
            }
        }
    }
}

/// Merges neighbours that are equal to a resolution of 1/20: start, length and share of each run.
fn runs(shares: &[f64]) -> Vec<(usize, usize, f64)> {
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    for (column, share) in shares.iter().enumerate() {
        let share = (share * 20.0).ceil() / 20.0;
        match found.last_mut() {
            Some((_, length, before)) if *before == share => *length += 1,
            _ => found.push((column, 1, share)),
        }
    }
    found
}
