//! Main memory through its public interface: shipped presets, DRAMsim3's figures, timing rules, closed forms.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod golden;
mod presets;
