//! The report of `elector run`: the figure that matters first, then where time, energy and bytes went.

use analysis::result::RunResult;
use components::units::Bytes;

use super::Style;
use super::contention::contention;
use super::memory::memory_section;
use super::path::path_section;
use super::table::Table;
use crate::number::{bandwidth, bar, grouped, percent, scaled, terabytes};

/// A run in words and tables.
#[must_use]
pub fn run_report(result: &RunResult, style: Style) -> String {
    let sections = [
        ("Throughput", Some(throughput(result))),
        ("Phases of the step", phases(result)),
        ("Where the MAC lanes' time went", Some(lanes(result))),
        ("Critical path", result.critical_path.as_ref().map(path_section)),
        ("Utilisation", Some(utilization(result))),
        ("Energy", Some(energy(result))),
        ("Area", Some(area(result))),
        ("Buffers", Some(buffers(result))),
        ("Main memory", Some(memory_section(&result.memory))),
        ("Other users of main memory", contention(result)),
        ("Simulation", Some(simulation(result))),
        ("Numbers", values(result)),
    ];
    let headline = format!(
        "{} cycles  {} at {} MHz",
        grouped(result.machine.cycles),
        scaled(result.machine.seconds, "s"),
        result.machine.clock_mhz
    );
    let mut text = format!("{}\n{}\n", result.scenario, style.bold(&headline));
    for (heading, section) in sections {
        if let Some(section) = section {
            text.push_str(&format!("\n{}\n{section}", style.bold(heading)));
        }
    }
    text
}

fn cells<const N: usize>(cells: [&str; N]) -> [String; N] {
    cells.map(str::to_owned)
}

fn throughput(result: &RunResult) -> String {
    let rate = |count: f64| {
        if result.machine.seconds > 0.0 {
            count / result.machine.seconds
        } else {
            0.0
        }
    };
    let (dense, effective) = (
        rate(result.machine.macs_dense as f64),
        rate(result.machine.macs_effective as f64),
    );
    let mut table = Table::default();
    let sequences = result.machine.sequences_per_second();
    let note = result.machine.steady.map_or(String::new(), |steady| {
        format!("after a first batch of {}", scaled(steady.first_batch_s, "s"))
    });
    table.row([
        "sequences".to_owned(),
        format!("{} /s", grouped(sequences.round() as u64)),
        note,
    ]);
    let of_peak = |macs| format!("{} of peak", percent(macs, result.machine.peak_macs_per_second));
    table.row([
        "effective".to_owned(),
        scaled(2.0 * effective, "OP/s"),
        of_peak(effective),
    ]);
    table.row([
        "dense, zeros counted".to_owned(),
        scaled(2.0 * dense, "OP/s"),
        of_peak(dense),
    ]);
    table.row([
        "peak".to_owned(),
        scaled(2.0 * result.machine.peak_macs_per_second, "OP/s"),
        String::new(),
    ]);
    table.render(&[0, 2])
}

/// The phases of a training step; `None` for inference.
fn phases(result: &RunResult) -> Option<String> {
    let phases = &result.machine.phases;
    if phases.is_empty() {
        return None;
    }
    let mut table = Table::default();
    table.row(cells([
        "",
        "cycles",
        "share",
        "",
        "tile operations",
        "multiplications",
        "main memory",
    ]));
    for phase in phases {
        table.row([
            phase.phase.name().to_owned(),
            grouped(phase.cycles),
            percent(phase.share, 1.0),
            bar(phase.share, 1.0),
            grouped(phase.tile_ops + phase.add_tile_ops),
            grouped(phase.macs_dense),
            Bytes(phase.memory_bytes).to_string(),
        ]);
    }
    Some(table.render(&[0, 3]))
}

fn lanes(result: &RunResult) -> String {
    let causes = result.machine.stalls.causes();
    let whole = result.machine.busy_cycles + causes.iter().map(|(_, cycles, _)| cycles).sum::<f64>();
    let mut table = Table::default();
    let mut row = |name: &str, cycles: f64, meaning: &str| {
        table.row([
            name.to_owned(),
            format!("{cycles:.0}"),
            percent(cycles, whole),
            bar(cycles, whole),
            meaning.to_owned(),
        ]);
    };
    row(
        "busy",
        result.machine.busy_cycles,
        "multiplying, adding, the non-linearity",
    );
    for (name, cycles, meaning) in causes {
        row(name, cycles, meaning);
    }
    table.render(&[0, 3, 4])
}

fn utilization(result: &RunResult) -> String {
    let utilization = result.machine.utilization;
    let mut table = Table::default();
    for (name, share) in [
        ("MAC lanes", utilization.mac_lanes),
        ("softmax", utilization.softmax),
        ("layer norm", utilization.layer_norm),
    ] {
        table.row([name.to_owned(), percent(share, 1.0), bar(share, 1.0)]);
    }
    table.render(&[0, 2])
}

