//! What ranks and banks did.

/// What ranks and their banks did that takes energy; numbers of commands and of cycles, which an estimate may put between
/// whole ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CommandCounts {
    /// Activates, each with its precharge.
    pub activates: f64,
    /// Column reads.
    pub reads: f64,
    /// Column writes.
    pub writes: f64,
    /// Refreshes of ranks.
    pub refreshes: f64,
    /// Refreshes of single banks.
    pub bank_refreshes: f64,
    /// Cycles with a bank open, summed over ranks.
    pub active_cycles: f64,
    /// Cycles with all banks closed, summed over ranks.
    pub idle_cycles: f64,
}

impl std::ops::AddAssign for CommandCounts {
    fn add_assign(&mut self, other: Self) {
        self.activates += other.activates;
        self.reads += other.reads;
        self.writes += other.writes;
        self.refreshes += other.refreshes;
        self.bank_refreshes += other.bank_refreshes;
        self.active_cycles += other.active_cycles;
        self.idle_cycles += other.idle_cycles;
    }
}
