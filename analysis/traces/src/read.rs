//! Traces read back, record by record: JSON lines, Parquet and Perfetto's protobuf.

mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
mod perfetto;

use std::path::Path;

use analysis::Error;

use self::jsonl::Lines;
#[cfg(feature = "parquet")]
use self::parquet::Rows;
use self::perfetto::Slices;
use super::{Entry, Header, TraceFormat};

/// A trace that is being read.
pub struct TraceReader {
    header: Header,
    source: Source,
}

enum Source {
    Lines(Box<Lines>),
    #[cfg(feature = "parquet")]
    Rows(Box<Rows>),
    Slices(Box<Slices>),
}

impl std::fmt::Debug for TraceReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TraceReader").field(&self.header).finish()
    }
}

impl TraceReader {
    /// Opens the trace at `path`.
    ///
    /// # Errors
    /// There is no such file, or it is not a trace of a kind that is read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (header, source) = match TraceFormat::of(path) {
            Some(TraceFormat::JsonLines) => {
                let (header, lines) = Lines::open(path)?;
                (header, Source::Lines(Box::new(lines)))
            }
            #[cfg(feature = "parquet")]
            Some(TraceFormat::Parquet) => {
                let (header, rows) = Rows::open(path)?;
                (header, Source::Rows(Box::new(rows)))
            }
            Some(TraceFormat::Perfetto) => {
                let (header, slices) = Slices::open(path)?;
                (header, Source::Slices(Box::new(slices)))
            }
            _ => {
                return Err(unreadable(
                    path,
                    "only .parquet, .jsonl and .pftrace are read back; `elector run ... --trace run.parquet` makes one",
                ));
            }
        };
        Ok(Self { header, source })
    }

    /// What the trace says of itself.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The next record; `None` after the last.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn next_entry(&mut self) -> Result<Option<Entry<'_>>, Error> {
        match &mut self.source {
            Source::Lines(lines) => lines.next_entry(&self.header),
            #[cfg(feature = "parquet")]
            Source::Rows(rows) => rows.next_entry(&self.header),
            Source::Slices(slices) => slices.next_entry(&self.header),
        }
    }
}

/// The file cannot be read, and why.
fn unreadable(path: &Path, reason: impl std::fmt::Display) -> Error {
    Error::unreadable(path, reason)
}
