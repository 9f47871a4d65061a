//! What must hold after every run, whatever the scenario.

use components::buffer::BufferKind;
use components::control_block::StallCause;
use components::density::DensitySource;
use components::energy_part::{Action, Measure};
use components::operation::Phase;
use components::units::{BLOCK, Bytes, NanoJoules};
use sim_core::{Tick, Timebase};

use super::{MachineMeasurements, MachinePlan, Measurements, Plan, area, energy_prices};

/// Every invariant that a run broke, in words; empty if all is well.
#[must_use]
pub fn violations(plan: &Plan, measured: &Measurements) -> Vec<String> {
    let mut broken = Vec::new();
    for (index, (machine, did)) in plan.machines().zip(measured.machines()).enumerate() {
        let before = broken.len();
        tiles_are_conserved(machine, did, &mut broken);
        blocks_reach_the_buffers(did, &mut broken);
        buffers_hold(did, &mut broken);
        not_faster_than_possible(machine, did, &mut broken);
        not_faster_than_the_buffers(machine, did, &mut broken);
        energies_add_up(machine, plan.timebase, did, &mut broken);
        modules_fit_in_the_run(machine, did, &mut broken);
        numbers_are_right(did, &mut broken);
        phases_follow_each_other(machine, did, &mut broken);
        if index > 0 {
            for message in &mut broken[before..] {
                message.insert_str(0, &format!("{}: ", machine.scenario.name));
            }
        }
    }
    bytes_are_conserved(plan, measured, &mut broken);
    memory_not_faster_than_possible(plan, measured, &mut broken);
    let timing = &measured.memory.violations;
    if let Some(first) = timing.first() {
        broken.push(format!(
            "{} memory commands came earlier than allowed, the first: {first}",
            timing.count()
        ));
    }
    broken
}

fn numbers_are_right(measured: &MachineMeasurements, broken: &mut Vec<String>) {
    let Some(check) = measured.values.as_ref().filter(|check| !check.is_right()) else {
        return;
    };
    broken.push(format!(
        "{} words are further off than their bound",
        check.wrong_words
    ));
    for wrong in &check.wrong {
        let [item, row, column] = wrong.place;
        broken.push(format!(
            "{}: item {item}, row {row}, column {column} is {}, expected {} +- {}",
            wrong.tensor, wrong.found, wrong.expected, wrong.bound
        ));
    }
}

fn tiles_are_conserved(plan: &MachinePlan, measured: &MachineMeasurements, broken: &mut Vec<String>) {
    for (role, counts) in &measured.roles {
        if counts.issued != counts.retired {
            broken.push(format!(
                "{} tiles of {role} were issued, but {} retired",
                counts.issued, counts.retired
            ));
        }
        let planned = plan.program.tiles_of(*role);
        if counts.retired != planned {
            broken.push(format!(
                "{} tiles of {role} retired, but the program has {planned}",
                counts.retired
            ));
        }
    }
    let modules = measured.lanes.tiles + measured.softmax_tiles + measured.layer_norm_tiles;
    let retired = measured.tile_operations() + measured.add_tile_operations();
    if modules != retired {
        broken.push(format!(
            "lanes and modules finished {modules} tiles, but {retired} retired"
        ));
    }
    if u128::from(measured.lanes.dense_multiplications) != plan.program.multiplications {
        broken.push(format!(
            "{} multiplications were done or skipped, but the program has {}",
            measured.lanes.dense_multiplications, plan.program.multiplications
        ));
    }
    let effective = plan.program.effective_multiplications(&plan.tiling.densities);
    let follows_densities = plan.density_source == DensitySource::Uniform && measured.values.is_none();
    if follows_densities && measured.lanes.multiplications != effective {
        broken.push(format!(
            "{} multiplications were done, but the densities leave {effective}",
            measured.lanes.multiplications
        ));
    }
    if measured.runs.0 != measured.runs.1 || measured.runs_in_flight != 0 {
        broken.push(format!(
            "{} runs were issued, but {} retired",
            measured.runs.0, measured.runs.1
        ));
    }
}

