//! Idle lanes of several transformers: each machine's lanes wait for its own control block.

use super::{Collector, Gap, IdleCause, IdleLanes};
use crate::inspect::Window;
use crate::{Entry, Header};

/// A collector a machine, by what its tracks' names begin with: nothing, or the transformer's name and a dot.
pub(in crate::inspect) struct Machines {
    window: Window,
    top: usize,
    machines: Vec<(String, Collector)>,
}

impl Machines {
    pub(in crate::inspect) fn new(window: Window, top: usize) -> Self {
        Self {
            window,
            top,
            machines: Vec::new(),
        }
    }

    fn of(&mut self, machine: &str) -> &mut Collector {
        let (window, top) = (self.window, self.top);
        let place = self.machines.iter().position(|(name, _)| name == machine);
        let place = place.unwrap_or_else(|| {
            let collector = Collector::new(window, top);
            self.machines.push((machine.to_owned(), collector));
            self.machines.len() - 1
        });
        &mut self.machines[place].1
    }

    /// Notes a stall of a control block, whatever tracks were asked for.
    pub(in crate::inspect) fn add_reason(&mut self, entry: &Entry<'_>) {
        if let Some(machine) = entry.track.strip_suffix("control_block") {
            self.of(machine).add_reason(entry);
        }
    }

    /// Notes what a lane did.
    pub(in crate::inspect) fn add(&mut self, entry: &Entry<'_>) {
        if let Some(own) = entry.track.rfind("pe[") {
            self.of(&entry.track[..own]).add(entry);
        }
    }

    /// What all of them say together; none if nothing is known of any lane.
    pub(in crate::inspect) fn finish(self, window: Window, header: &Header) -> Option<IdleLanes> {
        let machines = self.machines.into_iter();
        let each = machines.filter_map(|(_, collector)| collector.finish(window, header));
        let mut all = each.reduce(joined)?;
        all.causes
            .sort_by(|left, right| right.cycles.total_cmp(&left.cycles));
        all.gaps
            .sort_by(|left, right| right.cycles.total_cmp(&left.cycles));
        all.gaps.truncate(self.top);
        Some(all)
    }
}

fn joined(one: IdleLanes, other: IdleLanes) -> IdleLanes {
    let lanes = one.lanes + other.lanes;
    let mut causes: Vec<IdleCause> = Vec::new();
    for (of, part) in [(one.lanes, one.causes), (other.lanes, other.causes)] {
        for cause in part {
            let share = cause.share * of as f64 / lanes as f64;
            match causes.iter_mut().find(|known| known.cause == cause.cause) {
                Some(known) => {
                    known.cycles += cause.cycles;
                    known.share += share;
                }
                None => causes.push(IdleCause { share, ..cause }),
            }
        }
    }
    let gaps: Vec<Gap> = one.gaps.into_iter().chain(other.gaps).collect();
    IdleLanes { lanes, causes, gaps }
}
