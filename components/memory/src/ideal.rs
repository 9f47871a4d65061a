//! A memory without limits: every request is answered in the tick in which it comes.
//!
//! It shows what the accelerator could do if it never waited for data.

use sim_core::{Context, Message, Ticks};

use super::{Access, MemoryMessage, MemoryResponse};

/// The ideal memory: infinite bandwidth, no latency, no energy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdealMemory {
    reads: Vec<u64>,
    writes: Vec<u64>,
}

impl IdealMemory {
    /// Answers a request at once.
    pub fn receive<M: Message + From<MemoryMessage>>(
        &mut self,
        message: MemoryMessage,
        context: &mut Context<'_, M>,
    ) {
        let MemoryMessage::Request(request) = message else {
            return;
        };
        let counts = if request.access == Access::Read {
            &mut self.reads
        } else {
            &mut self.writes
        };
        let requestor = usize::from(request.requestor.0);
        if counts.len() <= requestor {
            counts.resize(requestor + 1, 0);
        }
        counts[requestor] += 1;
        let response = MemoryResponse {
            tag: request.tag,
            requestor: request.requestor,
            access: request.access,
        };
        context.send(
            request.reply_to,
            Ticks::ZERO,
            MemoryMessage::Response(response).into(),
        );
    }

    /// Reads and writes of each requestor, by number.
    pub fn requests(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let of = |counts: &[u64], requestor: usize| counts.get(requestor).copied().unwrap_or(0);
        (0..self.reads.len().max(self.writes.len()))
            .map(move |requestor| (of(&self.reads, requestor), of(&self.writes, requestor)))
    }
}
