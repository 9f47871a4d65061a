//! Reading a value in its place in a file.

use std::ops::Range;
use std::sync::Arc;

use ron::error::SpannedError;
use serde::de::IgnoredAny;

use super::super::document::options;
use crate::diagnostics::{Problem, Source, ron_problem};
use crate::schema::ScenarioFile;

/// A file that states one field, without the value.
pub(super) struct Hole {
    before: String,
    after: String,
}

impl Hole {
    /// The value of `field`.
    pub(super) fn whole(field: &str) -> Self {
        let mut before = String::new();
        for name in field.split('.') {
            before.push_str(&format!("({name}: "));
        }
        let after = ")".repeat(field.split('.').count());
        Self { before, after }
    }

    /// What is at `bytes` of the `value` of `field`.
    pub(super) fn inside(field: &str, value: &str, bytes: Range<usize>) -> Self {
        let Self { before, after } = Self::whole(field);
        Self {
            before: before + &value[..bytes.start],
            after: format!("{}{after}", &value[bytes.end..]),
        }
    }

    /// A further field in the section at `bytes` of the `value` of `field`; `names` lead to it.
    pub(super) fn new_field(field: &str, value: &str, bytes: Range<usize>, names: &[String]) -> Self {
        let section = &value[bytes.clone()];
        let inside = section.trim_end_matches(')').trim_end_matches(',');
        let has_fields = section != "()";
        let (before, closing) = match names.split_first() {
            Some((name, [])) => (format!("{name}: "), String::new()),
            Some((name, rest)) => {
                let inner = Self::whole(&rest.join("."));
                (format!("{name}: {}", inner.before), inner.after)
            }
            None => (String::new(), String::new()),
        };
        let kept = &section[..section.len() - 1];
        let comma = if has_fields && !inside.is_empty() { "," } else { "" };
        let hole = Self::inside(field, value, bytes);
        Self {
            before: format!("{}{}{comma}{before}", hole.before, kept.trim_end_matches(',')),
            after: format!("{closing}){}", hole.after),
        }
    }

    /// The file with the value in `source`. A text may be written as a bare word, and a text where another file is expected
    /// stands for what it names.
    pub(super) fn read(&self, source: &Arc<Source>) -> Result<ScenarioFile, Problem> {
        let value = source.text();
        if value.trim().is_empty() {
            let problem = Problem::at(source, 0..value.len(), "there is no value");
            return Err(problem.with_help("`PATH=VALUE` is accepted; an empty text is `\"\"`"));
        }
        let whole = options().from_str::<IgnoredAny>(value);
        let plain = self.fill(value, source);
        let (wrong, is_plain) = match (plain, whole) {
            (Ok(file), Ok(IgnoredAny)) => return Ok(file),
            (_, Err(error)) if is_several(value, &error) => (several(source), false),
            (Ok(_), Err(error)) => (ron_problem(source, &error), false),
            (Err(problem), whole) => (problem, whole.is_ok()),
        };
        let Some(text) = text(value) else {
            return Err(wrong);
        };
        let mut quoted_wrong = None;
        for reading in readings(&text) {
            match self.fill(&reading, source) {
                Ok(file) => return Ok(file),
                Err(problem) => quoted_wrong = quoted_wrong.or(Some(problem)),
            }
        }
        // What is said of the word as it is written names what is accepted.
        Err(match quoted_wrong {
            Some(problem) if !is_plain && !starts_as_number(value) => problem,
            _ => wrong,
        })
    }

    /// The file with `reading`, which stands for all of `source`.
    fn fill(&self, reading: &str, source: &Arc<Source>) -> Result<ScenarioFile, Problem> {
        // A value may end in a comment.
        let line = if reading.contains("//") { "\n" } else { "" };
        let text = format!("{}{reading}{line}{}", self.before, self.after);
        options().from_str(&text).map_err(|error| {
            let file = Arc::new(Source::new(source.name(), text.as_str()));
            ron_problem(&file, &error).moved_into(source, self.before.len())
        })
    }
}

/// Whether there is more behind the first value.
fn is_several(value: &str, error: &SpannedError) -> bool {
    let is_word = !value.trim().contains([' ', ',', ')', ']', '}']);
    matches!(error.code, ron::Error::TrailingCharacters) && !is_word
}

fn several(source: &Arc<Source>) -> Problem {
    Problem::at(source, 0..source.text().len(), "this is not one value").with_help(
        "one value in RON is accepted, such as `4`, `[1, 2]`, `(x: 8)` or \"a text\"; a number carries no unit",
    )
}

/// The text that `value` is, in quotes or as a bare word.
fn text(value: &str) -> Option<String> {
    if let Ok(text) = options().from_str::<String>(value) {
        return Some(text);
    }
    let bare = value.trim();
    (!bare.contains(['"', '(', ')', '[', ']', '{', '}', ','])).then(|| bare.to_owned())
}

/// What a text can stand for, in RON.
fn readings(text: &str) -> Vec<String> {
    const FILES: [&str; 5] = [".ron", ".json", ".yaml", ".npz", ".safetensors"];
    let variants: &[&str] = match FILES.iter().any(|ending| text.ends_with(ending)) {
        true => &["File", "Dictionary"],
        false => &["Preset"],
    };
    let plain = format!("{text:?}");
    let named = variants.iter().map(|variant| format!("{variant}({text:?})"));
    std::iter::once(plain).chain(named).collect()
}

fn starts_as_number(value: &str) -> bool {
    let value = value.trim_start();
    value.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'))
}
