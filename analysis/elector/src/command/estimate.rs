//! `elector estimate`: area, cycles and energy by formula, without simulating.

use std::io::{IsTerminal as _, stdout};
use std::path::{Path, PathBuf};

use analysis::result::{Counting, Estimated};
use clap::{Args, ValueEnum};
use estimate::published::scenario::estimate_scenario;
use estimate::{Convention, Organisation, PublishedAccelerator, Workload, estimate};
use scenarios::load::library::Shelf;
use scenarios::load::{Disk, Document, Resolver as _};
use scenarios::schema::CostTable;
use scenarios::system::Plan;
use scenarios::transformer::Transformer;
use scenarios::{Diagnostics, Loaded};

use super::changes::Changes;
use super::{print, print_json, warn};
use crate::prepare;
use crate::report::{Style, estimate_report};
use crate::{Failure, Signed};

/// Estimate area, cycles and energy by a closed form, without simulating.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Estimate {
    /// A scenario file, the name of a shipped one, or `-` for standard input.
    #[arg(required_unless_present = "model", conflicts_with_all = ["model", "accelerator"])]
    pub scenario: Option<PathBuf>,
    /// What is changed of the scenario.
    #[command(flatten)]
    pub changes: Changes,
    /// A FlexiBERT model dictionary in JSON, in place of a scenario.
    #[arg(long, requires = "accelerator", conflicts_with = "set", value_name = "M.json")]
    pub model: Option<PathBuf>,
    /// The accelerator for it: 12 numbers separated by commas, or a JSON file with an array of them.
    #[arg(long, requires = "model", value_name = "VECTOR", allow_hyphen_values = true)]
    pub accelerator: Option<String>,
    /// Main memory, in place of the scenario's: technology, banks, ranks and channels, such as rram_16_2_2.
    #[arg(long, requires = "scenario", value_name = "ORGANISATION")]
    pub memory: Option<String>,
    /// The convention to count by. Default: corrected for a scenario, published for a model and an accelerator's vector.
    #[arg(long, value_enum)]
    pub convention: Option<ConventionArgument>,
    /// Print the estimate as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The values of `--convention`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConventionArgument {
    /// As the figures published with arXiv:2303.14882 do.
    Published,
    /// As the event-driven model does, as far as formulas can.
    Corrected,
}

impl From<ConventionArgument> for Counting {
    fn from(argument: ConventionArgument) -> Self {
        match argument {
            ConventionArgument::Published => Self::Published,
            ConventionArgument::Corrected => Self::Corrected,
        }
    }
}

const HELP: &str = "\
VECTOR is tile_b, tile_x, tile_y, PEs, MAC lanes per PE, multipliers per lane, softmax modules per PE, batch size,
activation, weight and mask buffer in MB, and the index of main memory (banks, ranks, channels):
  0 rram 16,2,2   1 rram 8,2,4   2 rram 4,2,8    3 rram 2,2,16  4 rram 32,2,1  5 rram 1,2,32
  6 dram 16,2,2   7 dram 8,2,4   8 dram 32,2,1   9 dram 16,4,1  10 hbm 32,1,4

Examples:
  elector estimate bert-tiny-edge
  elector estimate bert-tiny-edge --convention published
  elector estimate mine.ron --memory rram_16_2_2 --json | jq .cycles
  elector estimate --model bert.json --accelerator 1,16,16,64,16,16,4,4,4,8,1,8
  elector estimate --model bert.json --accelerator vector.json";

