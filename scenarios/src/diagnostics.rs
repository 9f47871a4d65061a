//! What is wrong with an input: the field, the place in the file, the offending text, and what would be accepted.
//!
//! [`Diagnostics`] are data: a program iterates over the [`Problem`]s and asks each for its [`path`](Problem::path),
//! [`message`](Problem::message), [`help`](Problem::help), [`severity`](Problem::severity) and
//! [`place`](Problem::place). [`Display`](fmt::Display) gives a line for each. The feature `render` adds
//! `Diagnostics::render`, the text for a terminal with the offending line underlined.

#[cfg(feature = "render")]
mod render;
mod ron_error;
mod source;
mod spans;
mod suggest;

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub(crate) use ron_error::ron_problem;
pub use source::{Place, Source};
pub use spans::MAX_NESTING;
pub(crate) use spans::{Located, Shape, locate, values};
pub(crate) use suggest::{did_you_mean, listed, nearest};

/// The most problems that are shown; a file that is not a scenario at all can have thousands.
pub const MAX_PROBLEMS: usize = 20;

/// What takes the place of a file's name if a program, not a file, has set a value.
pub const PROGRAM: &str = "<program>";

/// Whether a problem makes an input bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input is still good.
    Warning,
    /// The input is bad.
    Error,
}

/// One thing that is wrong, or worth a warning, and where.
#[derive(Clone, Debug)]
pub struct Problem {
    path: Option<Box<str>>,
    message: String,
    help: Option<Box<str>>,
    label: String,
    severity: Severity,
    origin: Origin,
}

/// Where the offending value was stated.
#[derive(Clone, Debug)]
enum Origin {
    /// Nothing states it, or it is a whole file that cannot be read.
    Unknown,
    /// A program.
    Program,
    /// A range of bytes of a text.
    Text(Arc<Source>, Range<usize>),
}

impl Problem {
    /// An error that has no place in any text: a file that cannot be read.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            path: None,
            message: shown(message.into()),
            help: None,
            label: "here".to_owned(),
            severity: Severity::Error,
            origin: Origin::Unknown,
        }
    }

    /// An error at a range of bytes of `source`.
    #[must_use]
    pub fn at(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> Self {
        let span = source.clip(span);
        Self {
            origin: Origin::Text(Arc::clone(source), span),
            ..Self::new(message)
        }
    }

    /// An error in the field `path`, which a program has set.
    pub(crate) fn in_program(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            origin: Origin::Program,
            ..Self::new(message)
        }
        .with_path(path)
    }

    /// An error at a line and column of `source`, both from 1.
    pub(crate) fn at_line(
        source: &Arc<Source>,
        line: usize,
        column: usize,
        message: impl Into<String>,
    ) -> Self {
        let offset = source.offset(line, column);
        Self::at(source, offset..offset + 1, message)
    }

    /// The same at its place in `source`, which begins at byte `offset` of the text in which the problem was found; at all of
    /// it if that is nowhere in it.
    pub(crate) fn moved_into(mut self, source: &Arc<Source>, offset: usize) -> Self {
        let length = source.text().len();
        let whole = 0..length;
        let span = match &self.origin {
            Origin::Text(_, span) if span.start >= offset && span.end <= offset + length => {
                span.start - offset..span.end - offset
            }
            _ => whole.clone(),
        };
        let span = if span.is_empty() { whole } else { span };
        self.origin = Origin::Text(Arc::clone(source), source.clip(span));
        self
    }

    /// The same with the path of the field that is wrong; an empty one stands for the whole.
    #[must_use]
    pub fn with_path(mut self, path: impl Into<String>) -> Self {
        let path = shown(path.into());
        self.path = (!path.is_empty()).then(|| path.into_boxed_str());
        self
    }

    /// The same with a word on what would be accepted.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        let help = shown(help.into());
        self.help = (!help.is_empty()).then(|| help.into_boxed_str());
        self
    }

    /// The same with this text at the underlined place.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = shown(label.into());
        self
    }

    /// The same as a warning, with which the input is still good.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether the input is still good.
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// Whether it makes the input bad.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// The path of the field that is wrong, such as `workload.transformer.layers[2].hidden`, within the file or the
    /// value that states it; `None` if it is the whole, or is not a field.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What is wrong, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What would be accepted.
    #[must_use]
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file that states the value, or [`PROGRAM`]; `None` if nothing states it.
    #[must_use]
    pub fn file(&self) -> Option<&str> {
        match &self.origin {
            Origin::Unknown => None,
            Origin::Program => Some(PROGRAM),
            Origin::Text(source, _) => Some(source.name()),
        }
    }

    /// The place in the file that states the value; `None` if a program has set it, or nothing states it.
    #[must_use]
    pub fn place(&self) -> Option<Place<'_>> {
        match &self.origin {
            Origin::Unknown | Origin::Program => None,
            Origin::Text(source, span) => Some(source.place(span.clone())),
        }
    }
}

/// A sentence as it may be shown: text of the user's in it is neither endless nor able to redraw the terminal.
fn shown(sentence: String) -> String {
    const LONGEST: usize = 600;
    let harmless = source::harmless(&sentence);
    if harmless.chars().count() <= LONGEST {
        return harmless;
    }
    harmless.chars().take(LONGEST).chain(['…']).collect()
}

/// `file:line:column: message (help)`, or `file: path: message (help)` if the place in the file is not known.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place() {
            Some(place) => write!(
                f,
                "{}:{}:{}: ",
                source::harmless(place.file()),
                place.line,
                place.column
            )?,
            None => {
                for part in self.file().into_iter().chain(self.path()) {
                    write!(f, "{part}: ")?;
                }
            }
        }
        if self.is_warning() {
            f.write_str("warning: ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

impl Error for Problem {}

/// Everything that is wrong with an input, in the order of its fields. At least one problem.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    problems: Vec<Problem>,
}

impl Diagnostics {
    /// The problems, in the order in which they are shown.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether there are no problems.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// Whether any of the problems makes the input bad.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| !problem.is_warning())
    }

    /// Adds a problem after the others.
    pub fn push(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Iterates over the problems, in the order in which they are shown.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl Extend<Problem> for Diagnostics {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        self.problems.extend(problems);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.problems.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<Problem> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self {
            problems: problems.into_iter().collect(),
        }
    }
}

/// A line for each problem, no more than [`MAX_PROBLEMS`] of them.
impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(MAX_PROBLEMS).enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        match self.problems.len().checked_sub(MAX_PROBLEMS) {
            Some(more @ 1..) => write!(f, "\nand {more} more"),
            _ => Ok(()),
        }
    }
}

impl Error for Diagnostics {}
