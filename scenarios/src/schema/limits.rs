//! The largest values that a scenario may state, each with its reason.
//!
//! Together they keep what a simulator allocates for a valid scenario below [`MAX_MEMORY_BYTES`]. They bound
//! space, not time: a scenario that would simulate for years is still valid.

/// The most memory, in bytes, that simulating any valid scenario may take: 1 GiB.
pub const MAX_MEMORY_BYTES: u64 = 1 << 30;

/// The largest scenario, dictionary, memory or cost file, in bytes: 4 MiB.
pub const MAX_FILE_BYTES: u64 = 4 << 20;

/// The most files in a chain of `base`.
pub const MAX_INCLUDE_DEPTH: usize = 16;

/// The most layers of a transformer.
pub const MAX_LAYERS: usize = 1024;

/// The most heads of a layer.
pub const MAX_HEADS: usize = 1024;

/// The most heads of all layers together; the mapper keeps a record of each.
pub const MAX_HEADS_IN_ALL: usize = 1 << 16;

/// The most hidden widths in a feed-forward stack.
pub const MAX_FEED_FORWARD: usize = 64;

/// The widest layer, head or feed-forward product, in elements.
pub const MAX_WIDTH: u64 = 1 << 20;

/// The most sequences in a batch.
pub const MAX_BATCH: u64 = 1 << 16;

/// The longest sequence, in tokens.
pub const MAX_SEQUENCE: u64 = 1 << 20;

/// The most batches that run one after another.
pub const MAX_BATCHES: u64 = 10_000;

/// The most tokens of a batch: sequences x their length.
pub const MAX_TOKENS: u64 = 1 << 22;

/// The most PEs, which the control block addresses in 16 bits.
pub const MAX_PROCESSING_ELEMENTS: u64 = (1 << 16) - 1;

/// The most MAC lanes or softmax modules of an accelerator; each is an actor of about 256 bytes.
pub const MAX_MODULES: u64 = 1 << 20;

/// The most operand tiles in the FIFOs of all lanes; each takes about 16 bytes.
pub const MAX_FIFO_TILES: u64 = 1 << 24;
