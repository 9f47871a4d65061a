//! Policies other than the default and rare parts of energy, against figures worked out by hand.
//!
//! A request that is sent in cycle 0 is seen in cycle 1 and gets its first command in cycle 2.
//! The memory is LPDDR3-1600 (tRCD 15, CL 12, CWL 9, tRAS 34, tRP 15, tRTP 6, tCCD and burst 4) without refresh,
//! unless stated otherwise.

use memory::description::{Controller, EnergyModel, HitCap, PagePolicy, RefreshPolicy, Scheduling};
use memory::label::CommandKind;
use memory::units::PicoJoules;
use memory::{Access, EnergyTable, MemoryDescription, MemoryPlan};
use sim_core::Cycles;

use crate::presets::describe;
use crate::recorder::Recorded;
use crate::traffic::{Outcome, Wish, run};

/// Bytes from a row of a bank to its next row.
const ROW: u64 = 1 << 16;

fn lpddr3(change: impl FnOnce(&mut Controller)) -> MemoryDescription {
    let mut description = describe("lpddr3-1600");
    description.controller.refresh = RefreshPolicy::None;
    change(&mut description.controller);
    description
}

fn read(cycle: u64, address: u64) -> Wish {
    Wish {
        cycle,
        address,
        access: Access::Read,
    }
}

fn outcome(description: MemoryDescription, wishes: Vec<Wish>, tail: u64) -> Outcome {
    run(&MemoryPlan::new(description).unwrap(), vec![wishes], tail)
}

/// The commands of the first channel.
fn commands(outcome: Outcome) -> Vec<Recorded> {
    outcome.commands.into_values().next().unwrap_or_default()
}

fn cycles_of(commands: &[Recorded], kind: CommandKind) -> Vec<u64> {
    let of_kind = commands.iter().filter(|command| command.kind == kind);
    of_kind.map(|command| command.cycle).collect()
}

#[test]
fn a_row_closes_when_its_timeout_is_over() {
    // The read: ACT in 2, RD in 2 + 15 = 17. Its row may close in max(2 + 34, 17 + 6) = 36 at the earliest.
    for (policy, closes) in [
        (PagePolicy::Closed, Some(36)),
        (PagePolicy::Timeout(Cycles(1)), Some(36)),
        // 17 + 19 = 36, and from then on a cycle later for each cycle more.
        (PagePolicy::Timeout(Cycles(19)), Some(36)),
        (PagePolicy::Timeout(Cycles(20)), Some(37)),
        (PagePolicy::Timeout(Cycles(50)), Some(67)),
        (PagePolicy::Open, None),
    ] {
        let description = lpddr3(|controller| controller.page_policy = policy);
        // The second, to another bank, only keeps the channel awake until after the row has closed.
        let wishes = vec![read(0, 0), read(200, 8192)];
        let commands = commands(outcome(description, wishes, 0));
        let closed = cycles_of(&commands, CommandKind::Precharge);
        assert_eq!(
            closed.first().copied().filter(|&cycle| cycle < 200),
            closes,
            "{policy:?}"
        );
    }
}

#[test]
fn an_access_starts_the_timeout_anew() {
    let description = lpddr3(|controller| controller.page_policy = PagePolicy::Timeout(Cycles(50)));
    // The first would close its row in 17 + 50 = 67. The second is sent in 60, seen in 61, and has its RD in 62: 62 + 50.
    let wishes = vec![read(0, 0), read(60, 64), read(400, 8192)];
    let commands = commands(outcome(description, wishes, 0));
    assert_eq!(cycles_of(&commands, CommandKind::Read)[..2], [17, 62]);
    assert_eq!(cycles_of(&commands, CommandKind::Precharge)[0], 112);
}

/// How many reads of the first row go before the row closes for a request that is older than all of them but the first.
fn hits_before_the_older(cap: HitCap) -> usize {
    let description = lpddr3(|controller| controller.hit_cap = cap);
    let hits = (1..=30).map(|block| read(0, block * 64));
    let wishes = [read(0, 0), read(0, ROW)].into_iter().chain(hits).collect();
    let commands = commands(outcome(description, wishes, 0));
    let before = commands
        .iter()
        .take_while(|command| command.kind != CommandKind::Precharge);
    before.filter(|command| command.kind == CommandKind::Read).count()
}

