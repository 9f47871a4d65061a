//! What the watchdog says: who waits for what, and for whom.

use components::Component;
use components::memory::RequestorName;
use components::memory::description::Scheduling;
use sim_core::{Tick, Ticks};

use super::{Finding, Watchdog, control_block};
use crate::system::{MainMemory, Plan};

impl Watchdog {
    /// The sentence that ends the run.
    pub(super) fn sentence(&self, finding: &Finding, plan: &Plan, actors: &[Component], now: Tick) -> String {
        let machine_name = |machine| group_of_machine(machine, plan);
        match finding {
            Finding::Idle { machine } => {
                let idle = now.since(self.machines[*machine].content);
                let waits = self.what_waits(*machine, actors);
                format!(
                    "{} has done nothing for {}, and waits for nothing from main memory{}",
                    machine_name(*machine),
                    microseconds(idle, plan),
                    waits.map(|waits| format!("; its {waits}")).unwrap_or_default()
                )
            }
            Finding::Starved { requestors, served } => {
                let waited = requestors
                    .iter()
                    .map(|&one| now.since(self.requestors[one].content));
                let waited = waited.min().unwrap_or(Ticks::ZERO);
                let mut sentence = format!(
                    "nothing of {} was served for {}; {}",
                    listing(requestors, plan),
                    microseconds(waited, plan),
                    who_goes_first(requestors, served, plan)
                );
                for machine in 0..self.machines.len() {
                    let name = machine_name(machine);
                    let starves = requestors
                        .iter()
                        .any(|&one| plan.requestors.get(one).is_some_and(|one| one.group == name));
                    if let Some(waits) = self.what_waits(machine, actors).filter(|_| starves) {
                        sentence.push_str(&format!("; of {name}, {waits}"));
                    }
                }
                sentence
            }
        }
    }

    /// The oldest operation of a machine, and what that waits for.
    fn what_waits(&self, machine: usize, actors: &[Component]) -> Option<String> {
        control_block(actors, &self.addresses[machine])?.stuck_on()
    }
}

fn group_of_machine(machine: usize, plan: &Plan) -> String {
    let first = usize::from(crate::system::requestors::first_of_machine(machine));
    let name = plan
        .requestors
        .get(first)
        .map(|requestor| requestor.group.clone());
    name.unwrap_or_default()
}

fn microseconds(time: Ticks, plan: &Plan) -> String {
    let microseconds = time.0 as f64 / plan.timebase.frequency().hertz() * 1e6;
    format!("{microseconds:.0} us")
}

/// Requestors by name, those of one machine together.
fn listing(requestors: &[usize], plan: &Plan) -> String {
    let requestors = requestors.iter().filter_map(|&one| plan.requestors.get(one));
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for requestor in requestors {
        let (group, name) = (&*requestor.group, &*requestor.name);
        let kind = name.rsplit('.').next().unwrap_or(name);
        let kind = (name != group).then_some(kind);
        match groups.iter_mut().find(|(listed, _)| *listed == group) {
            Some((_, kinds)) => kinds.extend(kind),
            None => groups.push((group, kind.into_iter().collect())),
        }
    }
    let groups = groups.into_iter().map(|(group, kinds)| match kinds.is_empty() {
        true => group.to_owned(),
        false => format!("{group} ({})", kinds.join(", ")),
    });
    groups.collect::<Vec<_>>().join(", ")
}

/// Who keeps the starved requestors waiting.
fn who_goes_first(starved: &[usize], served: &[usize], plan: &Plan) -> String {
    if served.is_empty() {
        return "main memory has served nobody else either".to_owned();
    }
    let best = starved.iter().map(|&one| rank(one, plan)).min();
    let before = |&&one: &&usize| best.is_some_and(|best| rank(one, plan) < best);
    let first: Vec<usize> = served.iter().filter(before).copied().collect();
    match (first.len(), served.len()) {
        (0, 1) => format!("{} was served in the meantime", listing(served, plan)),
        (0, _) => format!("{} were served in the meantime", listing(served, plan)),
        (1, _) => format!("{} has priority", listing(&first, plan)),
        _ => format!("{} have priority", listing(&first, plan)),
    }
}

/// A requestor's place under strict priority; 0 for all without it.
fn rank(requestor: usize, plan: &Plan) -> usize {
    let MainMemory::Banked(memory) = &plan.memory else {
        return 0;
    };
    let (Scheduling::Priority(order), Some(requestor)) = (
        &memory.description().controller.scheduling,
        plan.requestors.get(requestor),
    ) else {
        return 0;
    };
    let is_meant = |pattern: &String| RequestorName::is_meant_by(requestor, pattern);
    order.iter().position(is_meant).unwrap_or(order.len())
}
