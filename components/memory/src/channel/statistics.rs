//! What a channel counts.

use crate::RequestorId;
use sim_core::statistics::Latencies;

/// What one requestor asked of one channel.
#[derive(Clone, Debug, Default)]
pub struct RequestorStatistics {
    /// Reads taken in.
    pub reads: u64,
    /// Writes taken in.
    pub writes: u64,
    /// From the request to its data, in ticks.
    pub read_latency: Latencies,
    /// From the request to the end of its burst on the bus, in ticks. (The answer comes when the write is
    /// accepted; writes that were merged into another are not counted here.)
    pub write_latency: Latencies,
}

/// What a channel counted.
#[derive(Clone, Debug, Default)]
pub struct ChannelStatistics {
    /// By requestor number.
    pub requestors: Vec<RequestorStatistics>,
    /// Column reads.
    pub read_commands: u64,
    /// Column writes.
    pub write_commands: u64,
    /// Column reads that are not the first access since their row was opened.
    pub read_row_hits: u64,
    /// Column writes that are not the first access since their row was opened.
    pub write_row_hits: u64,
    /// First accesses to a row of a bank that stood closed.
    pub row_misses: u64,
    /// First accesses to a row for which another row had to be closed.
    pub row_conflicts: u64,
    /// Reads answered from a waiting write.
    pub forwarded_reads: u64,
    /// Reads answered by the column access of another read.
    pub merged_reads: u64,
    /// Writes replaced by a later one to the same block.
    pub merged_writes: u64,
    /// Cycles with two commands.
    pub dual_commands: u64,
}

impl ChannelStatistics {
    #[inline]
    pub(super) fn of(&mut self, requestor: RequestorId) -> &mut RequestorStatistics {
        let index = usize::from(requestor.0);
        if index >= self.requestors.len() {
            self.requestors
                .resize_with(index + 1, RequestorStatistics::default);
        }
        &mut self.requestors[index]
    }
}
