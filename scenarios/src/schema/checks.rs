//! Collects the problems with the values of a scenario.

use crate::diagnostics::MAX_PROBLEMS;

/// A problem with a value, located by the path of its field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) path: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) warning: bool,
    /// Other fields that take part: the problem is said of the first that a program has set, if the field itself is not.
    pub(crate) involved: &'static [&'static str],
}

/// Collects problems with the values of a scenario, and tracks the path of the field being checked.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    path: String,
    involved: &'static [&'static str],
    findings: Vec<Finding>,
    errors: usize,
}

impl Checks {
    /// Calls `look` with the path extended by `field`.
    pub(crate) fn within<R>(&mut self, field: &str, look: impl FnOnce(&mut Self) -> R) -> R {
        let outer = self.path.len();
        if outer > 0 && !field.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(field);
        let result = look(self);
        self.path.truncate(outer);
        result
    }

    /// Calls `look` with the path extended by the index of an element.
    pub(crate) fn element<R>(&mut self, index: usize, look: impl FnOnce(&mut Self) -> R) -> R {
        self.within(&format!("[{index}]"), look)
    }

    /// Calls `look` with these other fields taking part in what is found.
    pub(crate) fn involving(&mut self, fields: &'static [&'static str], look: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.involved, fields);
        look(self);
        self.involved = outer;
    }

    /// The path of the field being checked.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// An impossible value at the current path.
    pub(crate) fn wrong(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.add(message.into(), help.into(), false);
    }

    /// A warning about the value at the current path.
    pub(crate) fn warn(&mut self, message: impl Into<String>, help: impl Into<String>) {
        self.add(message.into(), help.into(), true);
    }

    fn add(&mut self, message: String, help: String, warning: bool) {
        self.errors += usize::from(!warning);
        if self.findings.len() > MAX_PROBLEMS {
            return;
        }
        self.findings.push(Finding {
            path: self.path.clone(),
            message,
            help,
            warning,
            involved: self.involved,
        });
    }

    /// How many impossible values have been found so far.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    /// The findings, in the order of the fields, no more than can be shown.
    pub(crate) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    /// What messages call the field being checked: its path, or the end of a long one.
    pub(super) fn field(&self) -> &str {
        let last = self.path.rfind('.').map_or(0, |dot| dot + 1);
        if self.path.contains('[') {
            &self.path[last..]
        } else {
            &self.path
        }
    }
}
