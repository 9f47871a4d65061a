//! How long a run occupies its unit, and how long until its result is available. Times in cycles of the accelerator.

/// A message between control block, PE and unit takes one cycle.
pub(super) const HOP: f64 = 1.0;

/// The times of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timing {
    /// On a MAC lane.
    Lane(LaneTiming),
    /// A row on a softmax or layer-norm module.
    Module {
        /// Cycles of work.
        work: f64,
        /// Bus cycles to read the row.
        read: f64,
        /// Bus cycles to write it.
        write: f64,
    },
}

/// A run on a MAC lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LaneTiming {
    pub(super) tiles: f64,
    /// Cycles of the multipliers for a whole tile, and for the last one.
    pub(super) whole: f64,
    pub(super) last: f64,
    /// Least distance between two tiles, however little work they have.
    pub(super) pace: f64,
    /// Cycles of the run on the PE's two buses: to the activation and to the weight buffer.
    pub(super) buses: [f64; 2],
    /// Cycles on the bus until the first tile's operands have arrived.
    pub(super) first: f64,
    /// From the issue to the first tile's entry into the multipliers.
    pub(super) begin: f64,
    /// Tiles fetched ahead.
    pub(super) ahead: f64,
    /// From the end of the last tile until the sum leaves the adder tree.
    pub(super) tree: f64,
    /// Cycles of the module after the lane, for all result tiles of the run.
    pub(super) post: f64,
    /// From then until the control block knows of the result.
    pub(super) back: f64,
}

impl Timing {
    /// From the issue of a run until the next can be issued to its unit, when `sharing` units of the PE work at once.
    #[must_use]
    pub fn occupancy(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.occupancy(sharing),
            Self::Module { work, read, write } => {
                // Messages to the PE, to the module, and back that it is free.
                let alone = 3.0 * HOP + read + work;
                alone.max(sharing * (read + write))
            }
        }
    }

    /// As [`Self::occupancy`] and [`Self::latency`], but for the time that a run waits for its PE's buses.
    #[must_use]
    pub fn unhindered(&self, sharing: f64) -> (f64, f64) {
        match self {
            Self::Lane(lane) => (lane.occupancy(0.0), lane.latency(0.0) + lane.crowd(sharing)),
            Self::Module { .. } => (self.occupancy(1.0), self.latency(1.0)),
        }
    }

    /// Cycles of a run on the PE's buses to the activation and to the weight buffer.
    #[must_use]
    pub fn buses(&self) -> [f64; 2] {
        match self {
            Self::Lane(lane) => lane.buses,
            Self::Module { read, write, .. } => [read + write, 0.0],
        }
    }

    /// Cycles of a run on the module that compresses its lane's results, and from there until the control block knows of them.
    #[must_use]
    pub fn after(&self) -> (f64, f64) {
        match self {
            Self::Lane(lane) => (lane.post, lane.back),
            Self::Module { .. } => (0.0, 0.0),
        }
    }

    /// How long before the end of its occupancy a unit reports itself free. A lane does so when its last tile enters
    /// the multipliers, so the next run's operands can be fetched meanwhile.
    #[must_use]
    pub fn early(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.last_step(sharing) - (lane.begin + HOP),
            Self::Module { .. } => 0.0,
        }
    }

    /// From the issue of a run until its result has been written and the control block knows.
    #[must_use]
    pub fn latency(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.latency(sharing),
            Self::Module { work, read, write } => 3.0 * HOP + sharing * read + work + write,
        }
    }
}

impl LaneTiming {
    /// Cycles per tile: the slowest of the multipliers, the stages, the FIFO, and the buses that `sharing` lanes share.
    fn step(&self, work: f64, sharing: f64) -> f64 {
        work.max(self.pace).max(sharing * self.busier() / self.tiles)
    }

    /// The last tile: the next run begins after it, and not before its own operands have arrived.
    fn last_step(&self, sharing: f64) -> f64 {
        self.step(self.last, sharing).max(self.begin + HOP)
    }

    fn occupancy(&self, sharing: f64) -> f64 {
        (self.tiles - 1.0) * self.step(self.whole, sharing) + self.last_step(sharing)
    }

    fn latency(&self, sharing: f64) -> f64 {
        let tiles = (self.tiles - 1.0) * self.step(self.whole, sharing) + self.last;
        self.begin + self.crowd(sharing) + tiles + self.tree + self.post + self.back
    }

    /// Lanes that begin together all request as many tiles as their FIFOs hold. Where the buses are the limit, the pace already
    /// includes that.
    fn crowd(&self, sharing: f64) -> f64 {
        match sharing * self.busier() > self.whole * self.tiles {
            true => 0.0,
            false => (sharing - 1.0).max(0.0) * self.first * self.ahead,
        }
    }

    fn busier(&self) -> f64 {
        self.buses[0].max(self.buses[1])
    }
}
