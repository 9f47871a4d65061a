//! The command `elector` as a process, and what README and docs say of it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod command;
mod compare_command;
mod estimate_command;
mod guide;
mod import;
mod links;
mod memory_command;
mod page;
mod printed;
mod process;
mod profile_command;
mod search_command;
mod search_page;
mod set;
mod trace_command;
