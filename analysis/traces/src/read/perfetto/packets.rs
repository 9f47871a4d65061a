//! The packets of a Perfetto file, one after another.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use analysis::Error;

use super::super::unreadable;
use crate::perfetto::decode::{Wrong, varint};
use crate::perfetto::field;

/// No packet comes near this length; one of a file of something else is not read whole.
const LONGEST: usize = 1 << 20;
/// A tag and a length.
const PREFIX: usize = 20;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 18;

/// Why there is no further packet.
#[derive(Debug)]
pub(super) enum Problem {
    /// The file cannot be read.
    Disk(io::Error),
    /// What stands there is not a packet of a trace.
    Damaged {
        /// Where the packet begins.
        at: u64,
        /// What is wrong with it.
        what: Wrong,
    },
}

impl Problem {
    /// What the user is told.
    pub(super) fn of(self, path: &Path) -> Error {
        match self {
            Self::Disk(error) => unreadable(path, error),
            Self::Damaged { at, what } => unreadable(
                path,
                format!(
                    "{what}, in what begins at byte {at}; the file is damaged, or no trace of elector: \
                     `elector run ... --trace run.pftrace` makes one"
                ),
            ),
        }
    }
}

/// A packet: where it begins in the file, and its message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) at: u64,
    pub(super) message: &'a [u8],
}

impl Packet<'_> {
    /// The packet is damaged.
    pub(super) fn wrong(self, what: Wrong) -> Problem {
        Problem::Damaged { at: self.at, what }
    }
}

/// A file of packets, and as much of it as has to be in memory.
pub(super) struct Packets {
    file: File,
    buffer: Vec<u8>,
    /// The part of the buffer that has been filled and not yet handed out.
    begin: usize,
    end: usize,
    /// Where in the file the buffer begins.
    offset: u64,
    is_over: bool,
}

impl Packets {
    pub(super) fn new(file: File) -> Self {
        Self {
            file,
            buffer: vec![0; CHUNK],
            begin: 0,
            end: 0,
            offset: 0,
            is_over: false,
        }
    }

    /// The next packet; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Packet<'_>>, Problem> {
        self.fill(PREFIX)?;
        let at = self.offset + self.begin as u64;
        let wrong = |what| Problem::Damaged { at, what };
        let mut rest = &self.buffer[self.begin..self.end];
        if rest.is_empty() {
            return Ok(None);
        }
        let whole = rest.len();
        let tag = varint(&mut rest).ok_or_else(|| wrong("no packet begins there"))?;
        if tag != u64::from(field::PACKET) << 3 | 2 {
            return Err(wrong("no packet begins there"));
        }
        let length = varint(&mut rest).ok_or_else(|| wrong("the file ends within a packet"))?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > LONGEST {
            return Err(wrong("a packet is longer than any of elector's"));
        }
        let prefix = whole - rest.len();
        self.fill(prefix + length)?;
        let begin = self.begin + prefix;
        if self.end < begin + length {
            return Err(wrong("the file ends within a packet"));
        }
        self.begin = begin + length;
        let message = &self.buffer[begin..self.begin];
        Ok(Some(Packet { at, message }))
    }

    /// Reads on until `wanted` bytes are there, or the file is over.
    fn fill(&mut self, wanted: usize) -> Result<(), Problem> {
        if self.end - self.begin >= wanted || self.is_over {
            return Ok(());
        }
        self.buffer.copy_within(self.begin..self.end, 0);
        self.offset += self.begin as u64;
        (self.begin, self.end) = (0, self.end - self.begin);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted.next_multiple_of(CHUNK), 0);
        }
        while self.end < wanted {
            match self.file.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.is_over = true;
                    return Ok(());
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Problem::Disk(error)),
            }
        }
        Ok(())
    }
}
