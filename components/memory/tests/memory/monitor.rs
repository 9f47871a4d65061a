//! Checks a recorded stream of commands against every timing rule, pair by pair.
//!
//! It knows the datasheets' rules and nothing of the models: it reads the timing table, and derives all from it
//! anew.

use std::collections::BTreeSet;

use memory::MemoryDescription;
use memory::description::Cells;
use memory::label::CommandKind::{self, Activate, Precharge, Read, Refresh, RefreshBank, Write};

use crate::recorder::Recorded;

/// The rules of one memory.
pub(crate) struct Monitor<'a> {
    description: &'a MemoryDescription,
}

/// How near two banks are.
#[derive(Clone, Copy, PartialEq)]
struct Nearness {
    rank: bool,
    group: bool,
    bank: bool,
}

impl<'a> Monitor<'a> {
    pub(crate) fn new(description: &'a MemoryDescription) -> Self {
        Self { description }
    }

    /// All breaches of rules in the commands of one channel.
    pub(crate) fn breaches(&self, commands: &[Recorded]) -> Vec<String> {
        let mut breaches = self.state_breaches(commands);
        self.pair_breaches(commands, &mut breaches);
        self.bus_breaches(commands, &mut breaches);
        self.window_breaches(commands, &mut breaches);
        breaches
    }

    fn nearness(&self, a: usize, b: usize) -> Nearness {
        let organisation = &self.description.organisation;
        let (banks, per_group) = (
            organisation.banks_per_rank() as usize,
            organisation.banks_per_group as usize,
        );
        Nearness {
            rank: a / banks == b / banks,
            group: a / per_group == b / per_group,
            bank: a == b,
        }
    }

    /// The rule, and the least distance, that hold between an earlier and a later command.
    fn rule(&self, earlier: CommandKind, later: CommandKind, near: Nearness) -> Option<(&'static str, u64)> {
        let t = &self.description.timing;
        let burst = u64::from(self.description.organisation.burst_length) / 2;
        // Standards without bank groups have no _L values.
        let long = near.group && self.description.organisation.bank_groups > 1;
        let pick =
            |same_group: sim_core::Cycles, other: sim_core::Cycles| if long { same_group.0 } else { other.0 };
        let (read_data, write_data) = (
            t.additive_latency.0 + t.read_latency.0,
            t.additive_latency.0 + t.write_latency.0,
        );
        let pausing = matches!(
            self.description.cells,
            Cells::Rram {
                write_pausing: true,
                ..
            }
        );
        let pulse = t.write_pulse.0;
        let column = burst.max(pick(t.column_to_column_same_group, t.column_to_column));
        Some(match (earlier, later) {
            (Activate, Activate) if near.bank => ("tRC", t.activate_to_precharge.0 + t.precharge.0),
            (Activate, Activate) if near.rank => (
                "tRRD",
                pick(t.activate_to_activate_same_group, t.activate_to_activate),
            ),
            (Activate, Read) if near.bank => ("tRCD", t.activate_to_read.0 - t.additive_latency.0),
            (Activate, Write) if near.bank => ("tRCD", t.activate_to_write.0 - t.additive_latency.0),
            (Activate, Precharge) if near.bank => ("tRAS", t.activate_to_precharge.0),
            (Read, Precharge) if near.bank => ("tRTP", t.additive_latency.0 + t.read_to_precharge.0),
            (Write, Precharge) if near.bank => ("tWR", write_data + burst + t.write_recovery.0 + pulse),
            (Precharge, Activate | RefreshBank) if near.bank => ("tRP", t.precharge.0),
            (Precharge, Refresh) if near.rank => ("tRP", t.precharge.0),
            (Refresh, Activate | Refresh) if near.rank => ("tRFC", t.refresh_cycle.0),
            (RefreshBank, Activate | RefreshBank) if near.bank => ("tRFCb", t.bank_refresh_cycle.0),
            (Read, Read) | (Write, Write) if near.rank => {
                let pulse = if earlier == Write && near.bank { pulse } else { 0 };
                ("tCCD", column + pulse)
            }
            (Read, Read) => ("tRTRS", burst + t.rank_switch.0),
            (Write, Write) => ("burst", burst),
            (Read, Write) if near.rank => (
                "RD to WR",
                read_data + burst + t.rank_switch.0 - write_data.min(read_data + burst),
            ),
            (Write, Read) if near.rank => {
                let pulse = if near.bank && !pausing { pulse } else { 0 };
                (
                    "tWTR",
                    write_data + burst + pick(t.write_to_read_same_group, t.write_to_read) + pulse,
                )
            }
            _ => return None,
        })
    }

