//! The report of `elector check`.

use analysis::result::{Blocks, Resolved};
use components::operation::Role;
use components::units::Bytes;

use super::Style;
use super::table::Table;
use crate::number::{bandwidth, grouped, percent, scaled};

/// The machine of a scenario and its workload.
#[must_use]
pub fn check_report(resolved: &Resolved, style: Style) -> String {
    let mut machine = Table::default();
    let mut row = |name: &str, value: String| machine.row([name.to_owned(), value]);
    row("clock", format!("{} MHz", resolved.clock_mhz));
    row("memory clock", format!("{} MHz", resolved.memory_clock_mhz));
    row("tick", scaled(1e-6 / resolved.tick_mhz, "s"));
    row("processing elements", grouped(resolved.processing_elements));
    row("MAC lanes", grouped(resolved.mac_lanes));
    row("peak", scaled(resolved.peak_macs_per_second, "MAC/s"));
    row(
        "peak memory bandwidth",
        resolved
            .peak_memory_gb_s
            .map_or("without limit".to_owned(), |peak| scaled(peak * 1e9, "B/s")),
    );
    let (used, capacity) = (resolved.memory_used_bytes, resolved.memory_capacity_bytes);
    row(
        "main memory used",
        format!("{} of {}", Bytes(used), Bytes(capacity)),
    );
    row("area", format!("{:.2} mm2", resolved.area_mm2));
    for (part, area) in resolved.area_mm2_by_part.parts() {
        row(
            &format!("  {part}"),
            format!("{area:.3} mm2  {}", percent(area, resolved.area_mm2)),
        );
    }

    let blocks = blocks_report(&resolved.blocks);
    let mut work = Table::default();
    for (role, tiles) in &resolved.tile_ops_by_role {
        work.row([role.to_string(), grouped(*tiles)]);
    }
    let to_come = format!(
        "{} tile operations to come, {} more that add tensors, {} multiplications",
        grouped(resolved.tile_ops),
        grouped(resolved.add_tile_ops),
        grouped(resolved.macs_dense)
    );
    format!(
        "{}\n{}\n{}\n{}\n{}\n{}",
        style.bold(&resolved.scenario),
        machine.render(&[0, 1]),
        style.bold(&format!("blocks: {}", resolved.blocks.sentence())),
        blocks,
        style.bold(&to_come),
        work.render(&[0])
    )
}

/// How full each buffer gets, what moves for the blocks, and which orders of loops were chosen.
pub(super) fn blocks_report(blocks: &Blocks) -> String {
    let mut table = Table::default();
    for buffer in &blocks.buffers {
        let Bytes(peak) = Bytes(buffer.peak_bytes);
        table.row([
            format!("{} buffer", buffer.name),
            format!(
                "at most {} of {}  {}",
                Bytes(peak),
                Bytes(buffer.capacity_bytes),
                percent(peak as f64, buffer.capacity_bytes as f64)
            ),
            format!("at least {} B are needed", grouped(buffer.least_bytes)),
            bandwidth(buffer.bandwidth_tb_s),
        ]);
    }
    let traffic = &blocks.traffic;
    let mut row = |name: &str, bytes: u64, note: String| {
        table.row([name.to_owned(), Bytes(bytes).to_string(), note, String::new()]);
    };
    let again = match traffic.read_again_bytes {
        0 => "each once".to_owned(),
        again => format!("{} of them again", Bytes(again)),
    };
    row("weights read", traffic.weight_bytes, again);
    if traffic.written_back_bytes > 0 {
        row("updates written", traffic.written_back_bytes, String::new());
    }
    let spilled = traffic.spilled_bytes;
    row(
        "spilled",
        spilled,
        format!("{} reloaded", Bytes(traffic.reloaded_bytes)),
    );
    if blocks.chooses_orders() {
        for (order, roles) in blocks.roles_by_order() {
            let roles: Vec<&str> = roles.into_iter().map(Role::name).collect();
            table.row([
                format!("tiles by {order}"),
                roles.join(", "),
                String::new(),
                String::new(),
            ]);
        }
    }
    table.render(&[0, 1, 2, 3])
}
