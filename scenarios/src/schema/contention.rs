//! Contention: what else uses main memory while the transformer runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::background::Background;
use super::checks::Checks;
use super::rule::{Rule, each, optional_text, real, text};
use super::section::{section, stated_as_itself};

section! {
    /// Other traffic on the same main memory. By default the transformer has it to itself.
    Contention, ContentionFile {
        /// Other transformers, each on an accelerator of its own. Default: none.
        tenants: Vec<Tenant> => each(16),
        /// Traffic of anything else. Default: none.
        background: Vec<Background> => each(64),
        /// Which requestor the controller serves first. Default: AsMemory.
        arbitration: Arbitration => Arbitrations,
    }
}

section! {
    /// Another transformer on another accelerator, which shares main memory with the scenario's own.
    Tenant, TenantFile {
        /// What its requestors are called in results, before a dot: "second" gives "second.weights". Default:
        /// "tenant-1", "tenant-2", and so on.
        name: String => text(),
        /// Its transformer, accelerator, sparsity, scheduling, costs and seed: those of a shipped scenario by name
        /// ("bert-tiny-edge"), of a file ("other.ron", relative to this file) or of a text that begins with a bracket, whose
        /// memory and contention are not used. Default: None, a second one of this scenario.
        scenario: Option<String> => optional_text(),
        /// When it starts, in microseconds; at the next edge of its clock. Default: 0.
        start_us: f64 => real(0.0..=1e9, 0.0),
    }
}

/// Which requestor a controller serves first when several wait. Requestors are named as in results (`weights`, `camera`), or
/// by machine: `accelerator` is the scenario's own, a tenant's name all of that tenant's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Arbitration {
    /// As the description of the memory says.
    #[default]
    AsMemory,
    /// One request of each in turn.
    InTurn,
    /// Those named first go first, those not named last.
    Priority(Vec<String>),
    /// Bandwidth in proportion to weights (1 to 1000); each requestor not named has a weight of 1.
    Shares(BTreeMap<String, u32>),
}

stated_as_itself!(Arbitration);

struct Arbitrations;

impl Rule<Arbitration> for Arbitrations {
    fn read(&self, stated: Option<Arbitration>, checks: &mut Checks) -> Arbitration {
        if let Some(Arbitration::Shares(shares)) = &stated
            && let Some((name, weight)) = shares.iter().find(|(_, weight)| !(1..=1000).contains(*weight))
        {
            checks.wrong(
                format!("the share of {name:?} cannot be {weight}"),
                "a whole number from 1 to 1000 is accepted",
            );
        }
        stated.unwrap_or_default()
    }
}

impl Contention {
    /// Whether the transformer has main memory to itself.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.tenants.is_empty() && self.background.is_empty()
    }

    /// Gives a name to tenants and sources without one.
    pub(super) fn name_all(&mut self) {
        for (index, tenant) in self.tenants.iter_mut().enumerate() {
            name(&mut tenant.name, "tenant", index);
        }
        for (index, source) in self.background.iter_mut().enumerate() {
            name(&mut source.name, "background", index);
        }
    }
}

fn name(name: &mut String, kind: &str, index: usize) {
    if name.is_empty() {
        *name = format!("{kind}-{}", index + 1);
    }
}
