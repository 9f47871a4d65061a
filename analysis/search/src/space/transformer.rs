//! The transformers of the published space (FlexiBERT 2.0, as in github.com/jha-lab/transcode, BSD-3-Clause).
//!
//! 2 to 12 layers, an even number; each is 128, 256, 512 or 768 wide, has 2, 4, 8 or 12 heads of seven kinds, and one to three
//! feed-forward widths. The published form is a vector of 37 numbers ([`Genome::to_vector`]); strategies step through a
//! [`Genome`], whose parts mean something. Every value of these types is a transformer of the space.

mod convert;
mod describe;
mod genome;
mod heads;
mod layer;
mod stack;
mod vector;

pub use convert::NotInSpace;
pub use genome::{DEPTHS, Genome, MOST_LAYERS};
pub(crate) use heads::multisets;
pub use heads::{HEAD_COUNTS, Heads};
pub use layer::{LayerGenes, WIDTHS};
pub use stack::{FEED_FORWARD_WIDTHS, LONGEST_STACK, Stack};
pub use vector::{VECTOR_LENGTH, VectorError};
