//! Everything that can be wrong with a description, said in the user's terms.

use std::fmt;

use super::{
    Arbitration, Cells, CommandQueues, EnergyModel, HitCap, MemoryDescription, RefreshPolicy,
    TransactionQueues, WriteDrain,
};

/// One thing that is wrong with a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The field, as a path from the description.
    pub field: &'static str,
    /// What is wrong with it.
    pub message: String,
    /// What would be accepted.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.field, self.message, self.remedy)
    }
}

/// Cycles beyond which a timing is taken for a mistake: keeps sums of timings far from overflow.
const MOST_CYCLES: u64 = 1 << 24;
/// Banks of one channel that the scheduler's bit masks can hold.
const MOST_BANKS: u64 = 64;
/// Channels that one memory may have.
const MOST_CHANNELS: u32 = 1024;
/// Actors (channels, ranks and banks) that one memory may have.
const MOST_ACTORS: u64 = 1 << 16;
/// The largest weight of a share.
const MOST_WEIGHT: u32 = 1000;
/// Places of one queue.
const MOST_PLACES: u32 = 4096;

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn check(
        &mut self,
        holds: bool,
        field: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        if !holds {
            self.0.push(Problem {
                field,
                message: message.into(),
                remedy: remedy.into(),
            });
        }
    }

    fn power_of_two(&mut self, field: &'static str, value: u32, most: u32) {
        self.check(
            value.is_power_of_two() && value <= most,
            field,
            format!("{value} is not possible"),
            format!("a power of two from 1 to {most}"),
        );
    }

    fn amount(&mut self, field: &'static str, value: f64) {
        self.check(
            value.is_finite() && (0.0..=1e9).contains(&value),
            field,
            format!("{value} is not possible"),
            "a number from 0 to 1e9",
        );
    }

    fn places(&mut self, field: &'static str, value: u32) {
        self.check(
            (1..=MOST_PLACES).contains(&value),
            field,
            format!("a queue of {value} places is not possible"),
            format!("from 1 to {MOST_PLACES}"),
        );
    }
}

pub(super) fn problems(description: &MemoryDescription) -> Vec<Problem> {
    let mut problems = Problems::default();
    organisation(description, &mut problems);
    clock(description, &mut problems);
    timing(description, &mut problems);
    energy(description, &mut problems);
    controller(description, &mut problems);
    problems.0
}

fn organisation(description: &MemoryDescription, problems: &mut Problems) {
    let organisation = &description.organisation;
    problems.power_of_two("organisation.channels", organisation.channels, MOST_CHANNELS);
    problems.power_of_two("organisation.ranks", organisation.ranks, 64);
    problems.power_of_two("organisation.bank_groups", organisation.bank_groups, 64);
    problems.power_of_two("organisation.banks_per_group", organisation.banks_per_group, 64);
    problems.power_of_two("organisation.rows", organisation.rows, 1 << 24);
    problems.power_of_two("organisation.columns", organisation.columns, 1 << 20);
    problems.power_of_two("organisation.device_width", organisation.device_width, 4096);
    problems.power_of_two("organisation.bus_width", organisation.bus_width, 4096);
    problems.power_of_two("organisation.burst_length", organisation.burst_length, 256);
    if !problems.0.is_empty() {
        return;
    }
    problems.check(
        organisation.bus_width >= organisation.device_width,
        "organisation.device_width",
        format!(
            "a device of {} bits does not fit a bus of {} bits",
            organisation.device_width, organisation.bus_width
        ),
        "at most organisation.bus_width",
    );
    problems.check(
        organisation.bus_width >= 8,
        "organisation.bus_width",
        "the bus is narrower than a byte",
        "at least 8 bits",
    );
    problems.check(
        organisation.burst_length >= 2 && organisation.burst_length <= organisation.columns,
        "organisation.burst_length",
        format!(
            "a burst of {} transfers is not possible",
            organisation.burst_length
        ),
        format!("from 2 to the number of columns, {}", organisation.columns),
    );
    let banks = u64::from(organisation.ranks)
        * u64::from(organisation.bank_groups)
        * u64::from(organisation.banks_per_group);
    problems.check(
        banks <= MOST_BANKS,
        "organisation.banks_per_group",
        format!("{banks} banks in a channel are too many"),
        format!("ranks x bank_groups x banks_per_group at most {MOST_BANKS}"),
    );
    problems.check(
        u64::from(organisation.channels) * (banks + 1 + u64::from(organisation.ranks)) <= MOST_ACTORS,
        "organisation.channels",
        "the memory has too many banks in all its channels",
        format!("channels, ranks and banks together at most {MOST_ACTORS}"),
    );
    problems.check(
        organisation.capacity_bytes() <= 1 << 50,
        "organisation.rows",
        "the capacity is beyond one PiB",
        "fewer rows, columns, banks, ranks or channels",
    );
}