    fn pair_breaches(&self, commands: &[Recorded], breaches: &mut Vec<String>) {
        let longest = 2048;
        for (place, later) in commands.iter().enumerate() {
            for earlier in commands[..place]
                .iter()
                .rev()
                .take_while(|c| c.cycle + longest > later.cycle)
            {
                let near = self.nearness(earlier.bank, later.bank);
                if let Some((name, distance)) = self.rule(earlier.kind, later.kind, near)
                    && later.cycle < earlier.cycle + distance
                {
                    breaches.push(format!(
                        "{name}: {earlier:?} then {later:?}, not {distance} apart"
                    ));
                }
            }
        }
    }

    /// Rows are opened before they are used, closed before others are opened, and all closed for a refresh.
    fn state_breaches(&self, commands: &[Recorded]) -> Vec<String> {
        let banks = self.description.organisation.banks_per_rank() as usize;
        let mut open: Vec<Option<u32>> = vec![None; banks * self.description.organisation.ranks as usize];
        let mut breaches = Vec::new();
        for command in commands {
            let bank = command.bank;
            let holds = match command.kind {
                Activate => open[bank].replace(command.row).is_none(),
                Precharge => open[bank].take().is_some(),
                Read | Write => open[bank] == Some(command.row),
                Refresh => open[bank / banks * banks..][..banks].iter().all(Option::is_none),
                RefreshBank => open[bank].is_none(),
            };
            if !holds {
                breaches.push(format!("{command:?} does not fit the bank's state"));
            }
        }
        breaches
    }

    /// One command per cycle, or a row and a column command; bursts of data do not overlap.
    fn bus_breaches(&self, commands: &[Recorded], breaches: &mut Vec<String>) {
        let t = &self.description.timing;
        let column = |kind| matches!(kind, Read | Write);
        for pair in commands.windows(2) {
            let dual =
                self.description.controller.dual_command && column(pair[0].kind) != column(pair[1].kind);
            if pair[1].cycle < pair[0].cycle || (pair[1].cycle == pair[0].cycle && !dual) {
                breaches.push(format!("command bus: {pair:?}"));
            }
        }
        for triple in commands.windows(3) {
            if triple[2].cycle == triple[0].cycle {
                breaches.push(format!("command bus: {triple:?}"));
            }
        }
        let burst = u64::from(self.description.organisation.burst_length) / 2;
        let starts: BTreeSet<u64> = commands
            .iter()
            .filter(|command| column(command.kind))
            .map(|command| {
                let latency = if command.kind == Read {
                    t.read_latency.0
                } else {
                    t.write_latency.0
                };
                command.cycle + t.additive_latency.0 + latency
            })
            .collect();
        let columns = commands.iter().filter(|command| column(command.kind)).count();
        let apart = starts
            .iter()
            .zip(starts.iter().skip(1))
            .all(|(first, next)| next - first >= burst);
        if starts.len() != columns || !apart {
            breaches.push("data bus: bursts overlap".to_owned());
        }
    }

    fn window_breaches(&self, commands: &[Recorded], breaches: &mut Vec<String>) {
        let window = self.description.timing.four_activate_window.0;
        let banks = self.description.organisation.banks_per_rank() as usize;
        for rank in 0..self.description.organisation.ranks as usize {
            let of_rank = |command: &&Recorded| command.kind == Activate && command.bank / banks == rank;
            let activates: Vec<u64> = commands
                .iter()
                .filter(of_rank)
                .map(|command| command.cycle)
                .collect();
            for five in activates.windows(5) {
                if five[4] < five[0] + window {
                    breaches.push(format!("tFAW: five activates of rank {rank} at {five:?}"));
                }
            }
        }
    }
}

#[test]
fn sees_a_breach_of_each_rule() {
    let description = crate::presets::describe("ddr4-2400");
    let command = |cycle, kind, bank, row| Recorded {
        cycle,
        kind,
        bank,
        row,
        column: 0,
    };
    let breaches = |commands: &[Recorded]| Monitor::new(&description).breaches(commands);
    let open = command(0, Activate, 0, 7);
    let mut fine = vec![
        open,
        command(17, Read, 0, 7),
        command(39, Precharge, 0, 0),
        command(56, Activate, 0, 8),
    ];
    assert_eq!(breaches(&fine), Vec::<String>::new());
    for (place, early) in [(1, 16), (2, 38), (3, 55)] {
        let right = std::mem::replace(&mut fine[place].cycle, early);
        assert!(!breaches(&fine).is_empty(), "command {place} a cycle early");
        fine[place].cycle = right;
    }
    let burst_of_activates = [0, 4, 8, 12, 25].map(|cycle| {
        command(
            cycle,
            Activate,
            (cycle as usize / 4 % 4) * 4 + (cycle as usize / 25),
            1,
        )
    });
    assert!(
        breaches(&burst_of_activates)
            .iter()
            .any(|breach| breach.starts_with("tFAW"))
    );
    assert!(
        !breaches(&[open, command(17, Read, 0, 8)]).is_empty(),
        "the wrong row"
    );
    assert!(
        !breaches(&[open, command(0, Activate, 4, 7)]).is_empty(),
        "two commands at once"
    );
}
