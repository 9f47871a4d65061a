//! Where energy is charged to.

use components::energy_part::ByPart;
use components::units::NanoJoules;

/// Where energy is charged, by machine: to microseconds of a trace, or to bins of a page.
pub(crate) trait Accounts {
    /// An energy in the form of these accounts: by part, or as a sum.
    type Price: Copy;

    /// Converts an energy by part to a price.
    fn price(energy: &ByPart<NanoJoules>) -> Self::Price;

    /// Charges `amount` times `price`, evenly from tick `start` to tick `end`.
    fn charge(&mut self, machine: usize, start: u64, end: u64, price: &Self::Price, amount: f64);

    /// From `tick` on, charges `factor` times `price` more every tick.
    fn change(&mut self, machine: usize, tick: u64, price: &Self::Price, factor: f64);
}
