//! JSON lines, one at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use analysis::Error;

use super::unreadable;
use crate::{Entry, Header};

/// No record comes near this length; a file without lines is not read whole.
const LONGEST: u64 = 1 << 20;

/// A file of lines.
pub(super) struct Lines {
    path: PathBuf,
    input: BufReader<File>,
    line: String,
    number: u64,
}

impl Lines {
    /// Opens a file, and reads the header.
    pub(super) fn open(path: &Path) -> Result<(Header, Self), Error> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let mut lines = Self {
            path: path.to_owned(),
            input: BufReader::with_capacity(1 << 18, file),
            line: String::new(),
            number: 0,
        };
        lines.advance()?;
        let header = serde_json::from_str(&lines.line).map_err(|error| {
            unreadable(
                path,
                format!("its first line is not a header of a trace ({error})"),
            )
        })?;
        Ok((header, lines))
    }

    fn advance(&mut self) -> Result<bool, Error> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.input).take(LONGEST).read_line(&mut self.line);
        let length = read.map_err(|error| unreadable(&self.path, error))?;
        Ok(length > 0)
    }

    /// The record of the next line.
    pub(super) fn next_entry(&mut self, header: &Header) -> Result<Option<Entry<'_>>, Error> {
        if !self.advance()? {
            return Ok(None);
        }
        let wrong = |problem: String| Error::Line {
            file: self.path.display().to_string(),
            line: self.number,
            problem,
        };
        let mut entry: Entry<'_> = serde_json::from_str(&self.line)
            .map_err(|error| wrong(format!("this is not a record of a trace: {error}")))?;
        let Some(ticks) = entry.end_tick.checked_sub(entry.start_tick) else {
            return Err(wrong("the record ends before it starts".to_owned()));
        };
        // Ticks are exact; a decimal number that is read back need not be.
        entry.start_ns = header.nanoseconds(entry.start_tick);
        entry.duration_ns = header.nanoseconds(ticks);
        Ok(Some(entry))
    }
}
