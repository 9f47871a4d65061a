//! The report of `elector estimate`.

use super::Style;
use super::number::{grouped, percent, scaled};
use super::table::Table;
use crate::command::estimate::{Counting, Estimated};

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
        Counting::Corrected => "by the corrected convention",
    };
    format!(
        "{}\n{}\n{convention}\n\n{}\n{}",
        estimated.scenario,
        style.bold(&headline),
        style.bold("Energy"),
        energy(estimated)
    )
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

/// A number of cycles with its thousands apart. Long kernels can make it negative.
fn signed(cycles: i128) -> String {
    let sign = if cycles < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(cycles.unsigned_abs()))
}
