//! The tracks of a trace: the actors of a system by name, and what is computed from what they do.

use super::Plan;
use super::directory::{Directory, TrackKind};

/// An actor, as traces call it, or what is computed from several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name: `pe[3].mac[2]`, `memory.channel[0].bank[5]`, `dma`; those of other transformers begin with their name.
    pub name: String,
    /// What it is.
    pub kind: TrackKind,
    /// The machine that it belongs to, the scenario's own first.
    pub machine: usize,
}

impl Plan {
    /// All actors, in order of their addresses, and after them what is computed from what they do.
    #[must_use]
    pub fn tracks(&self) -> Vec<Track> {
        let directory = Directory::new(self);
        let actors = directory.entries().iter().map(|&entry| Track {
            name: directory.name(entry),
            kind: entry.actor.kind(),
            machine: usize::from(entry.machine),
        });
        let critical_path = Track {
            name: "critical_path".to_owned(),
            kind: TrackKind::CriticalPath,
            machine: 0,
        };
        let power = self.machines().enumerate().map(|(machine, plan)| Track {
            name: match machine {
                0 => "power".to_owned(),
                _ => format!("{}.power", plan.scenario.name),
            },
            kind: TrackKind::Power,
            machine,
        });
        actors.chain([critical_path]).chain(power).collect()
    }
}
