//! Where a file is: on the disk, or in the shipped library.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::library;
use crate::diagnostics::{Problem, Source};
use crate::schema::limits::MAX_FILE_BYTES;

/// Gives the bytes of the files that scenarios name.
pub trait Resolver {
    /// The bytes of the file at `path`, no more than [`MAX_FILE_BYTES`] of them.
    ///
    /// # Errors
    /// There is no such file, it cannot be read, or it is too large.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// Files of the disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Resolver for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let kind = fs::metadata(path)?;
        if kind.is_dir() {
            return Err(io::Error::other("it is a directory"));
        }
        if !kind.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?
            .take(MAX_FILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(io::Error::other(format!(
                "it is larger than {} MiB",
                MAX_FILE_BYTES >> 20
            )));
        }
        Ok(bytes)
    }
}

/// Files held in memory, by path: for tests, and for scenarios that a program makes.
impl Resolver for BTreeMap<PathBuf, String> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let text = self
            .get(path)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(text.clone().into_bytes())
    }
}

impl<R: Resolver + ?Sized> Resolver for &R {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        (**self).read(path)
    }
}

impl<R: Resolver + ?Sized> Resolver for Arc<R> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        (**self).read(path)
    }
}

/// The resolver that a scenario was loaded with, kept for what is read later.
#[derive(Clone)]
pub(crate) struct Files(Arc<dyn Resolver + Send + Sync>);

impl Files {
    pub(crate) fn new(resolver: impl Resolver + Send + Sync + 'static) -> Self {
        Self(Arc::new(resolver))
    }

    pub(crate) fn resolver(&self) -> &dyn Resolver {
        self.0.as_ref()
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Files(..)")
    }
}

/// Where a file is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// On the disk, or wherever the resolver looks.
    Disk(PathBuf),
    /// In the shipped library, by its path there.
    Shipped(String),
    /// Nowhere else: what names it states its text.
    Inline {
        /// What it is called.
        name: String,
        /// The text.
        text: String,
    },
}

impl Place {
    /// The file that `reference` means when this one names it.
    pub(crate) fn beside(&self, reference: &str) -> Self {
        match self {
            Self::Disk(file) => Self::Disk(normal(&file.parent().unwrap_or(Path::new("")).join(reference))),
            Self::Shipped(file) => {
                let path = Path::new(file).parent().unwrap_or(Path::new("")).join(reference);
                Self::Shipped(normal(&path).to_string_lossy().replace('\\', "/"))
            }
            // It has no folder: the current directory.
            Self::Inline { .. } => Self::Disk(normal(Path::new(reference))),
        }
    }

    /// Reads the text.
    pub(crate) fn read(&self, resolver: &dyn Resolver) -> Result<Arc<Source>, Problem> {
        let bytes = match self {
            Self::Disk(path) => resolver.read(path).map_err(|error| self.unreadable(&error))?,
            Self::Shipped(path) => match library::text(path) {
                Some(text) => text.as_bytes().to_vec(),
                None => return Err(self.unreadable(&io::ErrorKind::NotFound.into())),
            },
            Self::Inline { text, .. } => text.as_bytes().to_vec(),
        };
        source(&self.to_string(), bytes)
    }

    fn unreadable(&self, error: &io::Error) -> Problem {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        Problem::new(format!("cannot read {self}: {reason}"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disk(path) => write!(f, "{}", path.display()),
            Self::Shipped(path) => write!(f, "<shipped>/{path}"),
            Self::Inline { name, .. } => write!(f, "<inline>/{name}"),
        }
    }
}

/// The text in `bytes`, which has to be UTF-8.
pub(crate) fn source(name: &str, bytes: Vec<u8>) -> Result<Arc<Source>, Problem> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Problem::new(format!(
            "{name} is larger than {} MiB",
            MAX_FILE_BYTES >> 20
        )));
    }
    String::from_utf8(bytes)
        .map(|text| Arc::new(Source::new(name, text)))
        .map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let shown = Arc::new(Source::new(name, String::from_utf8_lossy(error.as_bytes())));
            Problem::at(&shown, at..at + 1, "this is not text: the bytes are not UTF-8")
        })
}

/// The path without `.` and, as far as it can be told from the path alone, `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        let can_go_up = matches!(normal.components().next_back(), Some(Component::Normal(_)));
        match component {
            Component::CurDir => {}
            Component::ParentDir if can_go_up => {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}
