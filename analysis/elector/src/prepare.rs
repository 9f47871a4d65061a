//! From what the user names to a plan.

mod memory;

use std::io::{self, Read as _};
use std::path::Path;

use scenarios::diagnostics::Problem;
use scenarios::load::Disk;
use scenarios::load::library::Shelf;
use scenarios::system::Plan;
use scenarios::{Diagnostics, Loaded, Scenario};

pub use memory::{prepare_memory, shipped_memory_text};

/// A plan, and what the user should know although nothing is wrong.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// Warnings of the scenario.
    pub warnings: Diagnostics,
}

/// Loads the scenario at `path` and plans its machine. `-` is standard input; the name of a shipped scenario is
/// taken where there is no such file. `seed`, if given, takes the place of the scenario's own.
///
/// # Errors
/// Everything that is wrong with the scenario, each at its place.
pub fn prepare(path: &Path, seed: Option<u64>) -> Result<Prepared, Diagnostics> {
    let mut loaded = load(path)?;
    if let Some(seed) = seed {
        loaded.scenario.seed = seed;
    }
    Ok(Prepared {
        plan: Plan::load(&loaded, &Disk)?,
        warnings: loaded.warnings,
    })
}

/// Loads the scenario at `path`: a file, `-` for standard input, or the name of a shipped one.
///
/// # Errors
/// Everything that is wrong with it, each at its place.
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    if path == Path::new("-") {
        return Scenario::parse("<stdin>", &read_stdin()?, &Disk);
    }
    match path.to_str() {
        Some(name) if !path.exists() && Shelf::Scenarios.names().any(|shipped| shipped == name) => {
            Scenario::shipped(name)
        }
        _ => Scenario::load(path),
    }
}

fn read_stdin() -> Result<String, Problem> {
    // More than any scenario may have; the loader refuses what is too large.
    const LIMIT: u64 = 64 << 20;
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| Problem::new(format!("cannot read <stdin>: {error}")))?;
    Ok(text)
}
