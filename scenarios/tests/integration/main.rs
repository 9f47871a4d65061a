//! The scenario files, through the public interface.

mod diagnostics;
mod library;
mod mutation;
mod overlay;
