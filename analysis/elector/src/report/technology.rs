//! The reports of `elector memory` without a trace: one technology, or all shipped ones.

use analysis::result::memory::{ShippedMemory, TechnologyResult};
use components::memory::description::{
    Arbitration, Cells, CommandQueues, Controller, EnergyModel, HitCap, PagePolicy, Scheduling,
    TransactionQueues, WriteDrain,
};
use components::units::Bytes;

use super::Style;
use super::table::Table;
use crate::number::{grouped, scaled};

/// The description of a memory.
#[must_use]
pub fn technology_report(technology: &TechnologyResult, style: Style) -> String {
    let headline = format!(
        "{}, {:.2} GB/s at {} MHz; an idle read takes {:.2} ns",
        Bytes(technology.capacity_bytes),
        technology.peak_gb_s,
        technology.clock_mhz,
        technology.idle_read_latency.ns
    );
    let mut text = format!("{}\n{}\n", technology.name, style.bold(&headline));
    for (heading, section) in [
        ("Organisation", organisation(technology)),
        ("Timing", timing(technology)),
        ("Energy", energy(technology)),
        ("Controller", controller(&technology.controller)),
    ] {
        text.push_str(&format!("\n{}\n{section}", style.bold(heading)));
    }
    text
}

fn organisation(technology: &TechnologyResult) -> String {
    let organisation = &technology.organisation;
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("cells", cells(technology.cells));
    row("channels", organisation.channels.to_string());
    row("ranks per channel", organisation.ranks.to_string());
    let banks = organisation.banks_per_rank();
    row(
        "banks per rank",
        match organisation.bank_groups {
            1 => banks.to_string(),
            groups => format!("{banks}, in {groups} groups"),
        },
    );
    row(
        "rows per bank",
        format!(
            "{} of {}",
            grouped(organisation.rows),
            Bytes(technology.row_bytes)
        ),
    );
    row(
        "data bus",
        format!(
            "{} bits, {} per device",
            organisation.bus_width, organisation.device_width
        ),
    );
    row(
        "burst",
        format!(
            "{} transfers, two per cycle, {} in all",
            organisation.burst_length,
            Bytes(u64::from(technology.request_bytes))
        ),
    );
    row("address", technology.address_map.clone());
    table.render(&[0, 1])
}

fn cells(cells: Cells) -> String {
    match cells {
        Cells::Dram => "DRAM".to_owned(),
        Cells::Rram {
            endurance,
            write_pausing,
        } => {
            let endurance = endurance.map_or("endurance not known".to_owned(), |writes| {
                format!("{writes:.0e} writes per cell")
            });
            let pausing = if write_pausing {
                ", reads interrupt writes"
            } else {
                ""
            };
            format!("RRAM, {endurance}{pausing}")
        }
    }
}

fn timing(technology: &TechnologyResult) -> String {
    let mut table = Table::default();
    table.row(["", "cycles", "ns", ""].map(str::to_owned));
    let idle = ("idle read", technology.idle_read_latency, "1 + tRCD + CL + burst");
    let entries = technology
        .timing
        .iter()
        .map(|entry| (entry.symbol.as_ref(), entry.span, entry.name.as_ref()));
    for (symbol, span, name) in entries.chain([idle]).filter(|(_, span, _)| span.cycles > 0) {
        table.row([
            symbol.to_owned(),
            grouped(span.cycles),
            format!("{:.2}", span.ns),
            name.replace('_', " "),
        ]);
    }
    table.render(&[0, 3])
}

fn energy(technology: &TechnologyResult) -> String {
    let energy = &technology.energy;
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row(
        "from",
        match technology.energy_model {
            EnergyModel::Currents { .. } => "currents of a datasheet (IDD)",
            EnergyModel::Operations { .. } => "energies of operations, and leakage",
            EnergyModel::PerAccess { .. } => "one figure per access, background included",
        }
        .to_owned(),
    );
    let joules = |nanojoules: f64| (nanojoules, scaled(nanojoules * 1e-9, "J"));
    let watts = |milliwatts: f64| (milliwatts, scaled(milliwatts * 1e-3, "W"));
    for (name, (value, shown)) in [
        ("activate and precharge", joules(energy.activate_nj)),
        ("read", joules(energy.read_nj)),
        ("write", joules(energy.write_nj)),
        ("refresh of a rank", joules(energy.refresh_nj)),
        ("rank, a bank open", watts(energy.active_standby_mw)),
        ("rank, all closed", watts(energy.idle_standby_mw)),
    ] {
        if value > 0.0 {
            row(name, shown);
        }
    }
    table.render(&[0, 1])
}

