//! Axes and marks of a plot in SVG. Colours come from the page's style sheet, so that one drawing serves light, dark and print.

use maud::{Markup, PreEscaped, html};

/// A drawing's size and margins in its own units; it scales with the page.
#[derive(Clone, Copy, Debug)]
struct Size {
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    /// Approximate number of ticks per axis.
    ticks: f64,
}

/// A plot as wide as the page.
const WHOLE: Size = Size {
    width: 760.0,
    height: 250.0,
    left: 62.0,
    right: 14.0,
    top: 12.0,
    bottom: 40.0,
    ticks: 5.0,
};

/// One of two or three plots side by side.
const HALF: Size = Size {
    width: 380.0,
    height: 270.0,
    left: 58.0,
    right: 16.0,
    top: 10.0,
    bottom: 40.0,
    ticks: 4.0,
};

/// One of many small plots side by side.
const SMALL: Size = Size {
    width: 260.0,
    height: 130.0,
    left: 34.0,
    right: 22.0,
    top: 6.0,
    bottom: 20.0,
    ticks: 3.0,
};

/// The unit of a time axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeUnit {
    nanoseconds: f64,
    name: &'static str,
}

impl TimeUnit {
    /// The unit that suits a run of this many ns.
    pub(super) fn of(nanoseconds: f64) -> Self {
        let (nanoseconds, name) = match nanoseconds {
            _ if nanoseconds >= 2e6 => (1e6, "ms"),
            _ if nanoseconds >= 2e3 => (1e3, "µs"),
            _ => (1.0, "ns"),
        };
        Self { nanoseconds, name }
    }

    pub(super) fn of_nanoseconds(self, nanoseconds: f64) -> f64 {
        nanoseconds / self.nanoseconds
    }

    /// A time axis from 0 to this many ns.
    pub(super) fn axis(self, nanoseconds: f64) -> Axis {
        Axis::linear(&format!("time, {}", self.name), self.of_nanoseconds(nanoseconds))
    }
}

/// The scale of an axis.
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

    /// Round numbers that hold `least` and `greatest`; whole powers of ten if `log`.
    pub(super) fn around(label: &str, least: f64, greatest: f64, log: bool) -> Self {
        if log && least > 0.0 {
            return Self::logarithmic(label, least, greatest);
        }
        let spread = if greatest > least {
            greatest - least
        } else {
            least.abs().max(1.0)
        };
        let step = step(spread / 4.0);
        Self {
            label: label.to_owned(),
            scale: Scale::Linear,
            least: (least / step).floor() * step,
            greatest: (greatest / step).ceil().max((least / step).floor() + 1.0) * step,
        }
    }

    /// The position of `value`, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.least) / (self.greatest - self.least),
            Scale::Logarithmic => {
                (value.max(self.least) / self.least).log10() / (self.greatest / self.least).log10()
            }
        };
        share.clamp(0.0, 1.0)
    }

    /// The values of the ticks.
    fn ticks(&self, about: f64) -> Vec<f64> {
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
                let step = step((self.greatest - self.least) / about);
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

/// The least round number that is not below `rough`.
fn step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.log10().floor());
    [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= rough)
        .unwrap_or(10.0 * power)
}

/// With at most three decimals, without trailing zeros.
fn trimmed(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A plot's frame: maps values to positions in the drawing.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) x: Axis,
    pub(super) y: Axis,
    size: Size,
}

impl Frame {
    /// As wide as the page.
    pub(super) fn whole(x: Axis, y: Axis) -> Self {
        Self { x, y, size: WHOLE }
    }

    /// One of two or three side by side.
    pub(super) fn half(x: Axis, y: Axis) -> Self {
        Self { x, y, size: HALF }
    }

    /// One of many side by side: without axis names, which are the same for all.
    pub(super) fn small(x: Axis, y: Axis) -> Self {
        Self { x, y, size: SMALL }
    }

    /// The area between the axes: left, top, right, bottom.
    pub(super) fn area(&self) -> [f64; 4] {
        let size = &self.size;
        [
            size.left,
            size.top,
            size.width - size.right,
            size.height - size.bottom,
        ]
    }

    pub(super) fn x_of(&self, value: f64) -> f64 {
        let size = &self.size;
        size.left + self.x.place(value) * (size.width - size.left - size.right)
    }

    pub(super) fn y_of(&self, value: f64) -> f64 {
        let size = &self.size;
        size.height - size.bottom - self.y.place(value) * (size.height - size.top - size.bottom)
    }

    /// The drawing with its axes and `marks`; `title` and `description` are for screen readers.
    pub(super) fn draw(&self, title: &str, description: &str, marks: &Markup) -> Markup {
        let Size {
            width, height, left, ..
        } = self.size;
        let (bottom, right) = (height - self.size.bottom, width - self.size.right);
        let class = match width {
            _ if self.is_small() => "plot small",
            _ if width < WHOLE.width => "plot half",
            _ => "plot",
        };
        html! {
            svg class=(class) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(format!("{title}. {description}")) {
                title { (title) }
                desc { (description) }
                g class="grid" {
                    @for tick in self.y.ticks(self.size.ticks) {
                        line x1=(left) x2=(right) y1=(at(self.y_of(tick))) y2=(at(self.y_of(tick))) {}
                    }
                }
                (self.labels())
                (marks)
                line class="axis" x1=(left) x2=(right) y1=(bottom) y2=(bottom) {}
            }
        }
    }

    fn is_small(&self) -> bool {
        self.size.width <= SMALL.width
    }

    /// The numbers along the axes, and the names of the axes.
    fn labels(&self) -> Markup {
        let Size {
            width,
            height,
            left,
            top,
            ticks,
            ..
        } = self.size;
        let (bottom, right) = (height - self.size.bottom, width - self.size.right);
        let along = self.x.ticks(ticks);
        // `time, µs`: the last word.
        let unit = self.x.label.rsplit(' ').next().unwrap_or_default();
        html! {
            g class="ticks" {
                @for tick in self.y.ticks(ticks) {
                    text x=(left - 6.0) y=(at(self.y_of(tick) + 4.0)) text-anchor="end" { (self.y.text(tick)) }
                }
                @for (place, &tick) in along.iter().enumerate() {
                    text x=(at(self.x_of(tick))) y=(bottom + 16.0) text-anchor="middle" {
                        (self.x.text(tick))
                        @if self.is_small() && place + 1 == along.len() { " " (unit) }
                    }
                }
                @if !self.is_small() {
                    text class="label" x=((left + right) / 2.0) y=(height - 6.0) text-anchor="middle" { (self.x.label) }
                    text class="label" transform=(format!("translate(13 {}) rotate(-90)", (top + bottom) / 2.0)) text-anchor="middle" {
                        (self.y.label)
                    }
                }
            }
        }
    }
}

/// A coordinate with as many digits as are visible.
pub(super) fn at(coordinate: f64) -> String {
    format!("{coordinate:.1}")
}

/// Points in SVG's format.
pub(super) fn points(points: impl Iterator<Item = (f64, f64)>) -> String {
    let points = points.map(|(x, y)| format!("{},{}", at(x), at(y)));
    points.collect::<Vec<_>>().join(" ")
}

/// The legend of a plot's colours, in order.
pub(super) fn legend(names: &[&str]) -> Markup {
    html! {
        ul class="legend" {
            @for (index, name) in names.iter().enumerate() {
                li { span class=(format!("swatch s{}", index % 8)) {} (name) }
            }
        }
    }
}

/// A figure: heading, drawing and caption.
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
