//! The trace sink: it filters at the source, and hands records over in batches.

use analysis::critical_path::CriticalPath;
use components::memory::label::MemoryEvent;
use components::trace_event::Event;
use crossbeam::channel::{Receiver, Sender};
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

use super::Form;
use super::unfinished::Unfinished;

/// A record without names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record {
    pub(super) start: u64,
    pub(super) end: u64,
    /// The label's part, or a counter's value.
    pub(super) part: u64,
    pub(super) work: u32,
    pub(super) actor: u32,
    pub(super) kind: u16,
    pub(super) form: Form,
    /// Whether to write it. Records that are not written still give later ones their names.
    pub(super) shown: bool,
}

/// A sink that also records what is computed from what actors did.
pub(super) trait Records: TraceSink + Send {
    /// Records a span that no actor has made, if it is to be shown.
    fn record_span(&mut self, span: Span);

    /// Records what is only known when the run is over, and hands the rest over. Nothing is recorded after it.
    fn finish(&mut self);

    /// The critical path, if it was followed and the last operation has finished.
    fn take_critical_path(&mut self) -> Option<CriticalPath> {
        None
    }
}

/// Records in a batch: enough to make the channel's cost small, few enough to stay in the cache.
pub(super) const BATCH: usize = 2048;
/// Batches in flight at once.
pub(super) const BATCHES: usize = 32;

/// What of a run is recorded.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// By actor.
    pub(super) selected: Vec<bool>,
    /// First tick, and the end.
    pub(super) window: (Tick, Tick),
    /// The whole microseconds that the time touches: bandwidth counts their bursts, shown or not.
    pub(super) microseconds: (Tick, Tick),
    /// One of how many records of an actor is kept.
    pub(super) sample: u32,
    /// Whether the format needs marks, and to know how far time is.
    pub(super) ordered: bool,
}

/// The trace sink.
pub(super) struct Recorder {
    filter: Filter,
    /// Records seen of each actor: spans, instants, counters.
    seen: Vec<[u32; 3]>,
    batch: Vec<Record>,
    full: Sender<Vec<Record>>,
    empty: Receiver<Vec<Record>>,
    now: Tick,
    /// Spans that have begun, unless the format takes marks.
    unfinished: Unfinished,
    /// The last instant of all records, those that are filtered out included.
    last: Tick,
    /// Nobody takes records any more: the writer has failed.
    is_over: bool,
}

impl Recorder {
    /// A recorder that sends batches over `full` and gets them back over `empty`.
    pub(super) fn new(filter: Filter, full: Sender<Vec<Record>>, empty: Receiver<Vec<Record>>) -> Self {
        Self {
            seen: if filter.sample > 1 {
                vec![[0; 3]; filter.selected.len()]
            } else {
                Vec::new()
            },
            unfinished: Unfinished::new(if filter.ordered { 0 } else { filter.selected.len() }),
            last: Tick::ZERO,
            filter,
            batch: Vec::with_capacity(BATCH),
            full,
            empty,
            now: Tick::ZERO,
            is_over: false,
        }
    }

    /// Whether a record from `start` to `end` is to be in the file.
    #[inline]
    fn shows(&mut self, form: Form, actor: ActorId, start: Tick, end: Tick) -> bool {
        // Time first: it is at hand, where actors are too many for the cache.
        let (from, to) = self.filter.window;
        if start >= to || end < from || (end == from && start < end) {
            return false;
        }
        if !self.is_selected(actor) {
            return false;
        }
        self.filter.sample <= 1 || self.is_sampled(form, actor)
    }

    #[inline]
    fn is_selected(&self, actor: ActorId) -> bool {
        self.filter.selected.get(actor.index()).copied().unwrap_or(false)
    }

    /// Whether a span that is not shown is a burst that bandwidth counts.
    #[inline]
    fn is_counted(&self, span: &Span) -> bool {
        let (from, to) = self.filter.microseconds;
        let event = Event::of(span.label);
        matches!(event, Some(Event::Memory(MemoryEvent::Burst { .. })))
            && (from..to).contains(&span.start)
            && !self.filter.ordered
            && self.is_selected(span.actor)
    }

