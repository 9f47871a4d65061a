//! The report of `elector estimate`.

use analysis::result::{Counting, Estimated};
use components::operation::Phase;
use estimate::coarse::Details;

use super::Style;
use super::table::Table;
use crate::number::{grouped, percent, scaled};

/// Cycles, time, area and energy in a line, then the energy by group.
#[must_use]
pub fn estimate_report(estimated: &Estimated, style: Style) -> String {
    let estimate = &estimated.estimate;
    let headline = format!(
        "{} cycles  {} at {} MHz  {:.3} mm2  {}",
        signed(estimate.cycles),
        scaled(estimate.seconds, "s"),
        estimate.clock_mhz,
        estimate.area_mm2,
        scaled(estimate.energy_nj.total() * 1e-9, "J")
    );
    let convention = match estimated.convention {
        Counting::Published => {
            "by the published convention; it is not the event-driven model's (docs/conventions.md)"
        }
        Counting::Corrected => {
            "by the corrected convention: the event-driven model in closed form (docs/conventions.md)"
        }
    };
    let caution = estimated.details.as_ref().and_then(|details| details.caution);
    let caution = caution.map_or_else(String::new, |caution| format!("{}\n", caution.sentence()));
    let bounds = estimated.details.as_ref().map_or_else(String::new, |details| {
        format!(
            "\n{}, cycles that each part would need alone; bound by {}\n{}",
            style.bold("Bounds"),
            details.bound_by.name(),
            bounds(details)
        )
    });
    format!(
        "{}\n{}\n{convention}\n{caution}{bounds}\n{}\n{}",
        estimated.scenario,
        style.bold(&headline),
        style.bold("Energy"),
        energy(estimated)
    )
}

/// The bounds of each layer and of all.
fn bounds(details: &Details) -> String {
    let mut table = Table::default();
    let names = details.bounds.parts().map(|(limit, _)| limit.name().to_owned());
    table.row(framed(String::new(), "done at".to_owned(), names, "bound by"));
    let cycles = |cycles: f64| grouped(cycles.round() as u128);
    let trains = details.layers.iter().any(|layer| layer.phase != Phase::Forward);
    for layer in &details.layers {
        let bounds = layer.bounds.parts().map(|(_, bound)| cycles(bound));
        let name = if trains {
            format!("{}, layer {}", layer.phase.name(), layer.layer)
        } else {
            format!("layer {}", layer.layer)
        };
        table.row(framed(
            name,
            cycles(layer.finished),
            bounds,
            layer.bound_by.name(),
        ));
    }
    let bounds = details.bounds.parts().map(|(_, bound)| cycles(bound));
    table.row(framed(
        "all".to_owned(),
        String::new(),
        bounds,
        details.bound_by.name(),
    ));
    table.render(&[0, 8])
}

fn framed(name: String, done: String, bounds: [String; 6], by: &str) -> [String; 9] {
    let [compute, memory, softmax, layer_norm, buffers, dependences] = bounds;
    [
        name,
        done,
        compute,
        memory,
        softmax,
        layer_norm,
        buffers,
        dependences,
        by.to_owned(),
    ]
}

fn energy(estimated: &Estimated) -> String {
    let energy = &estimated.estimate.energy_nj;
    let joules = |nanojoules: f64| scaled(nanojoules * 1e-9, "J");
    let share = |nanojoules: f64| percent(nanojoules, energy.total());
    let mut table = Table::default();
    table.row(["", "working", "leaking", "share"].map(str::to_owned));
    for (name, accesses) in [("main memory", energy.main_memory), ("buffer", energy.buffer)] {
        table.row([name.to_owned(), joules(accesses), String::new(), share(accesses)]);
    }
    for (name, power) in energy.modules() {
        let both = power.dynamic + power.leakage;
        table.row([
            name.to_owned(),
            joules(power.dynamic),
            joules(power.leakage),
            share(both),
        ]);
    }
    let total = energy.total();
    table.row(["total".to_owned(), joules(total), String::new(), share(total)]);
    table.render(&[0])
}

/// A number of cycles with its thousands separated. Long kernels can make it negative.
fn signed(cycles: i128) -> String {
    let sign = if cycles < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(cycles.unsigned_abs()))
}
