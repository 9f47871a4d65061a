//! The laws of the kernel, through its public interface.
//!
//! - `system`: random machines, which the other modules run
//! - `engines`: all engines deliver the same, in order of (tick, sending)
//! - `runs`: stopping, posting from outside, capacity, shuffled ties
//! - `faults`: what ends a run, and how
//! - `clocks`, `digest`, `random`, `statistics`: the parts around the kernel

mod clocks;
mod digest;
mod engines;
mod faults;
mod random;
mod runs;
mod statistics;
mod system;
