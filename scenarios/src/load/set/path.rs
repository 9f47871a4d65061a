//! The path of a field, as a user types it.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Problem, Source};
use crate::setting::Setting;

/// A path in the form in which problems and places have it: `workload.transformer.layers[0].hidden`.
pub(super) struct Path(String);

const EXAMPLES: &str = "names with dots between them are accepted, and numbers of items in brackets, from 0: \
                        `accelerator.buffers.weight_mb`, `workload.transformer.layers[0].hidden`";

impl Path {
    /// Reads the path of `setting`; numbers of items may also stand between dots.
    pub(super) fn parse(setting: &Setting) -> Result<Self, Diagnostics> {
        let text = setting.path();
        let wrong = || problem_at(setting, "this is not the path of a field", EXAMPLES);
        let mut path = String::new();
        for step in text.split('.') {
            let (name, items) = step.split_at(step.find('[').unwrap_or(step.len()));
            if is_number(name) && items.is_empty() && !path.is_empty() {
                path.push_str(&format!("[{name}]"));
                continue;
            }
            if !is_name(name) {
                return Err(wrong().into());
            }
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(name);
            for item in items.split_inclusive(']') {
                let number = item.strip_prefix('[').and_then(|item| item.strip_suffix(']'));
                if !number.is_some_and(is_number) {
                    return Err(wrong().into());
                }
                path.push_str(item);
            }
        }
        Ok(Self(path))
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Where each step of the path ends.
    pub(super) fn ends(&self) -> impl Iterator<Item = usize> {
        let path = &self.0;
        let inner = path.match_indices(['.', '[']).map(|(at, _)| at);
        inner.chain([path.len()])
    }

    /// A problem with the path of `setting` itself.
    pub(super) fn problem(&self, setting: &Setting, message: &str, help: &str) -> Problem {
        problem_at(setting, message, help)
    }

    /// The names behind the first `steps` steps of `path`.
    pub(super) fn behind(path: &str, steps: usize) -> Vec<String> {
        let names = path.split(['.', '[']).filter(|name| !name.is_empty());
        names.skip(steps).map(str::to_owned).collect()
    }
}

fn problem_at(setting: &Setting, message: &str, help: &str) -> Problem {
    let path = setting.path();
    let source = Arc::new(Source::new(setting.place(), path));
    Problem::at(&source, 0..path.len(), message)
        .with_help(help)
        .with_label("not known")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.len() < 10 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_name(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
