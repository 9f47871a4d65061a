//! The names of rows.

use sim_core::random;

use crate::evaluate::loaded;
use crate::space::Design;
use crate::store::{Fidelity, StoredDesign};
use crate::study::Study;

/// The number of the model: raised whenever a result that is pinned moves, so that rows of different models have different names.
pub(super) const MODEL: u64 = 1;

/// The name of a row: a hash of the scenario that a design gives with each workload, the fidelity and the model.
pub(super) fn id(study: &Study, design: &Design, fidelity: Fidelity) -> String {
    let scenarios = study.workloads.iter().map(|workload| {
        let hash = loaded(study, workload, design).and_then(|loaded| loaded.content_hash());
        hash.map_or_else(|_| text_hash(study, design), |hash| hash.value())
    });
    let fidelity = match fidelity {
        Fidelity::Estimate => 1,
        Fidelity::Simulated => 2,
    };
    let seed = scenarios.fold(random::draw(MODEL, fidelity), |hash, scenario| {
        let half = random::draw(hash, scenario as u64);
        random::draw(half, (scenario >> 64) as u64)
    });
    format!("{seed:016x}")
}

/// A hash of a design that gives no scenario: such a design is refused, but its row needs a name.
fn text_hash(study: &Study, design: &Design) -> u128 {
    let text = serde_json::to_string(&StoredDesign::of(&study.space, design)).unwrap_or_default();
    let hash = text
        .bytes()
        .fold(0, |hash, byte| random::draw(hash, u64::from(byte)));
    u128::from(hash)
}
