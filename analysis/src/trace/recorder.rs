//! The trace sink: it filters at the source, and hands records over in batches.

use components::trace_labels::{self as labels, is_mark};
use crossbeam::channel::{Receiver, Sender};
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

use super::Form;

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
    /// Whether the file is to hold it; else it is only needed for the names of others.
    pub(super) shown: bool,
}

/// Records in a batch: enough to make the channel's cost small, few enough to stay in the cache.
pub(super) const BATCH: usize = 2048;
/// Batches under way at once.
pub(super) const BATCHES: usize = 32;

/// What of a run is recorded.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// By actor.
    pub(super) selected: Vec<bool>,
    /// First tick, and the end.
    pub(super) window: (Tick, Tick),
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
        let (from, to) = self.filter.window;
        let selected = self.filter.selected.get(actor.index()).copied().unwrap_or(false);
        if !selected || start >= to || end < from || (end == from && start < end) {
            return false;
        }
        self.filter.sample <= 1 || self.is_sampled(form, actor)
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

impl TraceSink for Recorder {
    #[inline]
    fn at(&mut self, now: Tick) {
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
        if self.shows(Form::Span, span.actor, span.start, span.end) {
            self.push(Record {
                start: span.start.0,
                end: span.end.0,
                part: span.label.part,
                work: span.label.work,
                actor: span.actor.0,
                kind: span.label.kind,
                form: Form::Span,
                shown: true,
            });
        }
    }

    #[inline]
    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let (form, shown) = if is_mark(label.kind) {
            let selected = self.filter.selected.get(actor.index()).copied().unwrap_or(false);
            let wanted = self.filter.ordered && selected && at < self.filter.window.1;
            (Form::Mark, wanted)
        } else {
            (Form::Instant, self.shows(Form::Instant, actor, at, at))
        };
        let names_others = matches!(label.kind, labels::TRANSFER_ORDERED | labels::OPERATION_WOKEN);
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

impl Drop for Recorder {
    fn drop(&mut self) {
        self.hand_over();
    }
}
