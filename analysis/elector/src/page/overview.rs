//! The result of a run in numbers: headline, energy, area, buffers, main memory.

use analysis::result::RunResult;
use maud::{Markup, html};

use super::charts::{BarRow, bars};
use crate::number::{grouped, percent, scaled};

/// The figures that matter first.
pub(super) fn headline(result: &RunResult) -> Markup {
    let machine = &result.machine;
    let energy = machine.energy_nj.total * 1e-9;
    let rate = machine.macs_dense as f64 * 2.0 / machine.seconds;
    let figures = [
        (
            scaled(machine.seconds, "s"),
            format!("latency, {} cycles", grouped(machine.cycles)),
        ),
        (
            scaled(machine.sequences_per_second(), "/s"),
            "sequences".to_owned(),
        ),
        (scaled(rate, "OP/s"), "dense operations, zeros counted".to_owned()),
        (
            percent(machine.utilization.mac_lanes, 1.0),
            "MAC lanes at work".to_owned(),
        ),
        (
            scaled(energy, "J"),
            format!("energy, {}", scaled(energy / machine.seconds, "W")),
        ),
        (format!("{:.1} mm²", machine.area_mm2), "area".to_owned()),
        (
            format!("{:.2} GB/s", result.memory.achieved_gb_s),
            match result.memory.peak_gb_s {
                Some(peak) => format!("of {peak:.1} GB/s of {}", result.memory.technology),
                None => format!("of {}, without limit", result.memory.technology),
            },
        ),
    ];
    html! {
        ul class="headline" {
            @for (figure, what) in figures {
                li { b { (figure) } span { (what) } }
            }
        }
        @if let Some(checks) = &result.checks {
            @if checks.violations.is_empty() {
                p class="good" { "All invariants held." }
            } @else {
                p class="bad" { "Broken invariants: " (checks.violations.join("; ")) }
            }
        }
        @if let Some(values) = &machine.values {
            p class=(if values.is_right() { "good" } else { "bad" }) {
                @if values.is_right() { "Computed numbers are right: " } @else { "Computed numbers are WRONG: " }
                (grouped(values.words)) " words of " (grouped(values.tensors)) " tensors compared."
            }
        }
        @for warning in &machine.density_warnings {
            p class="bad" { "Warning: " (warning.sentence()) "." }
        }
    }
}

/// Energy and area by part.
pub(super) fn parts(result: &RunResult) -> Markup {
    let machine = &result.machine;
    let energies = machine.energy_nj.parts();
    let total = machine.energy_nj.total;
    let energies: Vec<BarRow> = energies
        .into_iter()
        .map(|(name, nj)| BarRow {
            name: name.to_owned(),
            value: nj,
            text: format!("{}  {}", scaled(nj * 1e-9, "J"), percent(nj, total)),
        })
        .collect();
    let areas: Vec<BarRow> = machine
        .area_mm2_by_part
        .parts()
        .into_iter()
        .map(|(name, area)| BarRow {
            name: name.to_owned(),
            value: area,
            text: format!("{area:.2} mm²  {}", percent(area, machine.area_mm2)),
        })
        .collect();
    html! {
        div class="grid2" {
            div class="panel" { h3 { "Energy" } (bars(&format!("{} in all", scaled(total * 1e-9, "J")), &energies)) }
            div class="panel" { h3 { "Area" } (bars(&format!("{:.2} mm² in all", machine.area_mm2), &areas)) }
        }
    }
}

/// Why lanes were idle, over the whole run.
pub(super) fn stalls(result: &RunResult) -> Markup {
    let machine = &result.machine;
    let cycles = machine.cycles as f64;
    let busy = (
        "busy",
        machine.busy_cycles,
        "multiplying, adding, applying the non-linearity",
    );
    let rows: Vec<BarRow> = std::iter::once(busy)
        .chain(machine.stalls.causes())
        .map(|(name, of_cause, _)| BarRow {
            name: name.to_owned(),
            value: of_cause,
            text: format!(
                "{}  {}",
                grouped(of_cause.round() as u64),
                percent(of_cause, cycles)
            ),
        })
        .collect();
    html! {
        div class="panel" {
            h3 { "Where the MAC lanes' time went" }
            (bars("cycles, averaged over all lanes, by what they waited for", &rows))
        }
    }
}

/// Phases of a training step.
pub(super) fn phases(result: &RunResult) -> Option<Markup> {
    let phases = &result.machine.phases;
    (!phases.is_empty()).then(|| {
        let rows: Vec<BarRow> = phases
            .iter()
            .map(|phase| BarRow {
                name: phase.phase.name().to_owned(),
                value: phase.share,
                text: format!("{} cycles  {}", grouped(phase.cycles), percent(phase.share, 1.0)),
            })
            .collect();
        html! { div class="panel" { h3 { "Phases of the step" } (bars("cycles", &rows)) } }
    })
}

/// Buffers and main memory's requestors.
pub(super) fn memory(result: &RunResult) -> Markup {
    html! {
        div class="panel" {
            h3 { "Main-memory traffic by requestor" }
            table class="figures" {
                thead { tr { th { "" } th { "requests" } th { "bytes" } th { "GB/s" } th { "mean ns" } th { "p50" } th { "p99" } th { "max" } } }
                @for requestor in &result.memory.requestors {
                    tr {
                        th scope="row" { (requestor.name) }
                        td { (grouped(requestor.requests)) }
                        td { (grouped(requestor.bytes)) }
                        td { (format!("{:.2}", requestor.achieved_gb_s)) }
                        td { (format!("{:.1}", requestor.latency_ns.mean)) }
                        td { (format!("{:.1}", requestor.latency_ns.p50)) }
                        td { (format!("{:.1}", requestor.latency_ns.p99)) }
                        td { (format!("{:.1}", requestor.latency_ns.max)) }
                    }
                }
            }
        }
    }
}
