//! The parts of a transformer accelerator, as event-driven actors.
//!
//! A machine is one [`control_block::ControlBlock`] with its program, a [`dma::Dma`], three [`buffer::Buffer`]s,
//! main [`memory`], and processing elements ([`pe`]) whose lanes have [`sparsity`] modules on their path. All are variants of
//! [`Component`] and exchange [`message::Message`]s. This crate knows nothing of files or transformers: it runs any
//! program of [`operation::Operation`]s.

pub mod background;
pub mod block_plan;
pub mod buffer;
pub mod buffer_kind;
mod component;
pub mod control_block;
pub mod data_order;
pub mod density;
pub mod dma;
pub mod energy_part;
pub mod loop_orders;
pub mod message;
pub mod operation;
pub mod pe;
pub mod program;
mod role;
pub mod run_cost;
pub mod runs;
pub mod sparsity;
pub mod stall_cause;
pub mod tile;
pub mod trace_event;
pub mod units;
pub mod values;
pub mod word;
pub mod words;
pub mod work;

pub use component::Component;
pub use memory;
