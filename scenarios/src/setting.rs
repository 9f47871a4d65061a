//! A value for one field, by the field's path: `accelerator.buffers.weight_mb=4`.

use std::sync::Arc;

use crate::diagnostics::{Diagnostics, Problem, Source};

/// A value for one field, which [`Loaded::set`](crate::Loaded::set) lays over a scenario.
///
/// ```
/// use scenarios::Setting;
/// let setting = Setting::parse("accelerator.buffers.weight_mb=4")?;
/// assert_eq!(setting, Setting::new("accelerator.buffers.weight_mb", "4"));
/// # Ok::<(), scenarios::Diagnostics>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    path: String,
    value: String,
    stated_in: Option<String>,
}

impl Setting {
    /// The field at `path` with the value that is written `value`: RON, and a bare word is a text.
    #[must_use]
    pub fn new(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            value: value.into(),
            stated_in: None,
        }
    }

    /// Reads `PATH=VALUE`.
    ///
    /// # Errors
    /// There is no `=`.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        match text.split_once('=') {
            Some((path, value)) => Ok(Self::new(path.trim(), value)),
            None => {
                let source = Arc::new(Source::new("--set", text));
                let problem = Problem::at(&source, 0..text.len(), "there is no `=` in this");
                let help = "a field and its value are accepted, such as `workload.batch=8`";
                Err(problem.with_help(help).into())
            }
        }
    }

    /// The same, stated in what problems call `place`, in place of `--set PATH`.
    #[must_use]
    pub fn stated_in(mut self, place: impl Into<String>) -> Self {
        self.stated_in = Some(place.into());
        self
    }

    /// The path of the field.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value as it is written.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What problems with it call the place in which it is stated.
    pub(crate) fn place(&self) -> String {
        let place = self.stated_in.clone();
        place.unwrap_or_else(|| format!("--set {}", self.path))
    }
}
