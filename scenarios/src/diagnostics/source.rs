//! A text that was read, with its name, and places in it.

use std::ops::Range;

/// The most bytes that are underlined.
const MAX_UNDERLINED: usize = 100;

/// A text that was read, and the name of the file it came from.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    text: String,
}

/// A place in a text.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The text, with the name of its file.
    pub source: &'a Source,
    /// The bytes that are wrong, within one line.
    pub span: Range<usize>,
    /// The line in which they begin, from 1.
    pub line: usize,
    /// The column at which they begin, in characters, from 1.
    pub column: usize,
}

impl<'a> Place<'a> {
    /// The name of the file.
    #[must_use]
    pub fn file(&self) -> &'a str {
        self.source.name()
    }

    /// The text that is wrong.
    #[must_use]
    pub fn text(&self) -> &'a str {
        &self.source.text()[self.span.clone()]
    }
}

impl Source {
    /// A text and the name that diagnostics give it.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
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

    /// The line and column of a range that [`Self::clip`] has made.
    pub(super) fn place(&self, span: Range<usize>) -> Place<'_> {
        let before = &self.text[..span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Place {
            source: self,
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span,
        }
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
    pub(super) fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
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
