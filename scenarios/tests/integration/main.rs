//! The scenario files, through the public interface.

mod diagnostics;
#[cfg(test)]
mod door;
mod fuzz;
mod hostile;
mod library;
mod mutation;
mod overlay;
mod regions;
mod stalls;
mod weights;