fn clock(description: &MemoryDescription, problems: &mut Problems) {
    let kilohertz = description.frequency_khz.kilohertz();
    problems.check(
        (1..=100_000_000).contains(&kilohertz),
        "frequency_khz",
        format!("a memory clock of {kilohertz} kHz is not possible"),
        "from 1 to 100000000 (100 GHz)",
    );
    if let Some(time) = description.cycle_time_ns {
        problems.check(
            time.0.is_finite() && time.0 > 0.0 && time.0 <= 1e6,
            "cycle_time_ns",
            format!("a cycle of {} ns is not possible", time.0),
            "above 0, at most 1e6; or leave it out",
        );
    }
}

fn timing(description: &MemoryDescription, problems: &mut Problems) {
    let timing = &description.timing;
    let cycles = [
        ("timing.additive_latency", timing.additive_latency),
        ("timing.read_latency", timing.read_latency),
        ("timing.write_latency", timing.write_latency),
        ("timing.activate_to_read", timing.activate_to_read),
        ("timing.activate_to_write", timing.activate_to_write),
        ("timing.precharge", timing.precharge),
        ("timing.activate_to_precharge", timing.activate_to_precharge),
        ("timing.column_to_column", timing.column_to_column),
        (
            "timing.column_to_column_same_group",
            timing.column_to_column_same_group,
        ),
        ("timing.activate_to_activate", timing.activate_to_activate),
        (
            "timing.activate_to_activate_same_group",
            timing.activate_to_activate_same_group,
        ),
        ("timing.four_activate_window", timing.four_activate_window),
        ("timing.write_to_read", timing.write_to_read),
        ("timing.write_to_read_same_group", timing.write_to_read_same_group),
        ("timing.write_recovery", timing.write_recovery),
        ("timing.read_to_precharge", timing.read_to_precharge),
        ("timing.rank_switch", timing.rank_switch),
        ("timing.refresh_interval", timing.refresh_interval),
        ("timing.refresh_cycle", timing.refresh_cycle),
        ("timing.bank_refresh_interval", timing.bank_refresh_interval),
        ("timing.bank_refresh_cycle", timing.bank_refresh_cycle),
        ("timing.write_pulse", timing.write_pulse),
        ("timing.write_pause", timing.write_pause),
    ];
    for (field, value) in cycles {
        problems.check(
            value.0 <= MOST_CYCLES,
            field,
            format!("{} cycles are not possible", value.0),
            format!("at most {MOST_CYCLES}"),
        );
    }
    for (field, value) in [
        ("timing.activate_to_read", timing.activate_to_read),
        ("timing.activate_to_write", timing.activate_to_write),
    ] {
        problems.check(
            value >= timing.additive_latency,
            field,
            format!("{} cycles are shorter than additive_latency", value.0),
            format!("at least {}", timing.additive_latency.0),
        );
    }
}

