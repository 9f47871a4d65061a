//! A scenario as the published convention sees it.

use scenarios::diagnostics::Problem;
use scenarios::load::library;
use scenarios::schema::{DensitySource, Phase, Reference, Scenario, Sparsity};
use scenarios::{Diagnostics, Loaded};

use super::constants::DENSITY;
use super::{Convention, Estimate, Organisation, PublishedAccelerator, Workload, estimate};

/// Estimates the `loaded` scenario by `convention`. `memory`, if given, replaces the scenario's main memory; otherwise a
/// shipped memory is taken as the organisation of the same technology in AccelTran's machines.
///
/// The published convention ignores loop order, FIFOs, stages, buses, DMA, look-ahead and policy, and always loads the
/// whole embedding table, whatever the scenario says.
///
/// # Errors
/// The convention cannot express the scenario, or the embeddings exceed the weight buffer; each at its place.
pub fn estimate_scenario(
    loaded: &Loaded,
    memory: Option<Organisation>,
    convention: &Convention,
) -> Result<Estimate, Diagnostics> {
    let scenario = loaded.scenario();
    let mut problems = Diagnostics::default();
    problems.extend(beyond_words(loaded));
    let memory = memory.map_or_else(|| organisation(loaded), Ok);
    let memory = match memory {
        Ok(memory) if problems.is_empty() => memory,
        Ok(_) => return Err(problems),
        Err(problem) => {
            problems.push(problem);
            return Err(problems);
        }
    };
    let workload = Workload {
        transformer: &scenario.workload.transformer,
        sequence_length: scenario.workload.sequence_length,
        vocabulary: scenario.workload.vocabulary,
    };
    let accelerator = accelerator(scenario, memory);
    estimate(workload, &accelerator, loaded.costs(), convention)
        .map_err(|error| Diagnostics::at(loaded, error.field(), error.to_string(), ""))
}

fn accelerator(scenario: &Scenario, memory: Organisation) -> PublishedAccelerator {
    let machine = &scenario.accelerator;
    PublishedAccelerator {
        tile: machine.tile.shape(),
        processing_elements: machine.processing_elements,
        lanes_per_pe: machine.lanes_per_pe,
        multipliers_per_lane: machine.multipliers_per_lane,
        softmax_per_pe: machine.softmax_per_pe,
        batch: scenario.workload.batch,
        activation_mb: machine.buffers.activation_mb,
        weight_mb: machine.buffers.weight_mb,
        mask_mb: machine.buffers.mask_mb,
        memory,
        activation_function: scenario.workload.activation_function,
    }
}

/// What in a scenario affects results and has no counterpart in the published convention.
fn beyond_words(loaded: &Loaded) -> Vec<Problem> {
    let (scenario, costs) = (loaded.scenario(), loaded.costs());
    let (accelerator, sparsity) = (&scenario.accelerator, &scenario.sparsity);
    let mut problems = Vec::new();
    let mut refuse = |wrong: bool, path: &str, what: String, help: String| {
        if wrong {
            let message = format!("the published convention cannot express {what}");
            problems.push(loaded.problem(path, message, help));
        }
    };
    refuse(
        scenario.workload.phase == Phase::Training,
        "workload.phase",
        "a training step".to_owned(),
        "`Inference` is accepted; the corrected convention, which is the default, estimates training"
            .to_owned(),
    );
    refuse(
        accelerator.clock_mhz != costs.clock_mhz,
        "accelerator.clock_mhz",
        format!("a clock of {} MHz", accelerator.clock_mhz),
        format!(
            "its powers and bandwidths hold at {} MHz, the clock of the cost table",
            costs.clock_mhz
        ),
    );
    refuse(
        accelerator.word.bits() != costs.word_bits,
        "accelerator.word",
        format!("words of {} bits", accelerator.word.bits()),
        format!("words of {} bits are accepted", costs.word_bits),
    );
    refuse(
        sparsity.source != DensitySource::Uniform,
        "sparsity.source",
        "sampled densities".to_owned(),
        "`Uniform` is accepted".to_owned(),
    );
    for (field, density) in [
        ("activation_density", sparsity.activation_density),
        ("weight_density", sparsity.weight_density),
    ] {
        refuse(
            density != DENSITY,
            &format!("sparsity.{field}"),
            format!("a density of {density}"),
            format!("it takes half of all words for zero: {DENSITY} is accepted"),
        );
    }
    let constant = sparsity.constant_density;
    refuse(
        constant != DENSITY && constant != Sparsity::default().constant_density,
        "sparsity.constant_density",
        format!("a density of {constant}"),
        format!("it takes half of all words for zero, a transform's among them: {DENSITY} is accepted"),
    );
    problems
}

fn shipped_text(memory: &str) -> Option<&'static str> {
    library::text(&format!("memory/{memory}.ron"))
}

fn organisation(loaded: &Loaded) -> Result<Organisation, Problem> {
    let (known, stated) = match &loaded.scenario().memory {
        Reference::Preset(name) => (Organisation::of_shipped(name), name),
        // The text of a shipped memory is that memory.
        Reference::Inline { name, text } if shipped_text(name) == Some(text.as_str()) => {
            (Organisation::of_shipped(name), name)
        }
        Reference::File(name) | Reference::Inline { name, .. } => (None, name),
    };
    known.ok_or_else(|| {
        let shipped: Vec<&str> = Organisation::shipped_names().collect();
        loaded.problem(
            "memory",
            format!("the published convention has no figures for the memory {stated:?}"),
            format!(
                "of the shipped memories, {} have a counterpart; `--memory` takes one of {} instead",
                shipped.join(", "),
                Organisation::names().join(", ")
            ),
        )
    })
}
