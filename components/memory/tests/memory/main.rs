//! Main memory through its public interface: shipped presets, DRAMsim3's figures, timing rules, closed forms.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod closed_forms;
mod command_traces;
mod devices;
mod golden;
mod hostile_descriptions;
mod monitor;
mod policies;
mod presets;
mod progress;
mod properties;
mod recorder;
mod refresh;
mod traffic;
mod worked_out;
