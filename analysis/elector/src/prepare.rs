//! From what the user names to a plan.

mod memory;

use std::io::{self, Read as _};
use std::path::Path;

use scenarios::diagnostics::Problem;
use scenarios::load::Disk;
use scenarios::system::Plan;
use scenarios::{Diagnostics, Loaded, Scenario};

use crate::command::changes::Changes;

pub use memory::{prepare_memory, shipped_memory_text};

/// A plan and its warnings.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// Warnings of the scenario.
    pub warnings: Diagnostics,
}

/// Loads the scenario at `path`, makes the `changes` and plans its machine. `-` is standard input; if there is no such file, the
/// name of a shipped scenario is accepted. `seed`, if given, replaces the scenario's own.
///
/// # Errors
/// Everything that is wrong with the scenario, each at its place.
pub fn prepare(path: &Path, changes: &Changes, seed: Option<u64>) -> Result<Prepared, Diagnostics> {
    let loaded = with_seed(changes.of(load(path)?)?, seed)?;
    Ok(Prepared {
        plan: Plan::load(&loaded)?,
        warnings: loaded.warnings().clone(),
    })
}

/// The scenario with this seed, if given.
///
/// # Errors
/// A file that the scenario names can no longer be read.
pub fn with_seed(loaded: Loaded, seed: Option<u64>) -> Result<Loaded, Diagnostics> {
    match seed {
        Some(seed) => loaded.with(|scenario| scenario.seed = seed),
        None => Ok(loaded),
    }
}

/// Loads the scenario at `path`: a file, `-` for standard input, or the name of a shipped one.
///
/// # Errors
/// Everything that is wrong with it, each at its place.
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    if path == Path::new("-") {
        return Scenario::parse("<stdin>", &read_stdin()?, Disk);
    }
    Scenario::open(path)
}

fn read_stdin() -> Result<String, Problem> {
    // More than any scenario may have; the loader refuses larger ones.
    const LIMIT: u64 = 64 << 20;
    let mut text = String::new();
    io::stdin()
        .lock()
        .take(LIMIT)
        .read_to_string(&mut text)
        .map_err(|error| Problem::new(format!("cannot read <stdin>: {error}")))?;
    Ok(text)
}