    fn is_sampled(&mut self, form: Form, actor: ActorId) -> bool {
        let count = &mut self.seen[actor.index()][form as usize];
        let kept = *count == 0;
        *count = (*count + 1) % self.filter.sample;
        kept
    }

    /// Records a value of a counter that is not an actor's, whatever is filtered.
    pub(super) fn reading(&mut self, actor: u32, at: Tick, counter: u16, value: u64) {
        self.push(Record {
            start: at.0,
            end: at.0,
            part: value,
            work: 0,
            actor,
            kind: counter,
            form: Form::Counter,
            shown: true,
        });
    }

    #[inline]
    fn push(&mut self, record: Record) {
        self.batch.push(record);
        if self.batch.len() >= BATCH {
            self.hand_over();
        }
    }

    #[cold]
    fn hand_over(&mut self) {
        let next = self
            .empty
            .try_recv()
            .unwrap_or_else(|_| Vec::with_capacity(BATCH));
        let batch = std::mem::replace(&mut self.batch, next);
        if self.is_over || self.full.send(batch).is_err() {
            self.is_over = true;
            self.batch.clear();
        }
    }
}

impl Record {
    /// What happened, if an actor recorded it.
    pub(super) fn event(&self) -> Option<Event> {
        Event::of(Label {
            kind: self.kind,
            work: self.work,
            part: self.part,
        })
    }
}

impl Records for Recorder {
    #[inline]
    fn record_span(&mut self, span: Span) {
        let shown = self.shows(Form::Span, span.actor, span.start, span.end);
        if shown || self.is_counted(&span) {
            self.push(Record {
                start: span.start.0,
                end: span.end.0,
                part: span.label.part,
                work: span.label.work,
                actor: span.actor.0,
                kind: span.label.kind,
                form: Form::Span,
                shown,
            });
        }
    }

    fn finish(&mut self) {
        for span in self.unfinished.take(self.last) {
            self.record_span(span);
        }
        self.hand_over();
    }
}

impl TraceSink for Recorder {
    #[inline]
    fn at(&mut self, now: Tick) {
        self.last = self.last.max(now);
        if self.filter.ordered && now > self.now {
            self.now = now;
            self.push(Record {
                start: now.0,
                end: now.0,
                part: 0,
                work: 0,
                actor: 0,
                kind: 0,
                form: Form::Now,
                shown: true,
            });
        }
    }

    #[inline]
    fn span(&mut self, span: Span) {
        self.last = self.last.max(span.end);
        if let Some(event) = Event::of(span.label).filter(|event| event.has_mark()) {
            self.unfinished.end(span.actor, event);
        }
        self.record_span(span);
    }

    #[inline]
    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let event = Event::of(label);
        if event.is_some_and(Event::is_link) {
            return;
        }
        let (form, shown) = if let Some(begun) = event.and_then(Event::marks) {
            let wanted = at < self.filter.window.1 && self.is_selected(actor);
            if wanted && !self.filter.ordered {
                self.unfinished.begin(actor, at, begun);
            }
            (Form::Mark, wanted && self.filter.ordered)
        } else {
            (Form::Instant, self.shows(Form::Instant, actor, at, at))
        };
        let names_others = matches!(
            event,
            Some(Event::TransferOrdered(_) | Event::OperationWoken { .. })
        );
        if shown || names_others {
            self.push(Record {
                start: at.0,
                end: at.0,
                part: label.part,
                work: label.work,
                actor: actor.0,
                kind: label.kind,
                form,
                shown,
            });
        }
    }

    #[inline]
    fn counter(&mut self, actor: ActorId, at: Tick, counter: u16, value: u64) {
        if self.shows(Form::Counter, actor, at, at) {
            self.push(Record {
                start: at.0,
                end: at.0,
                part: value,
                work: 0,
                actor: actor.0,
                kind: counter,
                form: Form::Counter,
                shown: true,
            });
        }
    }
}
