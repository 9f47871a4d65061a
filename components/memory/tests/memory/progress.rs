//! No policy stops a requestor for good: each goes on while others saturate the memory, on every shipped memory.

use memory::description::{Arbitration, Scheduling};
use memory::{Access, MemoryDescription, MemoryPlan};

use crate::presets::{ALL, describe, geometry};
use crate::traffic::{Fate, Wish, run};

/// Requests of each requestor that is watched, and, for each channel, of each that floods the memory.
const WATCHED: u64 = 60;
const FLOOD: u64 = 4_000;

/// What saturates the memory while requestor 0 reads and requestor 1 writes.
const FLOODS: [&[Access]; 3] = [&[Access::Read], &[Access::Write], &[Access::Read, Access::Write]];

fn wishes(first: u64, blocks: u64, count: u64, access: Access) -> Vec<Wish> {
    (0..count)
        .map(|number| Wish {
            cycle: 0,
            address: (first + number * 7 % blocks) * 64,
            access,
        })
        .collect()
}

fn last(fates: &[Fate]) -> u64 {
    fates.iter().map(|fate| fate.answered).max().unwrap_or(0)
}

/// All are there from cycle 0 on: those that are watched must be through before the flood is.
fn check(name: &str, description: MemoryDescription, flood: &[Access]) {
    let what = format!("{name}, {:?}, {flood:?}", description.controller.arbitration);
    let plan = MemoryPlan::new(description).unwrap_or_else(|problems| panic!("{what}: {problems:?}"));
    let part = geometry(&plan).capacity / 64 / 4;
    let flooding = FLOOD * u64::from(plan.description().organisation.channels.min(4));
    let mut requestors = vec![
        wishes(0, part, WATCHED, Access::Read),
        wishes(part, part, WATCHED, Access::Write),
    ];
    let floods = (2..).zip(flood);
    requestors.extend(floods.map(|(number, &access)| wishes(number * part, part, flooding, access)));
    let outcome = run(&plan, requestors, 0);
    let end = outcome.fates[2..]
        .iter()
        .map(|fates| last(fates))
        .min()
        .unwrap_or(0);
    for (watched, fates) in outcome.fates[..2].iter().enumerate() {
        let through = last(fates);
        assert!(
            through < end,
            "{what}: requestor {watched} took {through} cycles beside a flood of {end}"
        );
    }
}

#[test]
fn each_requestor_goes_on_beside_saturating_reads_and_writes() {
    let shares = ["0", "1", "2", "3"].map(|name| (name.to_owned(), 1));
    for name in ALL {
        for arbitration in [Arbitration::InTurn, Arbitration::Shares(shares.clone().into())] {
            for flood in FLOODS {
                let mut description = describe(name);
                description.controller.arbitration = arbitration.clone();
                check(name, description, flood);
            }
        }
    }
}

#[test]
fn priority_over_writes_is_priority_on_every_memory() {
    for name in ALL {
        for flood in FLOODS {
            let mut description = describe(name);
            description.controller.scheduling = Scheduling::Priority(vec!["0".to_owned(), "1".to_owned()]);
            check(name, description, flood);
        }
    }
}
