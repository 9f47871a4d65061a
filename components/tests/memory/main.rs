//! Main memory through its public interface: shipped presets, DRAMsim3's figures, timing rules, closed forms.

mod golden;
mod presets;
