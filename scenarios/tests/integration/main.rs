//! The scenario files, through the public interface.

mod diagnostics;
mod door;
mod hostile;
mod library;
mod mutation;
mod overlay;
mod weights;