impl Estimate {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let estimated = match (&self.scenario, &self.model, &self.accelerator) {
            (Some(scenario), ..) => self.of_scenario(scenario, quiet)?,
            (None, Some(model), Some(vector)) => self.of_pair(model, vector, quiet)?,
            (None, ..) => return Err(Failure::Usage("neither scenario nor model is given".to_owned())),
        };
        if self.json {
            print_json(&Signed::new(&estimated))
        } else {
            print(&estimate_report(&estimated, Style::of(stdout().is_terminal())))
        }
    }

    fn of_scenario(&self, path: &Path, quiet: bool) -> Result<Estimated, Failure> {
        let memory = self.memory.as_deref().map(organisation).transpose()?;
        let loaded = self.changes.of(prepare::load(path)?)?;
        warn(loaded.warnings(), quiet);
        let convention = self.convention.map_or(Counting::Corrected, Counting::from);
        match convention {
            Counting::Published => {
                let estimate = estimate_scenario(&loaded, memory, &Convention::published())?;
                Ok(Estimated::published(loaded.scenario().name.clone(), estimate))
            }
            Counting::Corrected => {
                let loaded = match memory {
                    Some(memory) => loaded.on_memory(memory.as_preset())?,
                    None => loaded,
                };
                let plan = Plan::load(&loaded)?;
                Estimated::corrected(loaded.scenario().name.clone(), &plan)
                    .map_err(|error| Diagnostics::at(&loaded, error.field(), error.to_string(), "").into())
            }
        }
    }

    fn of_pair(&self, model: &Path, vector: &str, quiet: bool) -> Result<Estimated, Failure> {
        let accelerator = accelerator(vector)?;
        let (transformer, warnings) = Transformer::load(model, &Disk)?;
        warn(&warnings, quiet);
        let name = model.display().to_string();
        match self.convention.map_or(Counting::Published, Counting::from) {
            Counting::Published => {
                let costs: CostTable = Document::shipped(Shelf::Costs, "14nm")?.value;
                let workload = Workload::published(&transformer);
                let estimate = estimate(workload, &accelerator, &costs, &Convention::published())
                    .map_err(|error| Failure::Usage(format!("--accelerator {}: {error}", short(vector))))?;
                Ok(Estimated::published(name, estimate))
            }
            Counting::Corrected => {
                let plan = plan_pair(transformer, &accelerator, vector)?;
                Estimated::corrected(name, &plan)
                    .map_err(|error| Failure::Usage(format!("--accelerator {}: {error}", short(vector))))
            }
        }
    }
}

/// The machine of a vector; whatever it does not state takes the default of scenarios.
fn plan_pair(
    transformer: Transformer,
    accelerator: &PublishedAccelerator,
    vector: &str,
) -> Result<Plan, Failure> {
    let plan = Loaded::from_value(accelerator.scenario(transformer)).and_then(|loaded| Plan::load(&loaded));
    plan.map_err(|problems| {
        let listed = problems.iter().map(|problem| {
            let (path, help) = (problem.path(), problem.help());
            let (path, help) = (path.unwrap_or_default(), help.unwrap_or_default());
            format!("{} ({path}: {help})", problem.message())
        });
        let listed: Vec<String> = listed.collect();
        Failure::Usage(format!("--accelerator {}: {}", short(vector), listed.join("; ")))
    })
}

fn organisation(name: &str) -> Result<Organisation, Failure> {
    Organisation::from_name(name).ok_or_else(|| {
        let known = Organisation::names().join(", ");
        Failure::Usage(format!(
            "--memory {}: there is no such organisation; {known} are accepted",
            short(name)
        ))
    })
}

/// The accelerator of twelve numbers, or of the file that holds them.
fn accelerator(text: &str) -> Result<PublishedAccelerator, Failure> {
    let wrong =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("--accelerator {}: {error}", short(text)));
    let is_file = text.ends_with(".json") || Path::new(text).exists();
    if !is_file {
        return PublishedAccelerator::parse_vector(text).map_err(|error| wrong(&error));
    }
    let bytes = Disk.read(Path::new(text)).map_err(|error| wrong(&error))?;
    let array = String::from_utf8(bytes).map_err(|_| wrong(&"this is not text: the bytes are not UTF-8"))?;
    PublishedAccelerator::parse_json(&array).map_err(|error| wrong(&error))
}

/// User input, shortened and without control characters that could redraw the terminal.
fn short(text: &str) -> String {
    const LONGEST: usize = 100;
    let shown: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    if text.chars().count() > LONGEST {
        shown + "…"
    } else {
        shown
    }
}
