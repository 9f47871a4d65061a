//! What ranks and banks themselves say of commands: nothing of the earliest ones that the datasheet allows, and something of
//! those a cycle earlier.

use memory::description::Cells;
use memory::{
    Command, DramOperation, MemoryActor, MemoryDescription, MemoryMessage, MemoryPlan, Reply, RequestorId,
    build_memory, collect,
};
use sim_core::{Actor, ActorId, Context, Cycles, Engine, Simulation, Tick, Timebase};

use crate::presets::describe;

enum Part {
    Device(MemoryActor),
    /// Where data go.
    Host,
}

impl Actor for Part {
    type Message = MemoryMessage;

    fn receive(&mut self, message: MemoryMessage, context: &mut Context<'_, MemoryMessage>) {
        if let Self::Device(device) = self {
            device.receive(message, context);
        }
    }
}

/// A command to a bank of the first rank, as its own controller might give it.
#[derive(Clone, Copy, Debug)]
enum Give {
    Act,
    Pre,
    Rd,
    Wr,
    Ref,
    RefBank,
}

use Give::{Act, Pre, Rd, Ref, RefBank, Wr};

/// What the devices of the first rank find wrong with commands of (cycle, bank, command), all to row 0.
fn breaches(description: &MemoryDescription, commands: &[(u64, u8, Give)]) -> Vec<String> {
    let plan = MemoryPlan::new(description.clone()).unwrap();
    let clock = Timebase::of(&[plan.frequency()])
        .unwrap()
        .clock(plan.frequency())
        .unwrap();
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    let ports = build_memory(&plan, clock, &mut |part| simulation.add(Part::Device(part)));
    let host = simulation.add(Part::Host);
    for &(cycle, bank, give) in commands {
        let (to, operation) = addressed(give, host, ports.ranks[0], ports.banks[usize::from(bank)]);
        let command = Command {
            cycle,
            bank,
            operation,
        };
        simulation.post(to, clock.edge(Cycles(cycle)), MemoryMessage::Command(command));
    }
    simulation.run().unwrap();
    let parts = simulation.into_actors();
    let devices = parts.iter().filter_map(|part| match part {
        Part::Device(device) => Some(device),
        Part::Host => None,
    });
    let violations = collect(&plan, clock, devices, Tick(1_000_000)).violations;
    violations.first().map(str::to_owned).into_iter().collect()
}

/// Column commands go to their bank, row commands by way of its rank.
fn addressed(give: Give, host: ActorId, rank: ActorId, bank: ActorId) -> (ActorId, DramOperation) {
    let reply = Reply {
        to: host,
        tag: 0,
        requestor: RequestorId(0),
    };
    match give {
        Act => (rank, DramOperation::Activate { row: 0 }),
        Pre => (rank, DramOperation::Precharge),
        Rd => (bank, DramOperation::Read { row: 0, reply }),
        Wr => (bank, DramOperation::Write { row: 0 }),
        Ref => (rank, DramOperation::Refresh { times: 1 }),
        RefBank => (rank, DramOperation::RefreshBank { times: 1 }),
    }
}

/// The last of `commands` is allowed where it stands; a cycle earlier, `rule` is broken.
fn assert_edge(description: &MemoryDescription, commands: &[(u64, u8, Give)], rule: &str) {
    assert_eq!(
        breaches(description, commands),
        Vec::<String>::new(),
        "{rule}: {commands:?}"
    );
    let mut early = commands.to_vec();
    let last = early.len() - 1;
    early[last].0 -= 1;
    let found = breaches(description, &early);
    let expected = format!("{rule} at cycle {}", early[last].0);
    assert!(
        found.first().is_some_and(|first| first.starts_with(&expected)),
        "{rule}: {early:?}: {found:?}"
    );
}

