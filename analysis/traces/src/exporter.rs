//! What every format of traces does.

use std::io;

use super::row::Row;

/// Takes rows, and makes a file of them.
pub(super) trait Exporter: Send {
    /// Takes a row.
    fn row(&mut self, row: &Row<'_>) -> io::Result<()>;

    /// Writes what is left, up to the last tick of the trace.
    fn finish(self: Box<Self>, last: u64) -> io::Result<()>;
}

/// The name of a row's track: the actor's, or the place of a transfer below the DMA's.
pub(super) fn track_name<'a>(row: &Row<'a>, buffer: &'a mut String) -> &'a str {
    match row.slot {
        None => &row.track.name,
        Some(slot) => {
            use std::fmt::Write as _;
            buffer.clear();
            // Writing to a string never fails.
            let _ = write!(buffer, "{}.slot[{slot}]", row.track.name);
            buffer
        }
    }
}
