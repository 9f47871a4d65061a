//! JSON lines: the header first, then an object for each record.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};

use serde::Serialize;

use super::exporter::{Exporter, track_name};
use super::row::Row;
use super::{Entry, Header};

/// The first line.
#[derive(Serialize)]
struct FirstLine<'a> {
    record: &'static str,
    #[serde(flatten)]
    header: &'a Header,
}

/// Writes JSON lines.
pub(super) struct JsonLines {
    out: BufWriter<File>,
    header: Header,
    name: String,
}

impl JsonLines {
    pub(super) fn begin(file: File, header: &Header) -> io::Result<Self> {
        let mut out = BufWriter::with_capacity(1 << 18, file);
        let record = "header";
        serde_json::to_writer(&mut out, &FirstLine { record, header })?;
        out.write_all(b"\n")?;
        Ok(Self {
            out,
            header: header.clone(),
            name: String::new(),
        })
    }
}

impl Exporter for JsonLines {
    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        let entry = Entry::new(row, track_name(row, &mut self.name), &self.header);
        serde_json::to_writer(&mut self.out, &entry)?;
        self.out.write_all(b"\n")
    }

    fn finish(mut self: Box<Self>, _last: u64) -> io::Result<()> {
        self.out.flush()
    }
}
