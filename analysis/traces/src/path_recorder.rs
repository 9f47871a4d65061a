//! A recorder that adds the critical path to its trace when the last operation has finished.

use analysis::critical_path::{CriticalPath, CriticalPathSink, Segment};
use components::trace_event::Event;
use sim_core::{Activity, ActorId, Label, Span, Tick, TraceSink};

use super::recorder::Records;

/// Both sinks get every record; the recorder gets the path once there is one.
pub(super) struct PathRecorder<S> {
    recorder: S,
    path: CriticalPathSink,
    /// Whether the path is in the trace.
    is_recorded: bool,
    /// The track that it goes to.
    track: ActorId,
}

impl<S: Records> PathRecorder<S> {
    /// `recorder`, to which the path goes as a track of its own.
    pub(super) fn new(recorder: S, (path, track): (CriticalPathSink, ActorId)) -> Self {
        Self {
            recorder,
            path,
            is_recorded: false,
            track,
        }
    }

    #[cold]
    fn record_path(&mut self) {
        let Some(path) = self.path.path() else { return };
        self.is_recorded = true;
        for segment in path.segments() {
            self.recorder.record_span(span_of(&segment, self.track));
        }
    }
}

fn span_of(segment: &Segment, actor: ActorId) -> Span {
    Span {
        actor,
        start: Tick(segment.start),
        end: Tick(segment.end),
        label: Label {
            kind: segment.part as u16,
            work: segment.operation.unwrap_or(u32::MAX),
            part: segment.traffic.map_or(u64::MAX, |traffic| traffic as u64),
        },
    }
}

impl<S: Records> Records for PathRecorder<S> {
    fn record_span(&mut self, span: Span) {
        self.recorder.record_span(span);
    }

    fn finish(&mut self) {
        self.recorder.finish();
    }

    fn take_critical_path(&mut self) -> Option<CriticalPath> {
        self.path.take_path()
    }
}

impl<S: Records> TraceSink for PathRecorder<S> {
    fn wants_activities(&self) -> bool {
        self.recorder.wants_activities()
    }

    fn activity(&mut self, activity: Activity) {
        self.recorder.activity(activity);
    }

    fn at(&mut self, now: Tick) {
        self.recorder.at(now);
    }

    fn span(&mut self, span: Span) {
        if !self.is_recorded {
            self.path.span(span);
        }
        self.recorder.span(span);
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        self.recorder.instant(actor, at, label);
        if !self.is_recorded {
            self.path.instant(actor, at, label);
            if Event::of(label) == Some(Event::Finished) {
                self.record_path();
            }
        }
    }

    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        self.recorder.counter(actor, at, counter, value);
    }
}
