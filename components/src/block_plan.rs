//! The plan of a machine's buffers: which blocks of tensors are in them, step by step, and what moves for it.
//!
//! An operation is cut twice: into *tiles*, the unit of the PEs, and into *blocks*, the unit of the buffers. The plan turns a
//! program into a sequence of [`Step`]s, each a part of an operation whose blocks are in the buffers together. It alone
//! decides how operations are cut, in which order the steps come, and what is loaded, kept, dropped and written back: by next
//! use (Belady, IBM Systems Journal 5(2), 1966), which is known, as the program is. It is a function of the program, the
//! machine and the [`Blocking`]; it knows no time, so time never changes what moves.

mod account;
mod block_states;
mod blocking;
mod by_role;
mod choice;
mod counted_steps;
mod cut;
mod cut_operation;
mod emit;
mod evictable;
mod least;
mod ledger;
mod pace;
mod part_size;
mod parts;
mod plan_error;
mod planned_room;
mod progress;
mod readers;
mod residency;
mod spill_slots;
mod stage_plan;
mod stage_uses;
mod stated;
mod step;
mod tensor_table;
mod tensors;
mod uses;
mod view;

pub use account::PlanAccount;
pub use blocking::Blocking;
pub use by_role::{BlockRole, PartSizes, SizesByRole};
pub use choice::{Choice, choose};
pub use counted_steps::CountedSteps;
pub use least::least_capacities;
pub use ledger::Ledger;
pub use pace::Rates;
pub use plan_error::PlanError;
pub use progress::Progress;
pub use stage_plan::{BlockPlan, PlanParameters};
pub use stated::StatedBlocks;
pub use step::{Begin, BlockName, End, Eviction, Move, OperandBlocks, Room, StayNumber, Step};
pub(crate) use view::columns_of;
