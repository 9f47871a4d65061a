//! From an error of the RON reader to a problem that a user understands.

use std::ops::Range;
use std::sync::Arc;

use ron::error::{Error, SpannedError};

use super::spans::{section_at, unclosed, value_at};
use super::{Problem, Source, did_you_mean, listed};

/// The problem that made RON give up on `source`.
pub(crate) fn ron_problem(source: &Arc<Source>, error: &SpannedError) -> Problem {
    let start = source.offset(error.span.start.line, error.span.start.col);
    let end = source.offset(error.span.end.line, error.span.end.col).max(start);
    Offence { source, start, end }.explain(&error.code)
}

/// The place where RON gave up.
struct Offence<'a> {
    source: &'a Arc<Source>,
    start: usize,
    end: usize,
}

impl Offence<'_> {
    fn explain(&self, code: &Error) -> Problem {
        match code {
            Error::NoSuchStructField { expected, found, .. } => self.unknown_field(found, expected),
            Error::NoSuchEnumVariant { expected, found, .. } => self.unknown_word(found, expected),
            Error::MissingStructField { field, .. } => self.missing(field),
            Error::DuplicateStructField { field, .. } => self.twice(field),
            Error::InvalidValueForType { expected, .. } => self.wrong_value(expected),
            Error::IntegerOutOfBounds => self.at_value(format!("`{}` is out of range", self.value_text())),
            Error::ExceededRecursionLimit => self.at_value("this is nested too deeply".to_owned()),
            Error::Message(message) => self.at_value(message.clone()),
            Error::ExpectedDifferentStructName { .. }
            | Error::ExpectedNamedStructLike(_)
            | Error::ExpectedStructLike => {
                self.wrong_value("a section in parentheses, `(field: value, ..)`,")
            }
            Error::ExpectedArray => self.wrong_value("a list in brackets, `[.., ..]`,"),
            Error::ExpectedString => self.wrong_value("a text in double quotes"),
            Error::ExpectedBoolean => self.wrong_value("`true` or `false`"),
            Error::ExpectedInteger => self.wrong_value("a whole number"),
            Error::ExpectedFloat => self.wrong_value("a number"),
            Error::ExpectedStringEnd => self.at_value("this text is never closed".to_owned()),
            Error::UnclosedBlockComment => self.at_word("/*", "this comment is never closed".to_owned()),
            Error::ExpectedComma
            | Error::ExpectedStructLikeEnd
            | Error::ExpectedArrayEnd
            | Error::ExpectedMapEnd
            | Error::Eof => self.unexpected_text(),
            Error::TrailingCharacters => self
                .at_word("", "there is more text after the end".to_owned())
                .with_help("a file holds one value in parentheses and nothing behind it"),
            _ => self
                .at_word("", lower(&code.to_string()))
                .with_help("the file has to be RON: fields in parentheses, `(field: value, ..)`"),
        }
    }

    fn text(&self) -> &str {
        self.source.text()
    }

    /// The innermost value at the place, and its path.
    fn value(&self) -> (String, Range<usize>) {
        value_at(self.text(), self.end).unwrap_or_else(|| (String::new(), self.start..self.end))
    }

    fn value_text(&self) -> String {
        let span = self.source.clip(self.value().1);
        self.text()[span].to_owned()
    }

    fn at_value(&self, message: String) -> Problem {
        let (path, span) = self.value();
        Problem::at(self.source, span, message).with_path(path)
    }

    /// The word that ends where RON stopped, or the characters there.
    fn at_word(&self, word: &str, message: String) -> Problem {
        let span = match self.text()[..self.end].rfind(word) {
            Some(start) if !word.is_empty() && start + word.len() + 2 >= self.start => {
                start..start + word.len()
            }
            _ => self.start..self.end.max(self.start + 1),
        };
        Problem::at(self.source, span, message)
    }

    fn unknown_field(&self, found: &str, accepted: &[&'static str]) -> Problem {
        let (path, _) = self.value();
        let (message, help) = (
            format!("there is no field `{found}`{}", within(&path)),
            choices(found, accepted),
        );
        let help = match self.forgotten_bracket() {
            Some(line) => format!("{help}; or is the bracket opened in line {line} not closed in time?"),
            None => help,
        };
        self.at_word(found, message)
            .with_path(path)
            .with_help(help)
            .with_label("not known")
    }

    fn unknown_word(&self, found: &str, accepted: &[&'static str]) -> Problem {
        let (path, _) = self.value();
        self.at_word(found, format!("{} cannot be `{found}`", named(&path)))
            .with_path(path)
            .with_help(choices(found, accepted))
            .with_label("not known")
    }

    fn twice(&self, field: &str) -> Problem {
        let (path, _) = self.value();
        self.at_word(field, format!("`{field}` is stated twice{}", within(&path)))
            .with_path(path)
            .with_help("leave one of them")
    }

    fn missing(&self, field: &str) -> Problem {
        let section = section_at(self.text(), self.end);
        let (path, span) = section.unwrap_or_else(|| self.value());
        Problem::at(
            self.source,
            span,
            format!("`{field}` is missing{}", within(&path)),
        )
        .with_path(path)
        .with_help(format!("state `{field}: ..` between these brackets"))
    }

    fn wrong_value(&self, expected: &str) -> Problem {
        let (path, span) = self.value();
        if self.text().trim().is_empty() {
            return Problem::at(self.source, span, "the file is empty")
                .with_help("the smallest file is `()`");
        }
        let found = self.value_text();
        Problem::at(self.source, span, format!("{} cannot be `{found}`", named(&path)))
            .with_path(path)
            .with_help(format!("{} is accepted", article(expected)))
    }

    /// A value that goes on where a comma or a bracket was expected.
    fn unexpected_text(&self) -> Problem {
        let (path, span) = self.value();
        let value = self.value_text();
        let number = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        if number && span.start < self.end && self.end < span.end {
            return if value.parse::<f64>().is_ok() {
                Problem::at(
                    self.source,
                    span,
                    format!("{} is a whole number, not {value}", named(&path)),
                )
                .with_help("write it without a fraction or an exponent")
            } else {
                Problem::at(self.source, span, format!("`{value}` is not a number")).with_help(
                    "a number carries no unit: the unit is in the name or the description of the field",
                )
            };
        }
        match unclosed(self.text()) {
            Some(open) if self.end >= self.text().trim_end().len() => {
                Problem::at(self.source, open..open + 1, "this bracket is never closed")
                    .with_label("opened here")
            }
            _ => self
                .at_word(
                    "",
                    "a comma or a closing bracket is missing before this".to_owned(),
                )
                .with_help(
                    "fields and elements are separated by commas; brackets are closed in the order opened",
                ),
        }
    }

    /// The line in which the brackets around the place open, if not all brackets of the file are closed.
    fn forgotten_bracket(&self) -> Option<usize> {
        unclosed(self.text())?;
        let (_, section) = section_at(self.text(), self.end)?;
        Some(self.text()[..=section.start].lines().count())
    }
}

fn within(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!(" in `{path}`")
    }
}

fn named(path: &str) -> String {
    if path.is_empty() {
        "the file".to_owned()
    } else {
        format!("`{path}`")
    }
}

fn choices(found: &str, accepted: &[&'static str]) -> String {
    let guess = did_you_mean(found, accepted.iter().copied());
    let guess = guess
        .map(|guess| format!("did you mean `{guess}`? "))
        .unwrap_or_default();
    format!("{guess}accepted: {}", listed(accepted.iter().copied()))
}

/// "a number" for "number"; phrases and words in quotes stay as they are.
fn article(expected: &str) -> String {
    let phrase =
        expected.starts_with(['`', '"']) || expected.starts_with("a ") || expected.starts_with("an ");
    if phrase {
        expected.to_owned()
    } else {
        format!("a value of the kind `{expected}`")
    }
}

/// RON's own words, to be continued or read after the file's name.
fn lower(sentence: &str) -> String {
    let mut characters = sentence.chars();
    let first = characters
        .next()
        .map(|c| c.to_lowercase().to_string())
        .unwrap_or_default();
    first + characters.as_str()
}
