//! Records the commands of all channels.

use std::collections::BTreeMap;

use memory::label::CommandKind;
use sim_core::{ActorId, Label, Span, Tick, TraceSink};

/// One command on a channel's bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Recorded {
    pub(crate) cycle: u64,
    pub(crate) kind: CommandKind,
    /// The bank in its channel; the rank's first for rank commands.
    pub(crate) bank: usize,
    /// The row, or how many refreshes it stands for.
    pub(crate) row: u32,
    pub(crate) column: u32,
}

/// The commands of each channel, in order of issue.
pub(crate) type Commands = BTreeMap<ActorId, Vec<Recorded>>;

/// A trace sink that keeps commands. Cycles are ticks: the memory's clock must be the only one.
#[derive(Default)]
pub(crate) struct Recorder(pub(crate) Commands);

impl TraceSink for Recorder {
    fn span(&mut self, span: Span) {
        assert!(span.start <= span.end, "a span ends after it starts");
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let Some(kind) = CommandKind::of(label) else {
            return;
        };
        let command = Recorded {
            cycle: at.0,
            kind,
            bank: label.work as usize,
            row: label.part as u32,
            column: (label.part >> 32) as u32,
        };
        self.0.entry(actor).or_default().push(command);
    }

    fn counter(&mut self, _actor: ActorId, _at: Tick, _counter: u16, _value: u64) {}
}
