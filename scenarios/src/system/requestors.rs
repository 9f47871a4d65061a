//! Requestors of main memory: every kind of traffic of every machine, and every source of background traffic.

use components::memory::RequestorName;
use components::message::Traffic;

use super::Problem;
use crate::schema::{Arbitration, Contention};

/// What the traffic of the scenario's own machine is called as a whole.
pub(super) const OWN_MACHINE: &str = "accelerator";

/// The most that main memory can tell apart.
const MOST: usize = 256;

/// The number of a machine's first requestor.
pub(super) fn first_of_machine(machine: usize) -> u8 {
    (machine * Traffic::ALL.len()) as u8
}

/// The number of a source of background traffic.
pub(super) fn of_source(machines: usize, source: usize) -> u8 {
    (machines * Traffic::ALL.len() + source) as u8
}

/// All requestors, by number.
///
/// # Errors
/// Two have the same name, or there are too many.
pub(super) fn names(contention: &Contention, tenants: usize) -> Result<Vec<RequestorName>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut groups = vec![OWN_MACHINE.to_owned()];
    let stated = |kind: &str, index: usize| format!("contention.{kind}[{index}].name");
    let tenant_names = contention.tenants.iter().take(tenants).enumerate();
    let source_names = contention.background.iter().enumerate();
    let all = tenant_names
        .map(|(index, tenant)| (stated("tenants", index), &tenant.name))
        .chain(source_names.map(|(index, source)| (stated("background", index), &source.name)));
    for (field, name) in all {
        let reserved = Traffic::ALL.iter().any(|traffic| traffic.name() == name);
        if reserved || groups.contains(name) || name.contains('.') {
            let why = if name.contains('.') {
                "holds a dot"
            } else {
                "is taken"
            };
            problems.push(Problem::new(
                field,
                format!("the name {name:?} {why}"),
                format!(
                    "a name of its own without dots is accepted; taken are {}",
                    groups
                        .iter()
                        .map(String::as_str)
                        .chain(Traffic::ALL.map(Traffic::name))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            ));
        }
        groups.push(name.clone());
    }
    let mut requestors = Vec::new();
    for (machine, group) in groups.iter().take(1 + tenants).enumerate() {
        for traffic in Traffic::ALL {
            let name = match machine {
                0 => traffic.name().to_owned(),
                _ => format!("{group}.{}", traffic.name()),
            };
            requestors.push(RequestorName {
                name,
                group: group.clone(),
            });
        }
    }
    requestors.extend(groups.into_iter().skip(1 + tenants).map(RequestorName::alone));
    if requestors.len() > MOST {
        problems.push(Problem::new(
            "contention",
            format!(
                "{} requestors are more than main memory can tell apart",
                requestors.len()
            ),
            format!(
                "at most {MOST} are accepted, {} for each transformer",
                Traffic::ALL.len()
            ),
        ));
    }
    if problems.is_empty() {
        Ok(requestors)
    } else {
        Err(problems)
    }
}

/// Names in an arbitration that no requestor has.
pub(super) fn unknown<'a>(arbitration: &'a Arbitration, requestors: &[RequestorName]) -> Option<&'a str> {
    let listed: Vec<&String> = match arbitration {
        Arbitration::AsMemory | Arbitration::InTurn => Vec::new(),
        Arbitration::Priority(names) => names.iter().collect(),
        Arbitration::Shares(shares) => shares.keys().collect(),
    };
    let is_unknown = |pattern: &str| !requestors.iter().any(|requestor| requestor.is_meant_by(pattern));
    listed
        .into_iter()
        .map(String::as_str)
        .find(|pattern| is_unknown(pattern))
}

/// The names that an arbitration may use, for messages.
pub(super) fn listing(requestors: &[RequestorName]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for requestor in requestors {
        for name in [requestor.group.as_str(), requestor.name.as_str()] {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names.join(", ")
}
