//! Fields of a scenario that are changed on the command line.

use clap::Args;
use scenarios::{Diagnostics, Loaded, Setting};

/// What is changed of a scenario once it is loaded.
#[derive(Clone, Debug, Default, Args)]
pub struct Changes {
    /// Set a field of the scenario, as if its file stated it: `accelerator.tile.x=8`, `memory=hbm2`. Can be given several times.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub set: Vec<String>,
}

impl Changes {
    /// The scenario with the changes.
    ///
    /// # Errors
    /// There is no such field, or everything that is wrong with a value or with what comes out.
    pub fn of(&self, loaded: Loaded) -> Result<Loaded, Diagnostics> {
        if self.set.is_empty() {
            return Ok(loaded);
        }
        let settings: Result<Vec<Setting>, Diagnostics> =
            self.set.iter().map(|text| Setting::parse(text)).collect();
        loaded.set(&settings?)
    }
}