#[test]
fn a_row_has_as_many_accesses_as_its_cap_while_an_older_request_waits() {
    for cap in [1, 2, 4, 16, 30] {
        assert_eq!(
            hits_before_the_older(HitCap::Hard(cap)),
            cap as usize,
            "hard cap of {cap}"
        );
    }
    // The default is a hard cap of 16.
    assert_eq!(hits_before_the_older(Controller::default().hit_cap), 16);
    // Hits come every 4 cycles and so are always ready before the 6 cycles from a read to a precharge are over: by a soft cap,
    // as without one, all 31 go.
    assert_eq!(hits_before_the_older(HitCap::Soft(1)), 31);
    assert_eq!(hits_before_the_older(HitCap::Unlimited), 31);
}

#[test]
fn a_row_in_use_is_opened_and_closed_in_the_cycles_of_its_cap() {
    let description = lpddr3(|controller| controller.hit_cap = HitCap::Hard(4));
    let wishes = [0, ROW, 64, 128, 192, 256].map(|address| read(0, address));
    let commands = commands(outcome(description, wishes.to_vec(), 0));
    // ACT 2; four reads from 17 on, 4 apart: 17, 21, 25, 29. PRE in max(2 + 34, 29 + 6) = 36, ACT 36 + 15 = 51, RD 66. The last
    // hit's row again: PRE max(51 + 34, 66 + 6) = 85, ACT 100, RD 115.
    assert_eq!(cycles_of(&commands, CommandKind::Activate), [2, 51, 100]);
    assert_eq!(cycles_of(&commands, CommandKind::Precharge), [36, 85]);
    assert_eq!(cycles_of(&commands, CommandKind::Read), [17, 21, 25, 29, 66, 115]);
}

#[test]
fn requests_in_order_of_arrival_wait_for_each_other() {
    let description = lpddr3(|controller| controller.scheduling = Scheduling::Fcfs);
    let wishes = [0, ROW, 64].map(|address| read(0, address));
    let commands = commands(outcome(description, wishes.to_vec(), 0));
    // RD 17; PRE max(2 + 34, 17 + 6) = 36, ACT 51, RD 66; the first row again: PRE 85, ACT 100, RD 115.
    assert_eq!(cycles_of(&commands, CommandKind::Read), [17, 66, 115]);
}

#[test]
fn banks_are_refreshed_one_after_the_other() {
    for (name, interval, banks) in [("lpddr3-1600", 390, 8), ("ddr4-2400", 290, 32)] {
        let mut description = describe(name);
        description.controller.refresh = RefreshPolicy::PerBank;
        description.timing.bank_refresh_interval = Cycles(interval);
        // A read every 100 cycles keeps the channel awake; so do two rounds of all banks one refresh each.
        let rounds = 2;
        let end = interval * banks * rounds + 100;
        let busy: Vec<Wish> = (0..end / 100 + 5)
            .map(|number| read(number * 100, 64 * (number % 8)))
            .collect();
        let commands = commands(outcome(description.clone(), busy, 0));
        let refreshed: Vec<usize> = commands
            .iter()
            .filter(|command| command.kind == CommandKind::RefreshBank)
            .map(|command| command.bank)
            .collect();
        let in_turn: Vec<usize> = (0..banks * rounds)
            .map(|number| (number % banks) as usize)
            .collect();
        assert_eq!(refreshed[..in_turn.len()], in_turn, "{name}");

        // Idle for ten rounds, caught up on at the end.
        let idle = interval * banks * 10;
        let outcome = outcome(description, vec![read(0, 0)], idle);
        let mut times = vec![0; banks as usize];
        for command in outcome.commands.into_values().next().unwrap() {
            if command.kind == CommandKind::RefreshBank {
                times[command.bank] += command.row;
            }
        }
        assert_eq!(times, vec![10; banks as usize], "{name}");
        assert_eq!(outcome.report.bank_refreshes, 10 * banks, "{name}");
    }
}

