//! The steps of a critical path, and the segments that each consists of.

use components::message::Traffic;

/// What is done in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// The start of the run, which takes no time.
    Start,
    /// A run on a unit.
    Run {
        /// What the unit does: [`Part::MacLanes`], [`Part::Softmax`] or [`Part::LayerNorm`].
        unit: Part,
        /// The operation, in program order.
        operation: u32,
    },
    /// A transfer between main memory and a buffer.
    Transfer {
        /// What it carries.
        traffic: Traffic,
        /// Whether it goes out of a buffer.
        outward: bool,
        /// The operation it was ordered for, if known.
        operation: Option<u32>,
    },
}

/// What a part of the path was spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Part {
    /// A run travels from the control block to the unit.
    Issue,
    /// Operands travel to the unit: buses, DynaProp, pre-compute.
    Operands,
    /// A MAC lane works on tiles.
    MacLanes,
    /// A softmax module works on tiles.
    Softmax,
    /// A layer-norm module works on tiles.
    LayerNorm,
    /// Results travel out: adder tree, post-compute, bus, message to the control block.
    Results,
    /// A transfer waits for its first request although the DMA has no older transfer to request.
    DmaQueue,
    /// Main memory reads.
    Load,
    /// Main memory writes.
    Store,
    /// The last block passes a port of the buffer, and the control block is told.
    BufferPorts,
}

impl Part {
    /// All parts, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Issue,
        Self::Operands,
        Self::MacLanes,
        Self::Softmax,
        Self::LayerNorm,
        Self::Results,
        Self::DmaQueue,
        Self::Load,
        Self::Store,
        Self::BufferPorts,
    ];

    /// The name in results and traces.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Operands => "operands",
            Self::MacLanes => "mac_lanes",
            Self::Softmax => "softmax",
            Self::LayerNorm => "layer_norm",
            Self::Results => "results",
            Self::DmaQueue => "dma_queue",
            Self::Load => "memory_read",
            Self::Store => "memory_write",
            Self::BufferPorts => "buffer_ports",
        }
    }
}

/// How the time in a step divides, in ticks. For a run: issue, operands, work, results. For a transfer: queue,
/// nothing, main memory, buffer.
pub(super) type Split = [u64; 4];

/// A run or a transfer of the path, from where it became critical to where its successor began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What was done.
    pub work: Work,
    /// First tick.
    pub start: u64,
    pub(super) split: Split,
}

impl Step {
    /// Tick at its end.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.start + self.split.iter().sum::<u64>()
    }

    /// Its segments, consecutive and without gaps. A run's waits for operands come before its work here, although some may
    /// have been between its tiles.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + use<> {
        let (parts, traffic, operation) = match self.work {
            Work::Start => ([Part::Issue; 4], None, None),
            Work::Run { unit, operation } => (
                [Part::Issue, Part::Operands, unit, Part::Results],
                None,
                Some(operation),
            ),
            Work::Transfer {
                traffic,
                outward,
                operation,
            } => {
                let moves = if outward { Part::Store } else { Part::Load };
                let parts = [Part::DmaQueue, moves, moves, Part::BufferPorts];
                (parts, Some(traffic), operation)
            }
        };
        let (split, mut end) = (self.split, self.start);
        (0..parts.len()).filter_map(move |place| {
            let start = end;
            end += split[place];
            (start < end).then_some(Segment {
                part: parts[place],
                traffic,
                operation,
                start,
                end,
            })
        })
    }
}

/// A piece of the path that was spent on one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it was spent on.
    pub part: Part,
    /// What it carries, if it is part of a transfer.
    pub traffic: Option<Traffic>,
    /// The operation, if known.
    pub operation: Option<u32>,
    /// First tick.
    pub start: u64,
    /// Tick at its end.
    pub end: u64,
}

/// The critical path of a run: consecutive steps without gaps, from the start to the end of the last operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CriticalPath {
    /// The steps, in order of time.
    pub steps: Vec<Step>,
}

impl CriticalPath {
    /// All segments, in order of time.
    pub fn segments(&self) -> impl Iterator<Item = Segment> + '_ {
        self.steps.iter().flat_map(Step::segments)
    }

    /// Its length in ticks: the sum of its segments.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.segments().map(|segment| segment.end - segment.start).sum()
    }
}
