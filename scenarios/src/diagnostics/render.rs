//! The text for a terminal: each problem with its line, the offending text underlined.

use std::error::Error;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::source::{Source, harmless};
use super::{Diagnostics, MAX_PROBLEMS, Origin, Problem, Severity};

/// Bytes of context on either side of a place in a line too long to show.
const CONTEXT_BYTES: usize = 72;

impl Diagnostics {
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
        let mut sources: Vec<(&Arc<Source>, Arc<str>)> = Vec::new();
        for problem in self.iter().take(MAX_PROBLEMS) {
            if handler
                .render_report(&mut text, &Shown::new(problem, &mut sources))
                .is_err()
            {
                text.push_str(problem.message());
            }
            text.push('\n');
        }
        if let Some(more @ 1..) = self.problems.len().checked_sub(MAX_PROBLEMS) {
            text.push_str(&format!("and {more} more\n"));
        }
        text
    }
}

/// A problem as the renderer takes it.
#[derive(Debug)]
struct Shown<'a> {
    problem: &'a Problem,
    text: Option<ShownText<'a>>,
}

impl<'a> Shown<'a> {
    /// `known` are the texts that were made harmless before: many problems are in one large file.
    fn new(problem: &'a Problem, known: &mut Vec<(&'a Arc<Source>, Arc<str>)>) -> Self {
        let Origin::Text(source, _) = &problem.origin else {
            return Self { problem, text: None };
        };
        let same = known.iter().find(|(other, _)| Arc::ptr_eq(other, source));
        let shown = same.map(|(_, shown)| Arc::clone(shown)).unwrap_or_else(|| {
            let shown: Arc<str> = harmless(source.text()).into();
            known.push((source, Arc::clone(&shown)));
            shown
        });
        Self {
            problem,
            text: Some(ShownText { source, shown }),
        }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    /// The field, where neither a place nor the message shows it.
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let path = self.problem.path()?;
        let is_shown = self.text.is_some() || self.problem.message.contains(path);
        (!is_shown).then(|| Box::new(path) as _)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        let help = self.problem.help()?;
        Some(Box::new(help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.text.as_ref().map(|text| text as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let Origin::Text(_, span) = &self.problem.origin else {
            return None;
        };
        let label = LabeledSpan::new(Some(self.problem.label.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// A text without control characters, which could redraw the terminal.
#[derive(Debug)]
struct ShownText<'a> {
    source: &'a Source,
    /// Same bytes, same offsets as the text of the source.
    shown: Arc<str>,
}

impl ShownText<'_> {
    /// The bytes of the text, and the lines before them.
    fn contents(&self, bytes: Range<usize>, column: usize) -> MietteSpanContents<'_> {
        let text = self.shown.as_bytes();
        let newlines = |text: &[u8]| text.iter().filter(|&&byte| byte == b'\n').count();
        MietteSpanContents::new_named(
            self.source.name().to_owned(),
            &text[bytes.clone()],
            (bytes.start, bytes.len()).into(),
            newlines(&text[..bytes.start]),
            column,
            newlines(text),
        )
    }

    /// Just the place itself; its column is counted in characters.
    fn spot(&self, span: &SourceSpan) -> MietteSpanContents<'_> {
        let start = self.source.floor(span.offset());
        let end = self.source.floor(span.offset() + span.len());
        let column = self.shown[self.line_start(start)..start].chars().count();
        self.contents(start..end, column)
    }

    /// The surroundings of a place in a line that is too long to be shown whole.
    fn excerpt(&self, span: &SourceSpan) -> MietteSpanContents<'_> {
        let first = self.source.floor(span.offset());
        let last = self.source.floor(span.offset() + span.len());
        let line_start = self.line_start(first);
        let line_end = self.shown[last..]
            .find('\n')
            .map_or(self.shown.len(), |length| last + length);
        let start = self
            .source
            .floor(first.saturating_sub(CONTEXT_BYTES))
            .max(line_start);
        let end = self.source.floor(last + CONTEXT_BYTES).min(line_end);
        self.contents(start..end, start - line_start)
    }

    /// The bytes of the lines of a place, and of so many before and after it.
    fn lines(&self, span: &SourceSpan, before: usize, after: usize) -> Range<usize> {
        let mut start = self.line_start(self.source.floor(span.offset()));
        for _ in 0..before {
            start = self.line_start(start.saturating_sub(1));
        }
        let mut end = self.line_end(self.source.floor(span.offset() + span.len()));
        for _ in 0..after {
            end = self.line_end((end + 1).min(self.shown.len()));
        }
        start..end
    }

    fn line_end(&self, offset: usize) -> usize {
        self.shown[offset..]
            .find('\n')
            .map_or(self.shown.len(), |length| offset + length)
    }

    fn line_start(&self, offset: usize) -> usize {
        self.shown[..offset].rfind('\n').map_or(0, |newline| newline + 1)
    }
}

impl SourceCode for ShownText<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        if lines_before == 0 {
            return Ok(Box::new(self.spot(span)));
        }
        let lines = self.lines(span, lines_before, lines_after);
        let too_long = self.shown[lines.clone()]
            .lines()
            .any(|line| line.len() > 4 * CONTEXT_BYTES);
        Ok(Box::new(if too_long {
            self.excerpt(span)
        } else {
            self.contents(lines, 0)
        }))
    }
}
