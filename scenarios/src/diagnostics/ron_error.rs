//! From an error of the RON reader to a problem that a user understands.

use std::ops::Range;
use std::sync::Arc;

use ron::error::{Error, SpannedError};

use super::spans::{unclosed, value_at};
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
            Error::NoSuchStructField { expected, found, .. } => self.unknown("field", found, expected),
            Error::NoSuchEnumVariant { expected, found, .. } => self.unknown("word", found, expected),
            Error::MissingStructField { field, .. } => self.missing(field),
            Error::DuplicateStructField { field, .. } => {
                self.at_word(field, format!("`{field}` is stated twice{}", self.within()))
            }
            Error::InvalidValueForType { expected, .. } => self.wrong_value(expected),
            Error::IntegerOutOfBounds => self.at_value(format!("`{}` is out of range", self.value_text())),
            Error::ExceededRecursionLimit => self.at_value("this is nested too deeply".to_owned()),
            Error::Message(message) => self.at_value(message.clone()),
            Error::ExpectedDifferentStructName { .. }
            | Error::ExpectedNamedStructLike(_)
            | Error::ExpectedStructLike => self.wrong_value("a section in parentheses, `(field: value, ..)`"),
            Error::ExpectedArray => self.wrong_value("a list in brackets, `[.., ..]`"),
            Error::ExpectedString => self.wrong_value("a text in double quotes"),
            Error::ExpectedBoolean => self.wrong_value("`true` or `false`"),
            Error::ExpectedInteger => self.wrong_value("a whole number"),
            Error::ExpectedFloat => self.wrong_value("a number"),
            Error::ExpectedDifferentLength { expected, .. } => self.wrong_value(expected),
            Error::Eof | Error::ExpectedStringEnd | Error::UnclosedBlockComment => self.ends_early(code),
            Error::ExpectedComma
            | Error::ExpectedStructLikeEnd
            | Error::ExpectedArrayEnd
            | Error::ExpectedMapEnd => self.unexpected_text(code),
            Error::TrailingCharacters => self
                .at_word(
                    "",
                    "there is more text after the end of the outermost parentheses".to_owned(),
                )
                .with_help("a file holds one value"),
            _ => self.at_word("", lower(&code.to_string())),
        }
    }

    fn text(&self) -> &str {
        self.source.text()
    }

    /// The innermost value at the place, and its path.
    fn value(&self) -> (String, Range<usize>) {
        value_at(self.text(), self.start).unwrap_or_else(|| (String::new(), self.start..self.end))
    }

    fn value_text(&self) -> String {
        let span = self.source.clip(self.value().1);
        self.text()[span].to_owned()
    }

    /// " in `accelerator.tile`", the section in which the place is.
    fn within(&self) -> String {
        let (path, value) = self.value();
        let bracket = self.text()[value.clone()].contains(['(', '[', '{']);
        let section = if bracket {
            path.as_str()
        } else {
            path.rsplit_once(['.', '[']).map_or("", |(outer, _)| outer)
        };
        if section.is_empty() {
            String::new()
        } else {
            format!(" in `{section}`")
        }
    }

    fn at_value(&self, message: String) -> Problem {
        Problem::at(self.source, self.value().1, message)
    }

    /// The word that ends where RON stopped, or the one that begins there.
    fn at_word(&self, word: &str, message: String) -> Problem {
        let span = match self.text()[..self.end].rfind(word) {
            Some(start) if !word.is_empty() && start + word.len() + 2 >= self.start => {
                start..start + word.len()
            }
            _ => self.start..self.end.max(self.start + 1),
        };
        Problem::at(self.source, span, message)
    }

    fn unknown(&self, what: &str, found: &str, accepted: &[&'static str]) -> Problem {
        let guess = did_you_mean(found, accepted.iter().copied());
        let guess = guess
            .map(|guess| format!("did you mean `{guess}`? "))
            .unwrap_or_default();
        self.at_word(found, format!("there is no {what} `{found}`{}", self.within()))
            .with_help(format!(
                "{guess}{} can stand here",
                listed(accepted.iter().copied())
            ))
            .with_label("not known")
    }

    fn missing(&self, field: &str) -> Problem {
        let (path, value) = self.value();
        let name = if path.is_empty() {
            String::new()
        } else {
            format!(" in `{path}`")
        };
        Problem::at(self.source, value, format!("`{field}` is missing{name}"))
            .with_help(format!("state `{field}: ..` between these brackets"))
    }

    fn wrong_value(&self, expected: &str) -> Problem {
        let (path, span) = self.value();
        let found = self.source.clip(span.clone());
        let field = if path.is_empty() {
            "the file".to_owned()
        } else {
            format!("`{path}`")
        };
        let found = &self.text()[found];
        let found = if found.is_empty() { "nothing" } else { found };
        let expected = expected.replace("File", "");
        Problem::at(self.source, span, format!("{field} cannot be {found}"))
            .with_help(format!("{} is accepted", article(&expected)))
    }

    fn ends_early(&self, code: &Error) -> Problem {
        match unclosed(self.text()) {
            Some(open) => Problem::at(
                self.source,
                open..open + 1,
                "this bracket is never closed".to_owned(),
            )
            .with_label("opened here"),
            None => self.at_word("", lower(&code.to_string())),
        }
    }

    fn unexpected_text(&self, code: &Error) -> Problem {
        let (path, span) = self.value();
        let value = &self.text()[span.clone()];
        let number = value.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
        let inside = span.start < self.start && self.start < span.end;
        let name = path.rsplit('.').next().unwrap_or_default();
        if !(number && inside) {
            return match unclosed(self.text()) {
                Some(open) if self.start >= self.text().trim_end().len() => {
                    Problem::at(self.source, open..open + 1, "this bracket is never closed".to_owned())
                        .with_label("opened here")
                }
                _ => self
                    .at_word("", format!("{} here", lower(&code.to_string())))
                    .with_help("fields and elements are separated by commas; brackets are closed in the order opened"),
            };
        }
        if value.parse::<f64>().is_ok() {
            return Problem::at(
                self.source,
                span,
                format!("`{name}` is a whole number, not {value}"),
            )
            .with_help("write it without a fraction or an exponent");
        }
        Problem::at(self.source, span, format!("`{value}` is no number"))
            .with_help("a number carries no unit: the unit is in the name or the description of the field")
    }
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