/// Phases begin in order, the first with the run, and only those that the program has.
fn phases_follow_each_other(plan: &MachinePlan, measured: &MachineMeasurements, broken: &mut Vec<String>) {
    let mut before = measured.started;
    for phase in Phase::ALL {
        let began = measured.phases.began(phase);
        if began.is_some() != (phase == Phase::Forward || plan.trains()) {
            broken.push(format!(
                "the {} phase began when there was none, or never",
                phase.name()
            ));
        }
        let Some(began) = began else { continue };
        if began < before || (phase == Phase::Forward && began != before) || began > measured.finished {
            broken.push(format!(
                "the {} phase began at {began:?}, not in its turn",
                phase.name()
            ));
        }
        before = began;
    }
}

/// Each requestor's bytes are what its machine asked for on its behalf, no more and no less.
fn bytes_are_conserved(plan: &Plan, measured: &Measurements, broken: &mut Vec<String>) {
    let machines = measured.machines().flat_map(|machine| machine.dma_requests);
    let sources = measured.background.iter().map(|source| source.requests);
    let asked = machines.chain(sources).chain(std::iter::repeat(0));
    let seen = measured.memory.requestors.iter();
    let seen = seen.map(|requestor| requestor.bytes).chain(std::iter::repeat(0));
    for ((requestor, asked), seen) in plan.requestors.iter().zip(asked).zip(seen) {
        if asked * BLOCK.0 != seen {
            broken.push(format!(
                "{} asked for {} bytes of main memory, but {seen} came or went",
                requestor.name,
                asked * BLOCK.0
            ));
        }
    }
    let moved = measured.memory.read_bytes + measured.memory.write_bytes;
    let all: u64 = measured
        .memory
        .requestors
        .iter()
        .map(|requestor| requestor.bytes)
        .sum();
    if moved != all {
        broken.push(format!(
            "main memory moved {moved} bytes, but its requestors {all}"
        ));
    }
    let background = measured.background.iter().map(|source| source.outstanding);
    let unanswered: u32 = background.sum();
    if unanswered != 0 {
        broken.push(format!(
            "{unanswered} requests of background traffic were never answered"
        ));
    }
}

fn blocks_reach_the_buffers(measured: &MachineMeasurements, broken: &mut Vec<String>) {
    if measured.dma_outstanding != 0 {
        broken.push(format!(
            "{} requests to main memory were never answered",
            measured.dma_outstanding
        ));
    }
    let asked: u64 = measured.dma_requests.iter().sum::<u64>() * BLOCK.0;
    let buffered: u64 = measured
        .buffers
        .iter()
        .map(|buffer| buffer.blocks_moved * BLOCK.0)
        .sum();
    let added = measured.dma_blocks_added * BLOCK.0;
    if buffered + added != asked {
        broken.push(format!(
            "{asked} bytes were asked of main memory, but buffers took or gave {buffered} and the DMA added to {added}"
        ));
    }
}

fn buffers_hold(measured: &MachineMeasurements, broken: &mut Vec<String>) {
    for buffer in &measured.buffers {
        if buffer.overflows > 0 || buffer.peak > buffer.capacity {
            broken.push(format!(
                "the {} buffer held {} bytes, but has room for {}",
                buffer.kind.name(),
                buffer.peak,
                buffer.capacity
            ));
        }
    }
}

/// Cycles are at least what the multipliers take at their peak.
fn not_faster_than_possible(plan: &MachinePlan, measured: &MachineMeasurements, broken: &mut Vec<String>) {
    let cycles = plan.clock.cycles_spanning(measured.duration()).0;
    let compute = measured.lanes.multiplications / plan.scenario.accelerator.multipliers().max(1);
    if cycles < compute {
        broken.push(format!(
            "{cycles} cycles are fewer than the {compute} that all multipliers need"
        ));
    }
    let available = u128::from(measured.duration().0) * u128::from(plan.scenario.accelerator.lanes());
    let accounted = u128::from(measured.actions[Action::MacLane]) + measured.stalls.total();
    if accounted > available {
        broken.push(format!(
            "lanes worked or waited {accounted} ticks, but there were only {available}"
        ));
    }
}