fn energy(result: &RunResult) -> String {
    let energy = &result.machine.energy_nj;
    let watts = |nanojoules: f64| {
        if result.machine.seconds > 0.0 {
            nanojoules * 1e-9 / result.machine.seconds
        } else {
            0.0
        }
    };
    let mut table = Table::default();
    for (name, nanojoules) in energy.parts().into_iter().chain([("total", energy.total)]) {
        table.row([
            name.to_owned(),
            scaled(nanojoules * 1e-9, "J"),
            percent(nanojoules, energy.total),
            scaled(watts(nanojoules), "W"),
        ]);
    }
    table.render(&[0])
}

fn area(result: &RunResult) -> String {
    let mut table = Table::default();
    for (name, area) in result
        .machine
        .area_mm2_by_part
        .parts()
        .into_iter()
        .chain([("total", result.machine.area_mm2)])
    {
        table.row([
            name.to_owned(),
            format!("{area:.3} mm2"),
            percent(area, result.machine.area_mm2),
        ]);
    }
    table.render(&[0])
}

fn buffers(result: &RunResult) -> String {
    let mut table = Table::default();
    table.row(cells([
        "",
        "peak",
        "mean",
        "capacity",
        "peak share",
        "asked",
        "at full rate",
        "can",
    ]));
    for buffer in &result.machine.buffers {
        table.row([
            buffer.name.to_string(),
            Bytes(buffer.peak_bytes).to_string(),
            Bytes(buffer.mean_bytes.round() as u64).to_string(),
            Bytes(buffer.capacity_bytes).to_string(),
            percent(buffer.peak_bytes as f64, buffer.capacity_bytes as f64),
            terabytes(buffer.asked_tb_s),
            buffer.asked_at_full_rate_tb_s.map_or_else(String::new, terabytes),
            bandwidth(buffer.bandwidth_tb_s),
        ]);
    }
    format!(
        "{}  {} slices spilled to main memory\n",
        table.render(&[0]),
        grouped(result.machine.spills)
    )
}

/// Whether the computed numbers were right, if the machine computed with any.
fn values(result: &RunResult) -> Option<String> {
    let check = result.machine.values.as_ref()?;
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    let compared = format!(
        "{} words of {} tensors",
        grouped(check.words),
        grouped(check.tensors)
    );
    row(
        "verdict",
        match check.is_right() {
            true => format!("right: {compared}, none further off than its bound"),
            false => format!("WRONG: {} of {compared}", grouped(check.wrong_words)),
        },
    );
    row(
        "last tensor",
        format!("{:.1e} off, relative to its largest word", check.relative_error),
    );
    row(
        "each operation",
        format!("at most {:.2} steps of the word off", check.worst_rounding_steps),
    );
    if let (Some(loss), Some(reference)) = (check.loss, check.reference_loss) {
        row("loss", format!("{loss:.6}, the reference's {reference:.6}"));
    }
    row("zeros after pruning", percent(check.zero_share, 1.0));
    for (kind, pruned) in &check.pruned {
        let wanted = pruned
            .wanted
            .map(|wanted| format!(", wanted {}", percent(wanted, 1.0)));
        let zeros = percent(pruned.zero_share, 1.0);
        row(&format!("  of {kind}"), zeros + &wanted.unwrap_or_default());
    }
    if let Some(error) = check.pruning_error {
        row(
            "pruning",
            format!("moves the result by {} (root mean square)", percent(error, 1.0)),
        );
    }
    row("out of range", grouped(check.saturated));
    let mut text = table.render(&[0, 1]);
    for warning in &result.machine.density_warnings {
        text.push_str(&format!("  warning: {}\n", warning.sentence()));
    }
    for wrong in &check.wrong {
        let [item, line, column] = wrong.place;
        text.push_str(&format!(
            "  {}: item {item}, row {line}, column {column} is {}, expected {} +- {:.1e}\n",
            wrong.tensor, wrong.found, wrong.expected, wrong.bound
        ));
    }
    Some(text)
}

fn simulation(result: &RunResult) -> String {
    let rate = |count: u64| {
        if result.wall_seconds > 0.0 {
            count as f64 / result.wall_seconds
        } else {
            0.0
        }
    };
    let tiles = result.machine.tile_ops + result.machine.add_tile_ops;
    let mut table = Table::default();
    table.row([
        "events".to_owned(),
        grouped(result.events),
        scaled(rate(result.events), "events/s"),
    ]);
    table.row([
        "tile operations".to_owned(),
        grouped(tiles),
        scaled(rate(tiles), "tiles/s"),
    ]);
    table.row([
        "wall".to_owned(),
        scaled(result.wall_seconds, "s"),
        format!("engine {}", result.engine),
    ]);
    let checks = match &result.checks {
        Some(checks) if checks.violations.is_empty() => "  all invariants held\n",
        _ => "",
    };
    format!("{}{checks}", table.render(&[0]))
}
