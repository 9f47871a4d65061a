//! Activity over time, in a few hundred bins: recorded like a trace, kept in bounded memory, read as rates and curves.

mod curves;
mod rates;
mod timeline;

pub use curves::{Curves, Measure};
pub use rates::Rates;
pub use timeline::{CAUSES, Quantity, Timeline, TimelineSink};
