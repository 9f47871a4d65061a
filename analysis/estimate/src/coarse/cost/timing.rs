//! How long a run keeps its unit, and how long until its result is there. Times in cycles of the accelerator.

/// A message between control block, PE and unit takes a cycle.
pub(super) const HOP: f64 = 1.0;

/// What a run takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Timing {
    Lane(LaneTiming),
    /// A row on a softmax or layer-norm module: cycles of work, and on the bus to read the row and to write it.
    Module {
        work: f64,
        read: f64,
        write: f64,
    },
}

/// A run on a MAC lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct LaneTiming {
    pub(super) tiles: f64,
    /// Cycles of the multipliers for a tile, and for the last.
    pub(super) whole: f64,
    pub(super) last: f64,
    /// Between two tiles at least, however little work they are.
    pub(super) pace: f64,
    /// Cycles that the run takes of the busier of the PE's two buses.
    pub(super) buses: f64,
    /// Cycles on the bus until the first tile's operands are there.
    pub(super) first: f64,
    /// From the issue to the first tile's entry into the multipliers.
    pub(super) begin: f64,
    /// Tiles fetched ahead.
    pub(super) ahead: f64,
    /// From the end of the last tile until the control block knows of the result.
    pub(super) back: f64,
}

impl Timing {
    /// From the issue of a run until its unit can be issued the next, when `sharing` units of the PE work at once.
    pub(in super::super) fn occupancy(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.occupancy(sharing),
            Self::Module { work, read, write } => {
                // To the PE, to the module, and the report that it is free.
                let alone = 3.0 * HOP + read + work;
                alone.max(sharing * (read + write))
            }
        }
    }

    /// How long before the end of its occupancy a unit reports itself free: a lane does when its last tile enters the
    /// multipliers, so that the next run's operands can come meanwhile.
    pub(in super::super) fn early(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.last_step(sharing) - (lane.begin + HOP),
            Self::Module { .. } => 0.0,
        }
    }

    /// From the issue of a run until its result has been written and the control block knows.
    pub(in super::super) fn latency(&self, sharing: f64) -> f64 {
        match self {
            Self::Lane(lane) => lane.latency(sharing),
            Self::Module { work, read, write } => 3.0 * HOP + sharing * read + work + write,
        }
    }
}

impl LaneTiming {
    /// Between two tiles: the slowest of multipliers, stages, FIFO, and buses that `sharing` lanes share.
    fn step(&self, work: f64, sharing: f64) -> f64 {
        work.max(self.pace).max(sharing * self.buses / self.tiles)
    }

    /// The last tile: the next run may begin after it, and not before its own operands are there.
    fn last_step(&self, sharing: f64) -> f64 {
        self.step(self.last, sharing).max(self.begin + HOP)
    }

    fn occupancy(&self, sharing: f64) -> f64 {
        (self.tiles - 1.0) * self.step(self.whole, sharing) + self.last_step(sharing)
    }

    fn latency(&self, sharing: f64) -> f64 {
        // Lanes that begin together all ask for as many tiles as their FIFOs hold. Where the buses are the limit, that is
        // part of the pace.
        let crowd = if sharing * self.buses > self.whole * self.tiles {
            0.0
        } else {
            (sharing - 1.0) * self.first * self.ahead
        };
        self.begin + crowd + (self.tiles - 1.0) * self.step(self.whole, sharing) + self.last + self.back
    }
}
