//! A whole scenario.

use super::checks::Checks;
use super::rule::{Rule as _, Section, nested, real, value, whole};
use super::section::section;
use super::{Accelerator, Compare, Contention, Reference, Scheduling, Sparsity, Workload};

section! {
    /// A whole scenario, checked, every value in place.
    Scenario, ScenarioFile {
        /// What the scenario is called in reports. Default: the name of its file.
        name: String => value("unnamed scenario".to_owned()),
        /// The workload: what is computed.
        workload: Workload => nested(),
        /// The accelerator.
        accelerator: Accelerator => nested(),
        /// Main memory: `Preset("name")` or `File("file.ron")`. Default: Preset("lpddr3-1600"), as on the edge
        /// machine of AccelTran.
        memory: Reference => value(Reference::Preset("lpddr3-1600".to_owned())),
        /// Area, power and energy of the modules: `Preset("name")` or `File("file.ron")`. Default:
        /// Preset("14nm").
        costs: Reference => value(Reference::Preset("14nm".to_owned())),
        /// Sparsity of the tensors.
        sparsity: Sparsity => nested(),
        /// The order of work.
        scheduling: Scheduling => nested(),
        /// Contention: what else uses main memory.
        contention: Contention => nested(),
        /// What `elector compare` compares.
        compare: Compare => nested(),
        /// Seed of every random draw. Default: 1.
        seed: u64 => whole(0..=u64::MAX, 1),
        /// After how many microseconds of simulated time without progress the run stops, with a sentence that says who
        /// waits for what: a requestor of main memory whom others without end keep waiting, or a machine that does
        /// nothing. Waiting for others that come to an end does not count. Default: None, 10000, or if that is more a
        /// hundred times what the largest transfer or tile operation takes.
        watchdog_us: Option<f64> => real(1e-3..=1e12, 10_000.0),
    } includes {
        /// The scenario of which this one overrides what it states: a file (`"other.ron"`, relative to this file) or
        /// a shipped scenario by name (`"bert-tiny-edge"`).
        base
    }
}

impl Scenario {
    /// The scenario that `file` states, defaults in place; what is impossible goes to `checks`.
    pub(crate) fn read(file: ScenarioFile, checks: &mut Checks) -> Self {
        let mut scenario: Self = Section.read(Some(file), checks);
        scenario.contention.name_all();
        scenario.compare.name_all();
        scenario
    }
}
