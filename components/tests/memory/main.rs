//! Main memory through its public interface: shipped presets, DRAMsim3's figures, timing rules, closed forms.

mod closed_forms;
mod command_traces;
mod golden;
mod hostile_descriptions;
mod monitor;
mod policies;
mod presets;
mod properties;
mod recorder;
mod traffic;
