//! A trace file: from its options to the file under its name.

use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use analysis::Error;
use analysis::critical_path::{CriticalPath, CriticalPathSink};
use analysis::output::{folder_of, put_in_place};
use analysis::power::PowerMeter;
use analysis::ticks::{ticks_per_microsecond, ticks_per_second};
use crossbeam::channel::{Receiver, Sender, bounded};
use scenarios::system::{Plan, Track, TrackKind};
use sim_core::{ActorId, Tick, TraceSink};
use tempfile::NamedTempFile;

use super::annotate::Annotator;
use super::exporter::Exporter;
use super::format::export;
use super::metered::Metered;
use super::path_recorder::PathRecorder;
use super::recorder::{BATCHES, Filter, Record, Recorder, Records};
use super::{Form, Header, TimeWindow, TraceFormat, select, track_class};

/// What a user asks of a trace.
#[derive(Clone, Debug)]
pub struct TraceOptions {
    /// The file; its extension says the format.
    pub file: PathBuf,
    /// Patterns over track names; empty for all.
    pub only: Vec<String>,
    /// The time that is recorded.
    pub window: TimeWindow,
    /// One of how many records of each actor is kept.
    pub sample: NonZeroU32,
    /// Whether a file that is there already is overwritten.
    pub force: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Rows in the file: spans, instants and values of counters.
    pub rows: u64,
}

/// Says whether a trace can still be written, also while its sink is lent to a run.
#[derive(Clone, Debug)]
pub struct TraceHealth(Arc<AtomicBool>);

impl TraceHealth {
    /// Whether nothing can be written any more, so that there is no use in going on.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A trace being written. Its sink is lent to the run.
pub struct TraceFile {
    target: PathBuf,
    force: bool,
    temporary: NamedTempFile,
    writer: JoinHandle<io::Result<Written>>,
    failed: Arc<AtomicBool>,
    records: Box<dyn Records>,
    has_path: bool,
}

impl TraceFile {
    /// Begins the trace of a run of `plan`.
    ///
    /// # Errors
    /// The format is not known, the file is there already or cannot be written, or a pattern selects nothing.
    pub fn create(plan: &Plan, options: &TraceOptions) -> Result<Self, Error> {
        let format = format_of(options)?;
        let target = options.file.clone();
        if !options.force && target.exists() {
            return Err(Error::Exists(target));
        }
        let annotator = Annotator::new(plan);
        let tracks = annotator.tracks();
        let mut selected = select::selected(&options.only, tracks).map_err(|pattern| no_track(&pattern))?;
        leave_out_costly(&mut selected, tracks, options);
        let header = header(plan, options, tracks, &selected);
        let window = (Tick(header.from_tick), header.to_tick.map_or(Tick::NEVER, Tick));
        let wrong = |error: io::Error| Error::Unwritable {
            file: target.clone(),
            source: error,
        };
        let temporary = NamedTempFile::new_in(folder_of(&target)).map_err(wrong)?;
        let file = temporary.reopen().map_err(wrong)?;
        let exporter = export(format, file, &header, tracks, &selected).map_err(wrong)?;
        // What signals are when the window begins follows from what came before it.
        let first = if format.is_waveform() {
            Tick::ZERO
        } else {
            window.0
        };
        let path_track = path_track(format, tracks, &selected, options);
        // Power is known only after its time: waveforms, which are written in order of time, have none.
        let power = (!format.is_waveform())
            .then(|| PowerMeter::new(plan, tracks, &selected, window))
            .flatten();
        let filter = Filter {
            selected,
            window: (first, window.1),
            microseconds: whole_microseconds(plan, window),
            sample: options.sample.get(),
            ordered: format.is_waveform(),
        };
        let (full, batches) = bounded(BATCHES);
        let (spent, empty) = bounded(BATCHES);
        let failed = Arc::new(AtomicBool::new(false));
        let writer = spawn(annotator, exporter, batches, spent, Arc::clone(&failed)).map_err(wrong)?;
        let recorder = Recorder::new(filter, full, empty);
        let path = path_track.map(|track| (CriticalPathSink::new(plan), track));
        let has_path = path.is_some();
        let records: Box<dyn Records> = match (power, path) {
            (None, None) => Box::new(recorder),
            (Some(meter), None) => Box::new(Metered::new(meter, recorder)),
            (None, Some(path)) => Box::new(PathRecorder::new(recorder, path)),
            (Some(meter), Some(path)) => Box::new(PathRecorder::new(Metered::new(meter, recorder), path)),
        };
        Ok(Self {
            target,
            force: options.force,
            temporary,
            writer,
            failed,
            records,
            has_path,
        })
    }

    /// What the run is to be recorded into.
    pub fn sink(&mut self) -> &mut dyn TraceSink {
        &mut *self.records
    }

    /// Whether the trace follows the critical path, so that [`Self::take_critical_path`] has it after the run.
    #[must_use]
    pub fn follows_critical_path(&self) -> bool {
        self.has_path
    }

    /// The critical path, if the trace follows it and the last operation has finished.
    pub fn take_critical_path(&mut self) -> Option<CriticalPath> {
        self.records.take_critical_path()
    }

    /// Says during the run whether the trace can still be written.
    #[must_use]
    pub fn health(&self) -> TraceHealth {
        TraceHealth(Arc::clone(&self.failed))
    }

