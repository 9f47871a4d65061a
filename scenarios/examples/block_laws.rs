//! Random machines with little room or much: every one runs, moves what its plan says, and computes the right tensors.
//!
//! `cargo run --release -p elector-scenarios --example block_laws -- 1000`: so many machines. A second number is the first case, so
//! that one that fails can be looked at alone.

use std::io::{self, Write as _};
use std::process::ExitCode;

#[path = "../tests/integration/blocks/mod.rs"]
mod blocks;

fn main() -> io::Result<ExitCode> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|number| number.parse().ok())
        .collect();
    let (cases, first) = (
        numbers.first().copied().unwrap_or(1000),
        numbers.get(1).copied().unwrap_or(0),
    );
    let tally = blocks::run(first..first + cases);
    write!(io::stdout(), "{tally}")?;
    Ok(match tally.faults.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}
