//! One RON file as a typed value, with its text.

use std::path::Path;
use std::sync::Arc;

use ron::Options;
use ron::extensions::Extensions;
use serde::de::DeserializeOwned;

use super::library::{self, Shelf};
use super::place::{self, Place, Resolver};
use super::{layers, state};
use crate::diagnostics::{Diagnostics, MAX_NESTING, Problem, Source, locate, ron_problem};
use crate::schema::Finding;

/// How all RON files are read: `Some(x)` and newtypes may be written as the value alone.
pub(super) fn options() -> Options {
    Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME)
        .with_default_extension(Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES)
        .with_recursion_limit(MAX_NESTING)
}

/// A RON file that was read as a `T`, with its text, so that later stages can point into it.
#[derive(Clone, Debug)]
pub struct Document<T> {
    /// What the file holds.
    pub value: T,
    source: Arc<Source>,
}

impl<T: DeserializeOwned> Document<T> {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or is not a `T`.
    pub fn load(path: impl AsRef<Path>, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        Self::parse(Place::Disk(path.as_ref().to_owned()).read(resolver)?)
    }

    /// Reads a shipped file by its name.
    ///
    /// # Errors
    /// There is none of that name, or it is not a `T`.
    pub fn shipped(shelf: Shelf, name: &str) -> Result<Self, Diagnostics> {
        let place =
            layers::shipped(shelf, name).map_err(|(message, help)| Problem::new(message).with_help(help))?;
        let text = library::text(&shelf.path(name)).unwrap_or_default();
        Self::parse(place::source(&place.to_string(), text.as_bytes().to_vec())?)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// The text is not a `T`.
    pub fn parse(source: Arc<Source>) -> Result<Self, Diagnostics> {
        match options().from_str(source.text()) {
            Ok(value) => Ok(Self { value, source }),
            Err(error) => Err(ron_problem(&source, &error).into()),
        }
    }
}

impl<T> Document<T> {
    /// The same text, with what `part` takes of its value.
    #[must_use]
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Document<U> {
        Document {
            value: part(self.value),
            source: self.source,
        }
    }

    /// An error at the field `path` of the file.
    #[must_use]
    pub fn problem(&self, path: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
        let text = self.source.text();
        let span =
            locate(text, path).map_or(0..0, |found| if found.complete { found.value } else { found.key });
        Problem::at(&self.source, span, message)
            .with_path(path)
            .with_help(help)
    }

    /// The text that was read.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn finding(&self, finding: Finding) -> Problem {
        state(self.problem(&finding.path, finding.message.clone(), ""), finding)
    }
}
