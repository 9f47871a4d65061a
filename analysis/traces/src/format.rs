//! The formats of traces, by the names of files.

use std::fs::File;
use std::io;
use std::path::Path;

use scenarios::system::Track;

use super::Header;
use super::exporter::Exporter;
use super::jsonl::JsonLines;
#[cfg(feature = "parquet")]
use super::parquet::ParquetRows;
use super::perfetto::Perfetto;
use super::waveform::{FstSignals, VcdSignals, Waveform};

/// A format of traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// Perfetto's protobuf, for ui.perfetto.dev.
    Perfetto,
    /// Value change dump, for GTKWave and Surfer.
    Vcd,
    /// Fast signal trace, for GTKWave and Surfer.
    Fst,
    /// Parquet, for pandas, Polars and DuckDB.
    #[cfg(feature = "parquet")]
    Parquet,
    /// One JSON object a line.
    JsonLines,
}

impl TraceFormat {
    /// All formats, with their extensions.
    pub const ALL: &'static [(Self, &'static str)] = &[
        (Self::Perfetto, "pftrace"),
        (Self::Vcd, "vcd"),
        (Self::Fst, "fst"),
        #[cfg(feature = "parquet")]
        (Self::Parquet, "parquet"),
        (Self::JsonLines, "jsonl"),
    ];

    /// The format that a file's extension asks for.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?;
        let found = Self::ALL.iter().find(|(_, name)| *name == extension);
        found.map(|(format, _)| *format)
    }

    /// What is known, for messages.
    #[must_use]
    pub fn listing() -> String {
        let names = Self::ALL.iter().map(|(_, extension)| format!(".{extension}"));
        names.collect::<Vec<_>>().join(", ")
    }

    /// Whether it shows the values of signals over time: it takes records in order of time, and has no gaps.
    #[must_use]
    pub fn is_waveform(self) -> bool {
        matches!(self, Self::Vcd | Self::Fst)
    }
}

/// Begins a file in `format`.
pub(super) fn export(
    format: TraceFormat,
    file: File,
    header: &Header,
    tracks: &[Track],
    selected: &[bool],
) -> io::Result<Box<dyn Exporter>> {
    Ok(match format {
        TraceFormat::Perfetto => Box::new(Perfetto::begin(file, header, tracks)?),
        TraceFormat::Vcd => Box::new(Waveform::<VcdSignals>::begin(file, header, tracks, selected)?),
        TraceFormat::Fst => Box::new(Waveform::<FstSignals>::begin(file, header, tracks, selected)?),
        #[cfg(feature = "parquet")]
        TraceFormat::Parquet => Box::new(ParquetRows::begin(file, header)?),
        TraceFormat::JsonLines => Box::new(JsonLines::begin(file, header)?),
    })
}
