//! A stand-in for an evaluation, of a few microseconds: bounds that add up softly, and energies in proportion to work.

use scenarios::system::{MachineSizes, area_of, leakage_power, peak_power};

use crate::features::Features;
use crate::objective::Metrics;
use crate::space::{Design, Space};

pub(crate) fn metrics(
    base: &scenarios::Loaded,
    space: &Space,
    features: &Features,
    design: &Design,
    accuracy: Option<f64>,
) -> Metrics {
    let machine = features.machine(design.accelerator.as_ref());
    let bounds = features.bounds(space, design);
    let row = features.row(space, design);
    let feature = |name: &str| {
        let place = crate::features::NAMES.iter().position(|known| *known == name);
        row[place.unwrap_or(0)]
    };
    let work = |name: &str| feature(name).exp2();
    // What does not fit goes to main memory and back.
    let spills = 1.0 + (feature("activation_fill") + 2.0).max(0.0).powi(2) / 8.0;
    let idle = 1.0 + 20.0 / machine.tile_elements().sqrt() + 0.02 * machine.processing_elements.log2();
    let parts = [
        bounds.lanes * idle,
        bounds.softmax,
        bounds.memory * spills,
        bounds.layer_norm,
        bounds.tiles * 4.0,
    ];
    let cycles = parts.map(|part| part.powi(3)).iter().sum::<f64>().cbrt() + 3_000.0 * feature("depth");
    let latency_s = cycles / machine.clock_hz / machine.batch;
    let macs: f64 = [
        "projection_macs",
        "attention_macs",
        "feed_forward_macs",
        "convolution_macs",
    ]
    .map(work)
    .iter()
    .sum();
    let per_byte = 2e-11 + 6e-11 * machine.memory.is_dram + 1e-11 * machine.memory.is_hbm;
    let bytes = (work("weights") / machine.batch) * spills + work("largest_activation") / machine.batch;
    let accesses = macs / machine.tile_y * (machine.activation_mb + machine.weight_mb).sqrt() * 1e-12;
    let dynamic_j = macs * 4e-13 * (1.0 + 4.0 / machine.tile_y) + bytes * per_byte + accesses;
    let loaded = design_sizes(base, space, design);
    let leakage_j = latency_s * leakage_power(&loaded, base.costs()).0 * 1e-3;
    Metrics {
        latency_s,
        dynamic_j,
        leakage_j,
        energy_j: dynamic_j + leakage_j,
        batch_latency_s: latency_s * machine.batch,
        area_mm2: area_of(&loaded, base.costs()).total().0,
        peak_power_w: peak_power(&loaded, base.costs()).0 * 1e-3,
        mean_power_w: (dynamic_j + leakage_j) / latency_s,
        accuracy,
    }
}

fn design_sizes(base: &scenarios::Loaded, space: &Space, design: &Design) -> MachineSizes {
    let mut scenario = base.scenario().clone();
    space.apply(design, &mut scenario);
    MachineSizes::of(&scenario)
}
