//! What the actors of an accelerator send each other.

use sim_core::{ActorId, Message as SimMessage, Tick, mix};

use crate::density::Density;
use crate::memory::MemoryMessage;
use crate::operation::TensorKind;
use crate::runs::{OperandSources, Run, RunKind};
use crate::tile::TileCoordinate;
use crate::units::{BLOCK, Bytes};
use crate::words::Words;

/// The number of a transfer between main memory and a buffer, given by the control block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferId(pub u32);

/// What a transfer carries; results report main-memory traffic by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Traffic {
    /// Weight matrices.
    Weights,
    /// Masks of weights, of embeddings, and of what is written back.
    Masks,
    /// Rows of embedding tables.
    Embeddings,
    /// Results written back; in training, targets loaded.
    Activations,
    /// Activations and gradients that did not fit, out and back in.
    Spills,
    /// Activations that the backward pass will read again and that did not fit, out and back in.
    Kept,
    /// Gradients of weights, out for the update and back in, and the optimiser's state, in and out.
    Gradients,
}

impl Traffic {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 7] = [
        Self::Weights,
        Self::Masks,
        Self::Embeddings,
        Self::Activations,
        Self::Spills,
        Self::Kept,
        Self::Gradients,
    ];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weights => "weights",
            Self::Masks => "masks",
            Self::Embeddings => "embeddings",
            Self::Activations => "activations",
            Self::Spills => "spills",
            Self::Kept => "kept",
            Self::Gradients => "gradients",
        }
    }
}

/// Which way a transfer goes, and over which addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferPattern {
    /// Consecutive addresses, into a buffer.
    Load,
    /// Consecutive addresses, out of a buffer.
    Store,
    /// The table rows of some tokens' words, of the transfer's byte count each; into a buffer.
    Gather(TokenRows),
    /// The rows that a [`Self::Gather`] of the same tokens loads, back to their places in the table; out of a buffer.
    Scatter(TokenRows),
    /// One row per token, out of a buffer into the table: the first token of a word writes its row; each later one reads the
    /// row, adds its own in the DMA's adders, and writes the sum.
    Accumulate(TokenRows),
}

/// Rows of a table, named by tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRows {
    /// The first token's number.
    pub first_token: u32,
    /// How many tokens.
    pub tokens: u32,
    /// Whether tokens that repeat a word are left out.
    pub once: bool,
}

impl TokenRows {
    /// The first token, from number `index` on, whose row moves.
    #[must_use]
    #[inline]
    pub fn next(self, index: u32, words: &Words) -> Option<u32> {
        let mut rest = index..self.tokens;
        rest.find(|index| !(self.once && words.repeats(self.first_token + index)))
    }

    /// How many rows move.
    #[must_use]
    pub fn rows(self, words: &Words) -> u32 {
        match self.once {
            true => self.tokens - words.repeats_among(self.first_token, self.tokens),
            false => self.tokens,
        }
    }
}

impl TransferPattern {
    /// The rows that it moves, if they belong to a table.
    #[must_use]
    #[inline]
    pub fn token_rows(self) -> Option<TokenRows> {
        match self {
            Self::Load | Self::Store => None,
            Self::Gather(rows) | Self::Scatter(rows) | Self::Accumulate(rows) => Some(rows),
        }
    }

    /// Bytes moved over all rows of `bytes` each; what is not a table counts as one row.
    #[must_use]
    pub fn bytes_moved(self, bytes: Bytes, words: &Words) -> Bytes {
        match self {
            Self::Load | Self::Store => bytes,
            Self::Gather(rows) | Self::Scatter(rows) => bytes * u64::from(rows.rows(words)),
            Self::Accumulate(rows) => {
                bytes * u64::from(rows.tokens + words.repeats_among(rows.first_token, rows.tokens))
            }
        }
    }

    /// Bytes of the accesses that it takes to move rows of `bytes` each, the first of which begins at `address`: whole accesses
    /// of 64 bytes, as they cross the memory bus.
    #[must_use]
    pub fn bytes_touched(self, address: u64, bytes: Bytes, words: &Words) -> Bytes {
        let touched = |address: u64| (address + bytes.0).div_ceil(BLOCK.0) - address / BLOCK.0;
        let Some(rows) = self.token_rows() else {
            return BLOCK * touched(address);
        };
        let accumulates = matches!(self, Self::Accumulate(_));
        let mut accesses = 0;
        let mut index = 0;
        while let Some(row) = rows.next(index, words) {
            let token = rows.first_token + row;
            let times = 1 + u64::from(accumulates && words.repeats(token));
            accesses += times * touched(address + u64::from(words.row(token)) * bytes.0);
            index = row + 1;
        }
        BLOCK * accesses
    }

