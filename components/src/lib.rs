//! The parts of a transformer accelerator, as event-driven actors.

pub mod memory;
