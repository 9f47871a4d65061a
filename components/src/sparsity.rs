//! What the sparsity modules on each lane's path compute, as functions on values.
//!
//! A tile is zero-free data and [`mask`] ([`compressed`]); its values are pruned by a threshold ([`mod@prune`]); of two operands
//! only some pairs are worth multiplying ([`matching`], at a [`cost`]); [`product`] is a whole tile operation. [`threshold`]
//! finds the threshold for a wanted sparsity on a profiled [`curve`]; [`top_k`] is the way of pruning that this replaces.
//! The modules themselves, which take time, are actors of a processing element ([`crate::pe`]).

pub mod compressed;
pub mod cost;
pub mod curve;
pub mod keep;
pub mod mask;
pub mod matching;
pub mod product;
pub mod prune;
#[cfg(test)]
mod samples;
pub mod threshold;
pub mod top_k;