    /// Whether it goes out of a buffer.
    #[must_use]
    pub fn is_outward(self) -> bool {
        matches!(self, Self::Store | Self::Scatter(_) | Self::Accumulate(_))
    }
}

/// An order to the DMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Its number.
    pub id: TransferId,
    /// The step of the plan that waits for it: the DMA serves lower ones first.
    pub turn: u32,
    /// Its first address in main memory.
    pub address: u64,
    /// How many bytes; of a table, per row.
    pub bytes: u64,
    /// Direction and addresses.
    pub pattern: TransferPattern,
    /// What it carries.
    pub traffic: Traffic,
    /// The buffer it fills or drains.
    pub buffer: ActorId,
}

/// A tile operation on its way through a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TileWork {
    /// Its place in the loop nest.
    pub tile: TileCoordinate,
    /// Pairs (or elements) to work on: all of them up to the pre-compute module, the zero-free ones after it.
    pub pairs: u32,
    /// All pairs, zeros counted.
    pub dense: u32,
    /// The left tensor.
    pub left_tensor: u32,
    /// The right tensor.
    pub right_tensor: u32,
    /// Density of the left tile.
    pub left: Density,
    /// Density of the right tile.
    pub right: Density,
    /// Where the operands come from.
    pub sources: OperandSources,
    /// Ticks for which the operands waited for the bandwidth of buffers.
    pub waited: u32,
}

/// A lane's request for the operands of its next tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OperandFetch {
    /// The lane within the PE.
    pub lane: u16,
    /// Bytes of the left and of the right tile; 0 if the registers hold them.
    pub bytes: [u32; 2],
    /// Whether the left and the right tile are asked for: each is an access to the mask buffer.
    pub asks: [bool; 2],
    /// The work that the operands are for.
    pub work: TileWork,
}

impl OperandFetch {
    /// Whether the left and the right tile come from the weight buffer.
    #[must_use]
    #[inline]
    pub fn from_weights(&self) -> [bool; 2] {
        let sources = self.work.sources;
        [sources.left_is_weight, sources.right_is_weight]
    }

    /// Bytes to fetch from the weight buffer, or from the activation buffer.
    #[inline]
    fn bytes_from(&self, weights: bool) -> u32 {
        let bytes = |place: usize| match self.from_weights()[place] == weights {
            true => self.bytes[place],
            false => 0,
        };
        bytes(0) + bytes(1)
    }

    /// Bytes to fetch from the activation buffer.
    #[must_use]
    #[inline]
    pub fn activation_bytes(&self) -> u32 {
        self.bytes_from(false)
    }

    /// Bytes to fetch from the weight buffer.
    #[must_use]
    #[inline]
    pub fn weight_bytes(&self) -> u32 {
        self.bytes_from(true)
    }

    /// Operand tiles asked for, 0 to 2.
    #[must_use]
    #[inline]
    pub fn tiles(&self) -> u64 {
        u64::from(self.asks[0]) + u64::from(self.asks[1])
    }
}

/// A PE's request for accesses to a buffer of limited bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferRequest {
    /// Who asks.
    pub pe: ActorId,
    /// By what the PE knows it again; those of one PE count up.
    pub ticket: u32,
    /// Accesses, each of as many bytes as the buffer's energy is charged for.
    pub accesses: u32,
}

