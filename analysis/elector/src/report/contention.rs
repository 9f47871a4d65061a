//! The other users of main memory, and the service they got.

use analysis::result::RunResult;
use components::units::Bytes;

use super::table::Table;
use crate::number::{grouped, percent, scaled};

/// Tenants and background traffic; `None` if the transformer had main memory to itself.
pub(super) fn contention(result: &RunResult) -> Option<String> {
    let mut text = String::new();
    if !result.tenants.is_empty() {
        text.push_str(&tenants(result));
    }
    if !result.background.is_empty() {
        text.push_str(&background(result));
    }
    if !result.regions.is_empty() {
        text.push_str(&regions(result));
    }
    (!text.is_empty()).then_some(text)
}

fn tenants(result: &RunResult) -> String {
    let mut table = Table::default();
    table.row(
        [
            "tenant",
            "starts at",
            "latency",
            "cycles",
            "lanes busy",
            "bytes",
            "p99, ns",
        ]
        .map(str::to_owned),
    );
    for tenant in &result.tenants {
        table.row([
            tenant.name.clone(),
            scaled(tenant.start_seconds, "s"),
            scaled(tenant.machine.seconds, "s"),
            grouped(tenant.machine.cycles),
            percent(tenant.machine.utilization.mac_lanes, 1.0),
            Bytes(tenant.bytes).to_string(),
            format!("{:.1}", tenant.latency_ns.p99),
        ]);
    }
    table.render(&[0])
}

fn background(result: &RunResult) -> String {
    let mut table = Table::default();
    table.row(
        [
            "background, delay in ns",
            "requests",
            "bytes",
            "GB/s",
            "mean",
            "p50",
            "p99",
            "max",
        ]
        .map(str::to_owned),
    );
    for source in &result.background {
        let delay = source.delay_ns;
        let [mean, p50, p99, max] =
            [delay.mean, delay.p50, delay.p99, delay.max].map(|ns| format!("{ns:.1}"));
        table.row([
            source.name.clone(),
            grouped(source.requests),
            Bytes(source.bytes).to_string(),
            format!("{:.2}", source.achieved_gb_s),
            mean,
            p50,
            p99,
            max,
        ]);
    }
    table.render(&[0])
}

/// Where each has its part of main memory.
fn regions(result: &RunResult) -> String {
    let mut table = Table::default();
    table.row(
        [
            "part of main memory",
            "from",
            "size",
            "channel",
            "rank",
            "group",
            "bank",
        ]
        .map(str::to_owned),
    );
    for region in &result.regions {
        let number = |place: Option<u32>| place.map(|place| place.to_string()).unwrap_or_default();
        table.row([
            region.name.clone(),
            format!("{:#x}", region.start),
            Bytes(region.bytes).to_string(),
            number(region.channel),
            number(region.rank),
            number(region.bank_group),
            number(region.bank),
        ]);
    }
    table.render(&[0])
}
