//! What is wrong with an input: the file, the place in it, the offending text, and what would be accepted.

mod ron_error;
mod source;
mod spans;
mod suggest;

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode};

pub(crate) use ron_error::ron_problem;
pub use source::Source;
pub(crate) use spans::{Located, Shape, locate};
pub(crate) use suggest::{did_you_mean, listed};

/// The most problems that are shown; a file that is not a scenario at all can have thousands.
pub const MAX_PROBLEMS: usize = 20;

/// One thing that is wrong, or worth a warning, and where.
#[derive(Clone, Debug)]
pub struct Problem {
    message: String,
    help: Option<String>,
    label: String,
    severity: Severity,
    place: Option<(Arc<Source>, Range<usize>)>,
}

impl Problem {
    /// An error that has no place in any text: a file that cannot be read.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: shown(message.into()),
            help: None,
            label: "here".to_owned(),
            severity: Severity::Error,
            place: None,
        }
    }

    /// An error at a range of bytes of `source`.
    #[must_use]
    pub fn at(source: &Arc<Source>, span: Range<usize>, message: impl Into<String>) -> Self {
        let span = source.clip(span);
        Self {
            place: Some((Arc::clone(source), span)),
            ..Self::new(message)
        }
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

    /// The same with a word on what would be accepted.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        let help = shown(help.into());
        self.help = (!help.is_empty()).then_some(help);
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

    /// The file and the range of bytes in it.
    #[must_use]
    pub fn place(&self) -> Option<(&Source, Range<usize>)> {
        self.place
            .as_ref()
            .map(|(source, span)| (source.as_ref(), span.clone()))
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Problem {}

impl Diagnostic for Problem {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.help.as_deref()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        let (source, _) = self.place.as_ref()?;
        Some(source.as_ref())
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.place.as_ref()?;
        let label = LabeledSpan::new(Some(self.label.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

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

    /// Whether there is nothing to say.
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

    /// The text for a terminal: every problem with its file, line, column and the text underlined, in colours and with
    /// line-drawing characters.
    #[must_use]
    pub fn render_in_colour(&self) -> String {
        self.render_with(GraphicalTheme::unicode())
    }

    /// The text for a file or a pipe: as [`Self::render_in_colour`], without the colours.
    #[must_use]
    pub fn render(&self) -> String {
        self.render_with(GraphicalTheme::unicode_nocolor())
    }

    fn render_with(&self, theme: GraphicalTheme) -> String {
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_context_lines(1)
            .with_links(false);
        let mut text = String::new();
        for problem in self.problems.iter().take(MAX_PROBLEMS) {
            if handler.render_report(&mut text, problem).is_err() {
                text.push_str(&problem.message);
            }
            text.push('\n');
        }
        if let Some(more @ 1..) = self.problems.len().checked_sub(MAX_PROBLEMS) {
            text.push_str(&format!("and {more} more\n"));
        }
        text
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

impl FromIterator<Problem> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Problem>>(problems: I) -> Self {
        Self {
            problems: problems.into_iter().collect(),
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().take(MAX_PROBLEMS).enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl Error for Diagnostics {}