/// Between refreshes there must be time to close the rows, to refresh, and to serve at least one request: rows
/// would else be opened and closed for ever.
fn refresh_period(description: &MemoryDescription, problems: &mut Problems) {
    let timing = &description.timing;
    let organisation = &description.organisation;
    let ranks = u64::from(organisation.ranks);
    let banks = ranks * u64::from(organisation.banks_per_rank());
    // The field, how often some refresh falls due, how often the same one does, and how long it takes.
    let (field, interval, round, refresh) = match description.controller.refresh {
        RefreshPolicy::None => return,
        RefreshPolicy::AllBank => {
            let interval = timing.refresh_interval.0;
            (
                "timing.refresh_interval",
                interval / ranks,
                interval,
                timing.refresh_cycle.0,
            )
        }
        RefreshPolicy::Staggered => {
            let interval = timing.refresh_interval.0 / ranks;
            (
                "timing.refresh_interval",
                interval,
                interval * ranks,
                timing.refresh_cycle.0,
            )
        }
        RefreshPolicy::PerBank => {
            let interval = timing.bank_refresh_interval.0;
            (
                "timing.bank_refresh_interval",
                interval,
                interval * banks,
                timing.bank_refresh_cycle.0,
            )
        }
    };
    let write = timing.additive_latency.0 + timing.write_latency.0 + organisation.burst_cycles();
    let closing = timing
        .activate_to_precharge
        .0
        .max(timing.additive_latency.0 + timing.read_to_precharge.0)
        .max(write + timing.write_recovery.0 + timing.write_pulse.0)
        + timing.precharge.0;
    let serving = timing.activate_to_read.0.max(timing.activate_to_write.0)
        + timing
            .activate_to_activate_same_group
            .0
            .max(timing.four_activate_window.0)
        + write
        + timing.write_to_read_same_group.0
        + timing.read_latency.0;
    let needed = refresh + closing + serving;
    problems.check(
        interval > closing && round > needed,
        field,
        format!(
            "a refresh falls due every {interval} cycles, and the same again after {round}, but closing the rows takes \
             {closing}, and refreshing and serving one request {needed} altogether"
        ),
        "a longer interval or shorter timings; `refresh: None` in the controller for memories without refresh",
    );
}

fn energy(description: &MemoryDescription, problems: &mut Problems) {
    match description.energy {
        EnergyModel::Currents {
            vdd,
            idd0,
            idd2n,
            idd3n,
            idd4r,
            idd4w,
            idd5ab,
            idd5pb,
        } => {
            problems.amount("energy.vdd", vdd.0);
            problems.amount("energy.idd0", idd0.0);
            problems.amount("energy.idd2n", idd2n.0);
            problems.amount("energy.idd3n", idd3n.0);
            problems.amount("energy.idd4r", idd4r.0);
            problems.amount("energy.idd4w", idd4w.0);
            problems.amount("energy.idd5ab", idd5ab.0);
            problems.amount("energy.idd5pb", idd5pb.unwrap_or_default().0);
        }
        EnergyModel::Operations {
            activate_pj,
            read_pj,
            write_pj,
            leakage_mw,
        } => {
            problems.amount("energy.activate_pj", activate_pj.0);
            problems.amount("energy.read_pj", read_pj.0);
            problems.amount("energy.write_pj", write_pj.0);
            problems.amount("energy.leakage_mw", leakage_mw.0);
        }
        EnergyModel::PerAccess { access_nj } => problems.amount("energy.access_nj", access_nj),
    }
}

fn controller(description: &MemoryDescription, problems: &mut Problems) {
    let controller = &description.controller;
    let writes = match controller.transaction_queues {
        TransactionQueues::Split { reads, writes } => {
            problems.places("controller.transaction_queues.reads", reads);
            problems.places("controller.transaction_queues.writes", writes);
            writes
        }
        TransactionQueues::Unified { depth } => {
            problems.places("controller.transaction_queues.depth", depth);
            depth
        }
    };
    if let Arbitration::Shares(shares) = &controller.arbitration {
        problems.check(
            shares.values().all(|&weight| (1..=MOST_WEIGHT).contains(&weight)),
            "controller.arbitration",
            "a share is no weight",
            format!("whole numbers from 1 to {MOST_WEIGHT} are accepted"),
        );
    }
    match controller.command_queues {
        CommandQueues::PerBank { depth } | CommandQueues::Unified { depth } => {
            problems.places("controller.command_queues.depth", depth);
        }
    }
    if let WriteDrain::Watermarks { high, low } = controller.write_drain {
        problems.check(
            low < high && high <= writes,
            "controller.write_drain",
            format!("watermarks {low} and {high} do not fit a write queue of {writes} places"),
            "low < high <= the places of the write queue",
        );
    }
    if let HitCap::Soft(cap) | HitCap::Hard(cap) = controller.hit_cap {
        problems.check(
            cap > 0,
            "controller.hit_cap",
            "a cap of 0 hits would serve nothing",
            "at least 1, or Unlimited",
        );
    }
    if matches!(description.cells, Cells::Rram { .. }) {
        problems.check(
            controller.refresh == RefreshPolicy::None,
            "controller.refresh",
            "resistive cells are not refreshed",
            "`refresh: None`",
        );
    }
    // Its sums are within bounds only if each term is.
    if problems.0.is_empty() {
        refresh_period(description, problems);
    }
}
