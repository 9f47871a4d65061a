//! Axes and marks of a plot in SVG. Colours come from the page's style sheet, so that light, dark and print need one drawing.

use maud::{Markup, PreEscaped, html};

/// The drawing's size in its own units; it scales with the page.
const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// How numbers lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Logarithmic,
}

/// One axis of a plot.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    pub(super) label: String,
    pub(super) scale: Scale,
    pub(super) least: f64,
    pub(super) greatest: f64,
}

impl Axis {
    /// From 0 to `greatest`.
    pub(super) fn linear(label: &str, greatest: f64) -> Self {
        Self {
            label: label.to_owned(),
            scale: Scale::Linear,
            least: 0.0,
            greatest: if greatest > 0.0 { greatest } else { 1.0 },
        }
    }

    /// Whole powers of ten that hold `least` and `greatest`, both above 0.
    pub(super) fn logarithmic(label: &str, least: f64, greatest: f64) -> Self {
        let (least, greatest) = (
            10f64.powf(least.log10().floor()),
            10f64.powf(greatest.log10().ceil()),
        );
        Self {
            label: label.to_owned(),
            scale: Scale::Logarithmic,
            least,
            greatest: if greatest > least { greatest } else { least * 10.0 },
        }
    }

    /// Where `value` lies, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.least) / (self.greatest - self.least),
            Scale::Logarithmic => {
                (value.max(self.least) / self.least).log10() / (self.greatest / self.least).log10()
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// Where there are ticks.
    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Logarithmic => {
                let first = self.least.log10().round() as i32;
                let last = self.greatest.log10().round() as i32;
                let every = ((last - first) / 8).max(1) as usize;
                (first..=last)
                    .step_by(every)
                    .map(|power| 10f64.powi(power))
                    .collect()
            }
            Scale::Linear => {
                let rough = (self.greatest - self.least) / 5.0;
                let power = 10f64.powf(rough.log10().floor());
                let step = [1.0, 2.0, 2.5, 5.0, 10.0]
                    .into_iter()
                    .map(|factor| factor * power)
                    .find(|step| *step >= rough)
                    .unwrap_or(10.0 * power);
                let count = ((self.greatest - self.least) / step + 1e-9).floor() as usize;
                (0..=count).map(|tick| self.least + tick as f64 * step).collect()
            }
        }
    }

    fn text(&self, value: f64) -> String {
        if value == 0.0 {
            return "0".to_owned();
        }
        let (size, sign) = (value.abs(), value);
        match size {
            _ if size >= 1e15 => format!("{}P", trimmed(sign / 1e15)),
            _ if size >= 1e12 => format!("{}T", trimmed(sign / 1e12)),
            _ if size >= 1e9 => format!("{}G", trimmed(sign / 1e9)),
            _ if size >= 1e6 => format!("{}M", trimmed(sign / 1e6)),
            _ if size >= 1e4 => format!("{}k", trimmed(sign / 1e3)),
            _ if size >= 1e-3 => trimmed(sign),
            _ => format!("{sign:.0e}"),
        }
    }
}

/// With at most three decimals, and none that say nothing.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A plot's frame: where its numbers lie in the drawing.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
}

impl Frame {
    pub(super) fn x_of(&self, value: f64) -> f64 {
        LEFT + self.x.place(value) * (WIDTH - LEFT - RIGHT)
    }

    pub(super) fn y_of(&self, value: f64) -> f64 {
        HEIGHT - BOTTOM - self.y.place(value) * (HEIGHT - TOP - BOTTOM)
    }

    /// The drawing with its axes, `marks` in it; `title` and `description` are what a screen reader says.
    pub(super) fn draw(&self, title: &str, description: &str, marks: &Markup) -> Markup {
        let (bottom, right) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        html! {
            svg class="plot" viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(format!("{title}. {description}")) {
                title { (title) }
                desc { (description) }
                g class="grid" {
                    @for tick in self.y.ticks() {
                        line x1=(LEFT) x2=(right) y1=(at(self.y_of(tick))) y2=(at(self.y_of(tick))) {}
                    }
                }
                g class="ticks" {
                    @for tick in self.y.ticks() {
                        text x=(LEFT - 6.0) y=(at(self.y_of(tick) + 4.0)) text-anchor="end" { (self.y.text(tick)) }
                    }
                    @for tick in self.x.ticks() {
                        text x=(at(self.x_of(tick))) y=(bottom + 16.0) text-anchor="middle" { (self.x.text(tick)) }
                    }
                    text class="label" x=((LEFT + right) / 2.0) y=(HEIGHT - 6.0) text-anchor="middle" { (self.x.label) }
                    text class="label" transform=(format!("translate(13 {}) rotate(-90)", (TOP + bottom) / 2.0)) text-anchor="middle" {
                        (self.y.label)
                    }
                }
                (marks)
                line class="axis" x1=(LEFT) x2=(right) y1=(bottom) y2=(bottom) {}
            }
        }
    }
}

/// A coordinate with as many digits as can be seen.
pub(super) fn at(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}

/// Points as SVG wants them.
pub(super) fn points(points: impl Iterator<Item = (f64, f64)>) -> String {
    let points = points.map(|(x, y)| format!("{},{}", at(x), at(y)));
    points.collect::<Vec<_>>().join(" ")
}

/// The names of a plot's colours, in order.
pub(super) fn legend(names: &[&str]) -> Markup {
    html! {
        ul class="legend" {
            @for (index, name) in names.iter().enumerate() {
                li { span class=(format!("swatch s{}", index % 8)) {} (name) }
            }
        }
    }
}

/// A figure: heading, drawing, and a line that says what is seen.
pub(super) fn figure(heading: &str, caption: &str, names: &[&str], drawing: &Markup) -> Markup {
    html! {
        figure {
            h3 { (heading) }
            @if names.len() > 1 { (legend(names)) }
            (drawing)
            figcaption { (caption) }
        }
    }
}

/// Text that is markup already.
pub(super) fn raw(text: &str) -> PreEscaped<String> {
    PreEscaped(text.to_owned())
}
