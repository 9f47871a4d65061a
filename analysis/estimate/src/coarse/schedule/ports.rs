//! Time on the ports of buffers of limited bandwidth.

use super::{Schedule, fractions};

impl Schedule<'_> {
    /// Has the buffers work for so many `cycles` each, for what was asked between `since` and now; how long from now until all
    /// of that is done. They serve one request after another.
    pub(super) fn use_buffers(&mut self, cycles: [f64; 3], since: u64) -> u64 {
        let mut end = 0;
        let ports = self.ports_free.iter_mut().zip(&mut self.timeline.ports_busy);
        for ((free, busy), cycles) in ports.zip(cycles) {
            if cycles > 0.0 {
                *busy += cycles;
                *free = (*free).max(since) + fractions(cycles);
                end = end.max(free.saturating_sub(self.now));
            }
        }
        end
    }
}