#[test]
fn each_rule_of_dram_holds_to_the_cycle() {
    let memory = describe("lpddr3-1600");
    let edge = |commands: &[(u64, u8, Give)], rule| assert_edge(&memory, commands, rule);
    edge(&[(0, 0, Act), (15, 0, Rd)], "tRCD");
    edge(&[(0, 0, Act), (15, 0, Wr)], "tRCD");
    edge(&[(0, 0, Act), (34, 0, Pre)], "tRAS");
    // tRP 15 after the precharge; tRC 34 + 15 = 49 is over by then.
    edge(&[(0, 0, Act), (40, 0, Pre), (55, 0, Act)], "tRP");
    edge(&[(0, 0, Act), (40, 0, Rd), (44, 0, Rd)], "tCCD");
    edge(&[(0, 0, Act), (40, 0, Wr), (44, 0, Wr)], "tCCD");
    // The data end at 40 + 9 + 4 = 53, and tWTR is 6.
    edge(&[(0, 0, Act), (40, 0, Wr), (59, 0, Rd)], "tWTR");
    edge(&[(0, 0, Act), (40, 0, Rd), (46, 0, Pre)], "tRTP");
    // 53, and tWR 12.
    edge(&[(0, 0, Act), (40, 0, Wr), (65, 0, Pre)], "tWR");
    edge(&[(0, 0, Act), (8, 1, Act)], "tRRD");
    edge(
        &[(0, 0, Act), (8, 1, Act), (16, 2, Act), (24, 3, Act), (40, 4, Act)],
        "tFAW",
    );
    edge(&[(0, 0, Act), (34, 0, Pre), (49, 0, Ref)], "tRP before REF");
    edge(&[(0, 0, Ref), (168, 0, Act)], "tRFC");
    edge(&[(0, 0, Ref), (168, 0, Ref)], "tRFC between REFs");
    edge(&[(0, 0, RefBank), (72, 0, Act)], "tRFCb");
    edge(&[(0, 0, RefBank), (72, 0, RefBank)], "tRFCb between REFpbs");
    edge(&[(0, 0, Act), (34, 0, Pre), (49, 0, RefBank)], "tRP before REFpb");
    // Another bank does not wait for the refresh of one.
    assert_eq!(
        breaches(&memory, &[(0, 0, RefBank), (1, 1, Act)]),
        Vec::<String>::new()
    );
}

#[test]
fn a_group_of_banks_has_rules_of_its_own() {
    // DDR4-2400: tRRD_S 4, tRRD_L 6; banks 0 to 3 are a group.
    let memory = describe("ddr4-2400");
    let timing = memory.timing;
    assert_eq!(
        (
            timing.activate_to_activate.0,
            timing.activate_to_activate_same_group.0
        ),
        (4, 6)
    );
    assert_edge(&memory, &[(0, 0, Act), (4, 4, Act)], "tRRD");
    assert_edge(&memory, &[(0, 0, Act), (6, 1, Act)], "tRRD_L");
}

/// Resistive cells with a write pulse of 40 cycles: tRCD 10, CWL 4, burst 4, tWTR 3, tRTP 3, tWR 0. A write in cycle 10 has its
/// data at 18 and its pulse until 58.
fn pulses(pausing: bool) -> MemoryDescription {
    let mut memory = describe("rram");
    memory.timing.write_pulse = Cycles(40);
    memory.timing.write_pause = Cycles(if pausing { 1 } else { 0 });
    let Cells::Rram { write_pausing, .. } = &mut memory.cells else {
        unreachable!()
    };
    *write_pausing = pausing;
    memory
}

#[test]
fn a_write_pulse_holds_its_bank() {
    let memory = pulses(false);
    assert_edge(&memory, &[(0, 0, Act), (10, 0, Wr), (58, 0, Pre)], "tWP");
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (58, 0, Rd)],
        "RD during a write pulse",
    );
    // A write's own data come 8 cycles after it: it may be given 8 cycles before the pulse is over.
    assert_edge(&memory, &[(0, 0, Act), (10, 0, Wr), (50, 0, Wr)], "tWP");
    // Another bank is free.
    let other = [(0, 0, Act), (4, 1, Act), (10, 0, Wr), (30, 1, Rd), (34, 1, Pre)];
    assert_eq!(breaches(&memory, &other), Vec::<String>::new());
}

#[test]
fn a_read_that_interrupts_a_write_pulse_makes_it_longer() {
    let memory = pulses(true);
    // A read holds the array for its burst of 4 cycles: 58 + 4.
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (30, 0, Rd), (62, 0, Pre)],
        "tWP",
    );
    // Two reads: 58 + 8.
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (30, 0, Rd), (40, 0, Rd), (66, 0, Pre)],
        "tWP",
    );
    // In the last cycle of the pulse, and in the first after it, where tRTP 3 alone decides.
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (57, 0, Rd), (62, 0, Pre)],
        "tWP",
    );
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (58, 0, Rd), (61, 0, Pre)],
        "tRTP",
    );
    // The next write's data, 8 cycles after it, wait as well.
    assert_edge(
        &memory,
        &[(0, 0, Act), (10, 0, Wr), (30, 0, Rd), (54, 0, Wr)],
        "tWP",
    );
}
