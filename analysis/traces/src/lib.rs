//! Traces of a run, as files for viewers and for queries.
//!
//! ```text
//! actors ──> [PathRecorder, Metered] Recorder ──batches──> [thread] Annotator ──rows──> Perfetto | VCD | FST | Parquet | JSON lines ──> file
//! ```
//!
//! What is computed from records is added to them where they are all seen: the critical path (`path_recorder.rs`) and power
//! (`analysis::power`), each only if its track is wanted. The recorder filters at the source and hands plain numbers over in
//! batches, through a bounded channel: it waits when the disk is slower than the simulation, so memory is bounded. Names
//! are added by the thread that writes, from a walk of its own over the mapper's program. A file is written beside its target and renamed when it is complete.

mod annotate;
mod entry;
mod exporter;
mod file;
mod format;
pub mod inspect;
mod jsonl;
#[cfg(feature = "parquet")]
mod parquet;
mod perfetto;

mod metered;
mod path_recorder;
pub mod read;
mod recorder;
mod row;
mod select;
mod unfinished;
mod waveform;

pub use entry::{Entry, Form, Header, track_class};
pub use file::{TraceFile, TraceHealth, TraceOptions, Written};
pub use format::TraceFormat;
pub use select::{TimePoint, TimeWindow, matches};