fn controller(controller: &Controller) -> String {
    let mut table = Table::default();
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("queues", queues(controller));
    row("scheduling", scheduling(&controller.scheduling));
    row("requestors", arbitration(&controller.arbitration));
    row("rows", page_policy(controller.page_policy));
    row("hits in turn", hit_cap(controller.hit_cap));
    row("writes", write_drain(controller.write_drain));
    row("spared accesses", spared(controller));
    row("refresh", controller.refresh.summary().to_owned());
    let commands = if controller.dual_command {
        "a row and a column command in one cycle"
    } else {
        "one per cycle"
    };
    row("commands", commands.to_owned());
    table.render(&[0, 1])
}

fn queues(controller: &Controller) -> String {
    let transactions = match controller.transaction_queues {
        TransactionQueues::Split { reads, writes } => format!("{reads} reads, {writes} writes"),
        TransactionQueues::Unified { depth } => format!("{depth} requests"),
    };
    let commands = match controller.command_queues {
        CommandQueues::PerBank { depth } => format!("{depth} for each bank"),
        CommandQueues::Unified { depth } => format!("{depth} for all banks"),
    };
    let moves = match controller.moves_per_cycle {
        0 => "as many per cycle as fit".to_owned(),
        moves => format!("{moves} per cycle"),
    };
    format!("{transactions}; then {commands}, {moves}")
}

fn scheduling(scheduling: &Scheduling) -> String {
    match scheduling {
        Scheduling::RoundRobin => "banks in turn".to_owned(),
        Scheduling::FrFcfs => "ready column commands first, then the oldest (FR-FCFS)".to_owned(),
        Scheduling::Fcfs => "in order of arrival".to_owned(),
        Scheduling::Priority(order) => format!("{} first, then FR-FCFS", order.join(", then ")),
    }
}

fn arbitration(arbitration: &Arbitration) -> String {
    match arbitration {
        Arbitration::InTurn => "one request of each in turn".to_owned(),
        Arbitration::Shares(shares) => {
            let shares: Vec<String> = shares
                .iter()
                .map(|(name, weight)| format!("{name} {weight}"))
                .collect();
            format!("bandwidth by weight: {}, others 1", shares.join(", "))
        }
    }
}

fn page_policy(policy: PagePolicy) -> String {
    match policy {
        PagePolicy::Open => "stay open".to_owned(),
        PagePolicy::Closed => "are closed when no request waits for them".to_owned(),
        PagePolicy::Timeout(cycles) => format!("are closed after {} idle cycles", cycles.0),
    }
}

fn hit_cap(cap: HitCap) -> String {
    match cap {
        HitCap::Unlimited => "without limit".to_owned(),
        HitCap::Soft(hits) => format!("{hits}, more while the older request is not ready"),
        HitCap::Hard(hits) => format!("at most {hits} while an older request waits"),
    }
}

fn write_drain(drain: WriteDrain) -> String {
    match drain {
        WriteDrain::Watermarks { high, low } => {
            format!("drained from {high} down to {low}, and while no read waits")
        }
        WriteDrain::FullOrIdle { threshold } => {
            format!("drained when the queue is full, or the banks are idle and over {threshold} wait")
        }
    }
}

fn spared(controller: &Controller) -> String {
    let kinds = [
        (controller.read_forwarding, "reads of waiting writes"),
        (controller.read_merging, "reads of one block"),
        (controller.write_merging, "writes of one block"),
    ];
    let spared: Vec<&str> = kinds
        .iter()
        .filter_map(|&(on, name)| on.then_some(name))
        .collect();
    if spared.is_empty() {
        "none".to_owned()
    } else {
        spared.join(", ")
    }
}

/// All shipped technologies, one per line.
#[must_use]
pub fn technologies_report(shipped: &[ShippedMemory], style: Style) -> String {
    let mut table = Table::default();
    table.row(["", "capacity", "channels", "peak", "clock", ""].map(str::to_owned));
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    for memory in shipped {
        table.row([
            memory.name.clone(),
            or_none(memory.capacity_bytes.map(|bytes| Bytes(bytes).to_string())),
            or_none(memory.channels.map(|channels| channels.to_string())),
            or_none(memory.peak_gb_s.map(|peak| format!("{peak:.1} GB/s"))),
            or_none(memory.clock_mhz.map(|clock| format!("{clock} MHz"))),
            memory.technology.clone(),
        ]);
    }
    format!(
        "{}\n{}\n`elector memory NAME` shows one of them, `elector new --memory NAME` writes it into a file to start from.\n",
        style.bold("Memory technologies"),
        table.render(&[0, 5])
    )
}