    /// Records what is known only at the end, waits until all is written and gives the file its name.
    ///
    /// # Errors
    /// The file could not be written. Then there is none.
    pub fn finish(mut self) -> Result<Written, Error> {
        self.records.finish();
        // The writer ends when nothing is left that could send it records.
        drop(self.records);
        let joined = self.writer.join();
        let written = joined.unwrap_or_else(|_| Err(io::Error::other("the writer of the trace panicked")));
        let failure = |source: io::Error| Error::Trace {
            file: self.target.clone(),
            source,
        };
        let written = written.map_err(failure)?;
        put_in_place(self.temporary, &self.target, self.force)?;
        Ok(written)
    }

    /// Where the file will be.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }
}

/// The whole microseconds that a window touches.
fn whole_microseconds(plan: &Plan, (from, to): (Tick, Tick)) -> (Tick, Tick) {
    let microsecond = ticks_per_microsecond(plan);
    let end = to.0.div_ceil(microsecond).saturating_mul(microsecond);
    (Tick(from.0 / microsecond * microsecond), Tick(end))
}

/// Drops tracks that must follow the whole run when only a window is recorded, unless a pattern selects them.
fn leave_out_costly(selected: &mut [bool], tracks: &[Track], options: &TraceOptions) {
    if options.window == TimeWindow::default() || !options.only.is_empty() {
        return;
    }
    for (selected, track) in selected.iter_mut().zip(tracks) {
        *selected &= !matches!(track.kind, TrackKind::CriticalPath | TrackKind::Power);
    }
}

/// The track of the critical path, if the trace is to hold it. A sample of it would be no path, and waveforms have no place for it.
fn path_track(
    format: TraceFormat,
    tracks: &[Track],
    selected: &[bool],
    options: &TraceOptions,
) -> Option<ActorId> {
    let place = tracks
        .iter()
        .position(|track| track.kind == TrackKind::CriticalPath)?;
    let wanted = selected[place] && !format.is_waveform() && options.sample == NonZeroU32::MIN;
    wanted.then_some(ActorId(place as u32))
}

fn format_of(options: &TraceOptions) -> Result<TraceFormat, Error> {
    let file = options.file.display();
    let format = TraceFormat::of(&options.file).ok_or_else(|| {
        let known = TraceFormat::listing();
        Error::Setting(format!(
            "cannot tell the format of the trace {file}: its name has to end in one of {known}"
        ))
    })?;
    if format.is_waveform() && options.sample.get() > 1 {
        return Err(Error::Setting(format!(
            "{file} would be a waveform, which shows every change: a sample makes none; --trace-only and --trace-window \
             make it smaller"
        )));
    }
    Ok(format)
}

fn no_track(pattern: &str) -> Error {
    Error::Setting(format!(
        "--trace-only {pattern:?} selects nothing of this machine; tracks are called as in `pe[3].mac[2]`, `pe[3].*`, `dma`, \
         `buffer.*`, `memory.channel[0].bank[5]`"
    ))
}

fn header(plan: &Plan, options: &TraceOptions, tracks: &[Track], selected: &[bool]) -> Header {
    let mut classes = BTreeMap::new();
    for (track, _) in tracks.iter().zip(selected).filter(|(_, selected)| **selected) {
        *classes.entry(track_class(&track.name)).or_default() += 1;
    }
    let ticks_per_second = ticks_per_second(plan);
    let ticks_per_cycle = plan.machine.clock.period().0;
    let (from, to) = options.window.ticks(ticks_per_second as f64, ticks_per_cycle);
    Header {
        version: 1,
        scenario: plan.machine.scenario.name.clone(),
        seed: plan.machine.scenario.seed,
        ticks_per_second,
        ticks_per_cycle,
        ticks_per_memory_cycle: plan.memory_clock.period().0,
        only: options.only.clone(),
        from_tick: from.0,
        to_tick: (to != Tick::NEVER).then_some(to.0),
        sample: options.sample.get(),
        tracks: classes,
    }
}

fn spawn(
    annotator: Annotator,
    exporter: Box<dyn Exporter>,
    batches: Receiver<Vec<Record>>,
    spent: Sender<Vec<Record>>,
    failed: Arc<AtomicBool>,
) -> io::Result<JoinHandle<io::Result<Written>>> {
    std::thread::Builder::new()
        .name("trace".to_owned())
        .spawn(move || {
            let written = write(annotator, exporter, batches, &spent);
            failed.store(written.is_err(), Ordering::Relaxed);
            written
        })
}

/// Writes all batches until there are no more. On an error the receiver is dropped, and the recorder gives up.
fn write(
    mut annotator: Annotator,
    mut exporter: Box<dyn Exporter>,
    batches: Receiver<Vec<Record>>,
    spent: &Sender<Vec<Record>>,
) -> io::Result<Written> {
    let mut written = Written::default();
    let mut last = 0;
    for mut batch in batches {
        for record in &batch {
            annotator.annotate(record, &mut |row| {
                written.rows += u64::from(matches!(row.form, Form::Span | Form::Instant | Form::Counter));
                exporter.row(row)
            })?;
            last = last.max(record.end);
        }
        batch.clear();
        // If the recorder has enough of them, this one is dropped.
        let _ = spent.try_send(batch);
    }
    annotator.finish(&mut |row| {
        written.rows += 1;
        exporter.row(row)
    })?;
    exporter.finish(last)?;
    Ok(written)
}