fn assert_near(found: PicoJoules, expected: f64, what: &str) {
    assert!(
        (found.0 - expected).abs() <= 1e-9 * expected,
        "{what}: {found:?}, expected {expected}"
    );
}

#[test]
fn currents_give_the_energies_of_the_formulas() {
    // V x devices x ns per cycle: 1.2 x 2 x 1.25 = 3, so each mA in a cycle is 3 pJ.
    let description = describe("lpddr3-1600");
    let table = EnergyTable::new(&description);
    assert_near(
        table.activate,
        3.0 * (40.0 * 49.0 - 21.0 * 34.0 - 20.5 * 15.0),
        "ACT and PRE: 2,815.5",
    );
    assert_near(table.read, 2_748.0, "(250 - 21) x 4 x 3");
    assert_near(table.write, 2_688.0, "(245 - 21) x 4 x 3");
    assert_near(table.refresh, 65_016.0, "(150 - 21) x 168 x 3");
    assert_near(
        table.bank_refresh,
        8_127.0,
        "an eighth of a rank's, which has 8 banks",
    );
    assert_near(table.active_cycle, 63.0, "21 x 3");
    assert_near(table.idle_cycle, 61.5, "20.5 x 3");

    let mut own = description;
    let EnergyModel::Currents { idd5pb, .. } = &mut own.energy else {
        unreachable!()
    };
    *idd5pb = Some(memory::units::Milliamperes(60.0));
    assert_near(EnergyTable::new(&own).bank_refresh, 8_424.0, "(60 - 21) x 72 x 3");
}

#[test]
fn refreshes_of_banks_cost_what_they_do() {
    let mut description = describe("lpddr3-1600");
    description.controller.refresh = RefreshPolicy::PerBank;
    // 24 intervals of 390 cycles after the start: three refreshes of each of 8 banks, 8,127 pJ each.
    let report = outcome(description, Vec::new(), 24 * 390).report;
    assert_eq!((report.bank_refreshes, report.refreshes), (24, 0));
    assert_near(report.energy.refresh, 195_048.0, "24 x 8,127");
    // No row was ever open.
    assert_near(report.energy.background, 61.5 * report.cycles as f64, "idle");
}

#[test]
fn leakage_is_drawn_whether_rows_are_open_or_not() {
    // 13.7 mW for 2.5 ns are 34.25 pJ, in each of four channels of one rank.
    let description = describe("rram");
    let table = EnergyTable::new(&description);
    assert_eq!(
        (table.active_cycle, table.idle_cycle),
        (PicoJoules(34.25), PicoJoules(34.25))
    );
    for wishes in [Vec::new(), vec![read(0, 0)]] {
        let (reads, outcome) = (wishes.len() as f64, outcome(description.clone(), wishes, 1000));
        let report = outcome.report;
        assert!(report.cycles >= 1000);
        assert_near(
            report.energy.background,
            4.0 * 34.25 * report.cycles as f64,
            "leakage",
        );
        assert_near(
            report.energy.activate,
            257.8 * reads,
            "512 bytes sensed at 4.028 pJ / 64 bits",
        );
        assert_eq!((report.energy.refresh, report.energy.write), Default::default());
    }
}

#[test]
fn an_energy_of_accesses_counts_accesses_alone() {
    let mut description = describe("lpddr3-1600");
    description.energy = EnergyModel::PerAccess { access_nj: 0.5 };
    let write = Wish {
        access: Access::Write,
        ..read(0, ROW)
    };
    // 3 reads and a write of 500 pJ; refreshes and standby are in them.
    let report = outcome(
        description,
        vec![read(0, 0), read(0, 64), read(0, 8192), write],
        10_000,
    )
    .report;
    assert!(report.refreshes > 0 && report.activates > 0);
    assert_near(report.energy.total(), 2_000.0, "4 x 500");
    assert_near(report.energy.write, 500.0, "1 x 500");
}
