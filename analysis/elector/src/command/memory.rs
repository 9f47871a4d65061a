//! `elector memory`: a memory alone, under a trace of requests or at rest.

use std::io::{IsTerminal as _, stdin, stdout};
use std::path::{Path, PathBuf};

use analysis::replay::{TraceInput, replay};
use analysis::result::memory::{NamedMemory, ReplayResult, ShippedMemory, TechnologyResult};
use clap::Args;
use components::memory::MemoryDescription;
use scenarios::Diagnostics;
use scenarios::load::Document;
use scenarios::load::library::Shelf;
use sim_core::Engine;

use super::{print, print_json, require};
use crate::prepare::prepare_memory;
use crate::report::{Style, replay_report, technologies_report, technology_report};
use crate::{Failure, progress};

/// Replay a trace of requests through one memory alone; without a trace, describe the memory; without a memory, list
/// the shipped ones.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub struct Memory {
    /// The name of a shipped technology, a file that describes one, or `-` for standard input.
    #[arg(value_name = "NAME|FILE.ron")]
    pub memory: Option<PathBuf>,
    /// A file of requests, one per line: `0xADDRESS READ|WRITE CYCLE`; `-` for standard input.
    #[arg(long, value_name = "TRACE", requires = "memory")]
    pub replay: Option<PathBuf>,
    /// Requests that may be offered per cycle of the memory's clock.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), requires = "replay")]
    pub requests_per_cycle: u32,
    /// The event queue: wheel, desim or heap. All give the same result.
    #[arg(long, default_value_t = Engine::Wheel, requires = "replay")]
    pub engine: Engine,
    /// List the shipped technologies.
    #[arg(long, conflicts_with_all = ["memory", "replay"])]
    pub list: bool,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

const HELP: &str = "\
Examples:
  elector memory --list
  elector memory hbm2
  elector memory lpddr3-1600 --replay requests.trc
  zcat requests.trc.gz | elector memory mine.ron --replay - --json | jq .memory.achieved_gb_s
  elector new --memory rram mine.ron && elector memory mine.ron

A trace holds one request per line, as DRAMsim3 reads it:
  0x1F40 READ 0
  0x1F80 WRITE 12
Requests are offered in this order, each not before its cycle of the memory's clock; a request whose channel has no
room blocks those behind it. Empty lines and lines that begin with # are skipped; a cycle of 10^15 ends the trace.";

impl Memory {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        match (&self.memory, &self.replay) {
            (Some(memory), Some(trace)) => self.replay(memory, trace, quiet),
            (Some(memory), None) => self.show(&prepare_memory(memory)?),
            (None, _) => self.list(),
        }
    }

    fn replay(&self, memory: &Path, trace: &Path, quiet: bool) -> Result<(), Failure> {
        require(self.engine)?;
        if memory == Path::new("-") && trace == Path::new("-") {
            let message =
                "standard input cannot be both the memory and the trace; put one of them into a file";
            return Err(Failure::Usage(message.to_owned()));
        }
        let memory = prepare_memory(memory)?;
        let trace = match trace.as_os_str() == "-" {
            true => TraceInput::new("<stdin>", stdin().lock()),
            false => TraceInput::open(trace)?,
        };
        let name = trace.name().to_owned();
        let result = progress::show_while(&format!("replaying {name}"), quiet, || {
            replay(&memory, trace, self.requests_per_cycle, self.engine)
        })?;
        mention(&result, &name, &memory);
        if self.json {
            print_json(&result)
        } else {
            print(&replay_report(&result, &name, Style::of(stdout().is_terminal())))
        }
    }

    fn show(&self, memory: &NamedMemory) -> Result<(), Failure> {
        let technology = TechnologyResult::new(memory);
        if self.json {
            print_json(&technology)
        } else {
            print(&technology_report(&technology, Style::of(stdout().is_terminal())))
        }
    }

    fn list(&self) -> Result<(), Failure> {
        let shipped = shipped()?;
        if self.json {
            print_json(&shipped)
        } else {
            print(&technologies_report(&shipped, Style::of(stdout().is_terminal())))
        }
    }
}

/// Warns of what the user should know although nothing is wrong.
fn mention(result: &ReplayResult, trace: &str, memory: &NamedMemory) {
    if result.reads + result.writes == 0 {
        tracing::warn!("{trace} holds no request");
    }
    if result.requests_beyond_capacity > 0 {
        tracing::warn!(
            "{} requests of {trace} lie beyond the {} that {} holds; they wrap around",
            result.requests_beyond_capacity,
            components::units::Bytes(memory.plan.capacity_bytes()),
            memory.name
        );
    }
}

/// All shipped technologies: those at the top level, those in folders, and the ideal memory.
fn shipped() -> Result<Vec<ShippedMemory>, Diagnostics> {
    let mut names: Vec<&str> = Shelf::Memories.names().filter(|name| *name != "ideal").collect();
    names.sort_by_key(|name| (name.contains('/'), *name));
    let banked = names.into_iter().map(|name| {
        let plan = Document::<MemoryDescription>::shipped(Shelf::Memories, name)?.plan()?;
        Ok(ShippedMemory::new(name, &plan))
    });
    banked.chain([Ok(ShippedMemory::ideal())]).collect()
}