/// A message between two actors of the accelerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Message {
    /// To the control block: begin.
    Start,
    /// To, from and within main memory.
    Memory(MemoryMessage),
    /// Control block to DMA: move data.
    Transfer(Transfer),
    /// DMA to a buffer: a block has arrived; `completes` its transfer or not.
    BlockFilled {
        /// The transfer.
        transfer: TransferId,
        /// Whether it was the last block.
        completes: bool,
    },
    /// DMA to a buffer: a block goes out to main memory.
    BlockDrained {
        /// The transfer.
        transfer: TransferId,
        /// Whether it was the last block.
        completes: bool,
    },
    /// Buffer to control block: the transfer is complete.
    TransferDone(TransferId),
    /// Control block to a buffer: this much is now taken.
    Reserve(Bytes),
    /// Control block to a buffer: this much is free again.
    Release(Bytes),
    /// PE to a buffer of limited bandwidth.
    BufferRequest(BufferRequest),
    /// A buffer to itself: the cycle is over, and what was asked in it has its turn.
    ServePorts,
    /// Buffer to PE: when the accesses of a request are done.
    BufferServed {
        /// The request.
        ticket: u32,
        /// When it is done.
        end: Tick,
    },
    /// Control block to PE: a run for lane or module number `unit`.
    IssueRun {
        /// The lane, softmax module or layer-norm module within the PE.
        unit: u16,
        /// The work.
        run: Run,
    },
    /// PE to a lane or module: begin the run.
    StartRun(Run),
    /// Lane to PE.
    FetchOperands(OperandFetch),
    /// PE to DynaProp: operands are in the lane's FIFO.
    OperandsFetched(TileWork),
    /// DynaProp to the pre-compute sparsity module: small magnitudes are zero now.
    TilePruned(TileWork),
    /// Pre-compute sparsity module to MAC lane: only pairs that count are left.
    PairsMatched(TileWork),
    /// A softmax or layer-norm module to itself: a tile is done.
    TileFinished,
    /// Lane or module to control block: ready for the next run.
    UnitFree {
        /// The PE.
        pe: u16,
        /// The unit within it.
        unit: u16,
        /// What kind of unit.
        kind: RunKind,
        /// When its last tile will be done.
        busy_until: Tick,
    },
    /// MAC lane to its post-compute sparsity module: a run's result, zeros in place.
    ResultReady(Run),
    /// Post-compute module, softmax or layer-norm module to PE: zero-free result and mask, to be written back.
    ResultCompressed(Run),
    /// PE to control block: the result is in the buffer.
    RunRetired(Run),
    /// Control block to a source of background traffic: its transformer is finished.
    TransformerFinished,
}

impl SimMessage for Message {
    #[inline]
    fn fingerprint(&self) -> u64 {
        match self {
            Self::Start => 1,
            Self::Memory(message) => mix(2, message.fingerprint()),
            Self::Transfer(transfer) => mix(
                mix(3, u64::from(transfer.id.0)),
                transfer.address ^ transfer.bytes,
            ),
            Self::BlockFilled { transfer, completes } => {
                mix(4, (u64::from(transfer.0) << 1) | u64::from(*completes))
            }
            Self::BlockDrained { transfer, completes } => {
                mix(5, (u64::from(transfer.0) << 1) | u64::from(*completes))
            }
            Self::TransferDone(transfer) => mix(6, u64::from(transfer.0)),
            Self::Reserve(bytes) => mix(7, bytes.0),
            Self::Release(bytes) => mix(8, bytes.0),
            Self::IssueRun { unit, run } => mix(mix(9, u64::from(*unit)), run.fingerprint()),
            Self::StartRun(run) => mix(10, run.fingerprint()),
            Self::FetchOperands(fetch) => {
                let bytes = (u64::from(fetch.activation_bytes()) << 32) | u64::from(fetch.weight_bytes());
                mix(
                    mix(11, fetch.work.tile.packed()),
                    bytes ^ (u64::from(fetch.lane) << 20),
                )
            }
            Self::OperandsFetched(work) => tile_fingerprint(12, work),
            Self::TilePruned(work) => tile_fingerprint(13, work),
            Self::PairsMatched(work) => tile_fingerprint(14, work),
            Self::TileFinished => 15,
            Self::UnitFree {
                pe,
                unit,
                kind,
                busy_until,
            } => mix(
                mix(16, busy_until.0),
                (u64::from(*pe) << 24) | (u64::from(*unit) << 8) | *kind as u64,
            ),
            Self::ResultReady(run) => mix(17, run.fingerprint()),
            Self::ResultCompressed(run) => mix(18, run.fingerprint()),
            Self::RunRetired(run) => mix(19, run.fingerprint()),
            Self::TransformerFinished => 20,
            Self::BufferRequest(request) => mix(
                mix(21, u64::from(request.pe.0)),
                (u64::from(request.ticket) << 32) | u64::from(request.accesses),
            ),
            Self::ServePorts => 22,
            Self::BufferServed { ticket, end } => mix(mix(23, end.0), u64::from(*ticket)),
        }
    }
}

#[inline]
fn tile_fingerprint(step: u64, work: &TileWork) -> u64 {
    mix(
        mix(step, work.tile.packed()),
        (u64::from(work.pairs) << 32) ^ u64::from(work.left_tensor),
    )
}

impl From<MemoryMessage> for Message {
    fn from(message: MemoryMessage) -> Self {
        Self::Memory(message)
    }
}

/// Messages are copied from queue to actor: a large one would slow every event.
const _: () = assert!(size_of::<Message>() <= 56);

/// The traffic that a tensor of the weight buffer, or a gradient of weights, counts as.
pub fn traffic_of(kind: TensorKind) -> Traffic {
    match kind {
        TensorKind::Weight | TensorKind::Constant => Traffic::Weights,
        TensorKind::Activation => Traffic::Activations,
        TensorKind::Gradient | TensorKind::OptimizerState => Traffic::Gradients,
    }
}