/// Cycles are at least what each buffer takes for its bytes, and only limited bandwidth is waited for.
fn not_faster_than_the_buffers(plan: &MachinePlan, measured: &MachineMeasurements, broken: &mut Vec<String>) {
    let cycles = plan.clock.cycles_spanning(measured.duration()).0;
    let limits = BufferKind::ALL.map(|kind| (kind, plan.bandwidth(kind)));
    for (kind, bandwidth) in limits {
        let Some(bandwidth) = bandwidth else { continue };
        let Bytes(bytes) = measured.bytes_of(kind, plan.buffer_access());
        let needed = u128::from(bytes) * 8 / u128::from(bandwidth.bits_per_cycle());
        if u128::from(cycles) < needed {
            broken.push(format!(
                "{cycles} cycles are fewer than the {needed} in which the {} buffer moves its {bytes} bytes",
                kind.name()
            ));
        }
    }
    let waited = measured.stalls.lane_ticks(StallCause::BufferBandwidth);
    if waited > 0 && limits.iter().all(|(_, bandwidth)| bandwidth.is_none()) {
        broken.push(format!("lanes waited {waited} ticks for buffers without a limit"));
    }
}

/// Main memory's part of the run is at least what its buses take at their peak.
fn memory_not_faster_than_possible(plan: &Plan, measured: &Measurements, broken: &mut Vec<String>) {
    let memory = &measured.memory;
    // Background traffic is answered after the last transformer is finished.
    let span = match plan.background.is_empty() {
        true => measured.ended.since(Tick::ZERO),
        false => plan.memory_clock.span(sim_core::Cycles(memory.cycles)),
    };
    let seconds = plan.timebase.seconds(span);
    // Reads answered from a waiting write, or by another read's access, never cross the bus.
    let crossing = memory.reads - memory.forwarded_reads - memory.merged_reads;
    let needed = (crossing * BLOCK.0) as f64 / plan.memory.peak_bytes_per_second();
    // One part in a million for the rounding of the division.
    if seconds < needed * (1.0 - 1e-6) {
        broken.push(format!(
            "{seconds} s are fewer than the {needed} s that main memory needs to read its bytes"
        ));
    }
}

/// Energies are sound numbers, and those of single actions add up to them, as power over time takes for granted.
fn energies_add_up(
    plan: &MachinePlan,
    timebase: Timebase,
    measured: &MachineMeasurements,
    broken: &mut Vec<String>,
) {
    let energy = measured.energy(plan, timebase).by_part();
    let prices = energy_prices(plan, timebase);
    for (part, &NanoJoules(charged)) in energy.iter() {
        let priced = prices
            .iter()
            .map(|(action, price)| price[part].0 * measured.actions[action] as f64);
        let sum: f64 = priced.sum();
        let differs = (sum - charged).abs() > charged * 1e-9;
        if differs || !charged.is_finite() || charged < 0.0 {
            broken.push(format!(
                "the energy of {} is {charged} nJ, but its actions cost {sum} nJ",
                part.label()
            ));
        }
    }
    if !area(plan).total().0.is_finite() {
        broken.push("the area is not a number".to_owned());
    }
}

/// No module works for longer than the run lasts.
fn modules_fit_in_the_run(plan: &MachinePlan, measured: &MachineMeasurements, broken: &mut Vec<String>) {
    for module in plan.modules() {
        let action = module.switched_on;
        let available = measured.duration().0 as f64 * module.count;
        if action.measure() != Measure::Time {
            continue;
        }
        if measured.actions[action] as f64 > available {
            broken.push(format!(
                "{action:?} took {} ticks, but there were only {available}",
                measured.actions[action]
            ));
        }
    }
}
