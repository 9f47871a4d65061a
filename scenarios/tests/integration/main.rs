//! The scenario files, through the public interface.

#[cfg(test)]
mod bandwidth;
mod broadcast;
mod counted_steps;
mod diagnostics;
#[cfg(test)]
mod door;
mod fuzz;
mod hostile;
mod library;
mod loop_orders;
mod mapping;
mod mutation;
mod overlay;
mod regions;
#[cfg(test)]
mod resolved;
#[cfg(test)]
mod set;
mod stalls;
mod weights;
