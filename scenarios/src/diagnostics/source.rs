//! A text that was read, with its name, as the renderer wants to see it.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// Bytes of context on either side of a place in a line too long to show.
const CONTEXT_BYTES: usize = 72;
/// The most bytes that are underlined.
const MAX_UNDERLINED: usize = 100;

/// A text that was read, and the name of the file it came from.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
    /// The text without control characters, which could redraw the terminal. Same bytes, same offsets.
    shown: String,
}

impl Source {
    /// A text and the name that diagnostics give it.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let shown = harmless(&text);
        Self {
            name: name.into(),
            text,
            shown,
        }
    }

    /// The name of the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The part of a range that can be underlined: within its first line, and not too long.
    pub(super) fn clip(&self, span: Range<usize>) -> Range<usize> {
        let start = self.floor(span.start);
        let end = self.floor(span.end.max(start));
        let line = self.text[start..end]
            .find(['\n', '\r'])
            .map_or(end, |length| start + length);
        start..self.floor(line.min(start + MAX_UNDERLINED))
    }

    /// The byte offset of a line and column, both from 1, the column in characters.
    pub(super) fn offset(&self, line: usize, column: usize) -> usize {
        let before: usize = self
            .text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let rest = &self.text[before..];
        let within = rest.char_indices().nth(column.saturating_sub(1));
        before + within.map_or(rest.len(), |(offset, _)| offset)
    }

    /// The start of the character that `offset` is in, or the end of the text.
    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    /// The bytes of the text, and the lines before them.
    fn contents(&self, bytes: Range<usize>, column: usize) -> MietteSpanContents<'_> {
        let text = self.shown.as_bytes();
        let newlines = |text: &[u8]| text.iter().filter(|&&byte| byte == b'\n').count();
        MietteSpanContents::new_named(
            self.name.clone(),
            &text[bytes.clone()],
            (bytes.start, bytes.len()).into(),
            newlines(&text[..bytes.start]),
            column,
            newlines(text),
        )
    }

    /// Just the place itself; its column is counted in characters.
    fn spot(&self, span: &SourceSpan) -> MietteSpanContents<'_> {
        let start = self.floor(span.offset());
        let end = self.floor(span.offset() + span.len());
        let column = self.shown[self.line_start(start)..start].chars().count();
        self.contents(start..end, column)
    }

    /// The surroundings of a place in a line that is too long to be shown whole.
    fn excerpt(&self, span: &SourceSpan) -> MietteSpanContents<'_> {
        let first = self.floor(span.offset());
        let last = self.floor(span.offset() + span.len());
        let line_start = self.line_start(first);
        let line_end = self.shown[last..]
            .find('\n')
            .map_or(self.shown.len(), |length| last + length);
        let start = self.floor(first.saturating_sub(CONTEXT_BYTES)).max(line_start);
        let end = self.floor(last + CONTEXT_BYTES).min(line_end);
        self.contents(start..end, start - line_start)
    }

    /// The bytes of the lines of a place, and of so many before and after it.
    fn lines(&self, span: &SourceSpan, before: usize, after: usize) -> Range<usize> {
        let mut start = self.line_start(self.floor(span.offset()));
        for _ in 0..before {
            start = self.line_start(start.saturating_sub(1));
        }
        let mut end = self.line_end(self.floor(span.offset() + span.len()));
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

/// `text` with every control character that is not a line break or a tab replaced by a question mark.
pub(super) fn harmless(text: &str) -> String {
    let mut characters = text.chars().peekable();
    let mut shown = String::with_capacity(text.len());
    while let Some(c) = characters.next() {
        let kept = match c {
            '\n' | '\t' => true,
            '\r' => characters.peek() == Some(&'\n'),
            c => !c.is_ascii_control(),
        };
        shown.push(if kept { c } else { '?' });
    }
    shown
}

impl SourceCode for Source {
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
