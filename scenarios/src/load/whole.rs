//! Checks of values that are possible alone but not together.

use components::buffer::BufferKind;

use super::block_sizes;
use crate::schema::limits::{MAX_FIFO_TILES, MAX_MODULES, MAX_TOKENS};
use crate::schema::{Accelerator, Checks, Scenario, Weights};

/// Checks limits on products of several fields.
pub(super) fn check(scenario: &Scenario, checks: &mut Checks) {
    checks.involving(MODULES, |checks| modules(scenario, checks));
    checks.involving(TOKENS, |checks| tokens(scenario, checks));
    block_sizes::check(&scenario.accelerator, checks);
    bandwidths(&scenario.accelerator, checks);
    weights(scenario, checks);
}

/// The fields of which the numbers of modules and of their operands are products.
const MODULES: &[&str] = &[
    "accelerator.processing_elements",
    "accelerator.lanes_per_pe",
    "accelerator.operand_fifo_tiles",
    "accelerator.operand_broadcast",
];

/// The fields of which the numbers of tokens and of rows of tiles are products.
const TOKENS: &[&str] = &[
    "workload.batch",
    "workload.sequence_length",
    "workload.phase",
    "workload.transformer",
    "accelerator.tile.b",
    "accelerator.tile.x",
    "accelerator.prefetch_operations",
];

/// A bandwidth is stated by both of its factors, or not at all.
fn bandwidths(accelerator: &Accelerator, checks: &mut Checks) {
    for kind in BufferKind::ALL {
        let ports = accelerator.buffer_bandwidth.of(kind);
        let (stated, missing) = match (ports.banks, ports.width_bits) {
            (Some(_), None) => ("banks", "width_bits"),
            (None, Some(_)) => ("width_bits", "banks"),
            (Some(_), Some(_)) | (None, None) => continue,
        };
        accelerator_field("buffer_bandwidth", checks, |checks| {
            checks.within(kind.name(), |checks| {
                checks.within(stated, |checks| {
                    checks.wrong(
                        format!("`{stated}` is stated without `{missing}`"),
                        "both together are accepted, such as `(banks: 8, width_bits: 512)`, or neither",
                    );
                });
            });
        });
    }
}

/// Warns of a file of weights that a machine without values does not read.
fn weights(scenario: &Scenario, checks: &mut Checks) {
    let names_file = matches!(scenario.workload.weights, Weights::File(_));
    if names_file && !scenario.sparsity.source.computes() {
        checks.within("workload", |checks| {
            checks.within("weights", |checks| {
                checks.warn(
                    "the file is not read, because the machine does not compute with values",
                    "state `sparsity: (source: Values())` or `Wanted()`, or leave the weights out",
                );
            });
        });
    }
}

fn modules(scenario: &Scenario, checks: &mut Checks) {
    let accelerator = &scenario.accelerator;
    let elements = u64::from(accelerator.processing_elements);
    for (field, per_element) in [
        ("lanes_per_pe", accelerator.lanes_per_pe),
        ("softmax_per_pe", accelerator.softmax_per_pe),
    ] {
        let modules = elements * u64::from(per_element);
        if modules > MAX_MODULES {
            accelerator_field(field, checks, |checks| {
                checks.wrong(
                    format!("`processing_elements` x `{field}` is {modules}"),
                    format!(
                        "at most {MAX_MODULES} are accepted, because each is an actor of its own in memory"
                    ),
                );
            });
        }
    }
    let group = &accelerator.operand_broadcast;
    let lanes = group.rows * group.columns;
    if !accelerator.lanes_per_pe.is_multiple_of(lanes) {
        accelerator_field("operand_broadcast", checks, |checks| {
            checks.wrong(
                format!(
                    "groups of {} x {} lanes do not divide the {} lanes of a PE",
                    group.rows, group.columns, accelerator.lanes_per_pe
                ),
                "`rows` x `columns` that divides `lanes_per_pe` is accepted",
            );
        });
    }
    let tiles = accelerator.lanes() * u64::from(accelerator.operand_fifo_tiles);
    if tiles > MAX_FIFO_TILES && accelerator.lanes() <= MAX_MODULES {
        accelerator_field("operand_fifo_tiles", checks, |checks| {
            checks.wrong(
                format!("all lanes together would hold {tiles} operand tiles"),
                format!("at most {MAX_FIFO_TILES} are accepted, because each is kept in memory"),
            );
        });
    }
}

fn tokens(scenario: &Scenario, checks: &mut Checks) {
    let workload = &scenario.workload;
    let tokens = u64::from(workload.batch) * u64::from(workload.sequence_length);
    if tokens > MAX_TOKENS {
        checks.within("workload", |checks| {
            checks.within("sequence_length", |checks| {
                checks.wrong(
                    format!("`batch` x `sequence_length` is {tokens} tokens"),
                    format!("at most {MAX_TOKENS} tokens are accepted in a batch"),
                );
            });
        });
    }
}

fn accelerator_field(field: &str, checks: &mut Checks, look: impl FnOnce(&mut Checks)) {
    checks.within("accelerator", |checks| checks.within(field, look));
}
