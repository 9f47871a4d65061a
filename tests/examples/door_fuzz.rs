//! Random changes of random fields of scenarios: none panics, each is refused or plans, and what plans runs.
//!
//! `cargo run --release -p tests --example door_fuzz -- 100000 2000`: so many changes, of which so many small machines are run.
//! A third number is the first case, so that one that fails can be looked at alone.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tests::door::{Limits, fuzz};

fn main() -> io::Result<ExitCode> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|number| number.parse().ok())
        .collect();
    let number = |index: usize, default: u64| numbers.get(index).copied().unwrap_or(default);
    let (cases, first) = (number(0, 10_000), number(2, 0));
    let limits = Limits {
        runs: number(1, 200),
        tile_operations: 50_000,
        modules: 1 << 16,
        events: 50_000_000,
    };
    let tally = fuzz(first..first + cases, limits);
    write!(io::stdout(), "{tally}")?;
    Ok(match tally.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
