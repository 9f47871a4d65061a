//! The first commands of each run, one by one, against DRAMsim3's.

use memory::label::CommandKind;
use memory::{MemoryPlan, replay_into};
use sim_core::Engine;

use crate::golden::pattern;
use crate::presets::{geometry, plan};
use crate::recorder::{Recorded, Recorder};

/// A command as the files of `tests/data/memory/command_traces` write it, without what they leave open.
fn written(plan: &MemoryPlan, command: &Recorded) -> String {
    let organisation = plan.description().organisation;
    let (banks, per_group) = (
        organisation.banks_per_rank() as usize,
        organisation.banks_per_group as usize,
    );
    let (rank, group, bank) = (
        command.bank / banks,
        command.bank % banks / per_group,
        command.bank % per_group,
    );
    let Recorded {
        cycle, row, column, ..
    } = command;
    match command.kind {
        CommandKind::Activate => format!("{cycle} ACT {rank} {group} {bank} {row}"),
        CommandKind::Precharge => format!("{cycle} PRE {rank} {group} {bank}"),
        CommandKind::Read => format!("{cycle} RD {rank} {group} {bank} {row} {column}"),
        CommandKind::Write => format!("{cycle} WR {rank} {group} {bank} {row} {column}"),
        CommandKind::Refresh => format!("{cycle} REF {rank}"),
        CommandKind::RefreshBank => format!("{cycle} REFb {rank} {group} {bank}"),
    }
}

#[test]
fn equal_dramsims_command_by_command() {
    let folder = format!(
        "{}/../../tests/data/memory/command_traces",
        env!("CARGO_MANIFEST_DIR")
    );
    let mut compared = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (memory, trace) = name.split_once('.').unwrap();
        let plan = plan(&format!("dramsim3/{memory}"));
        let mut recorder = Recorder::default();
        let records = pattern(trace).records(geometry(&plan), 2000);
        replay_into(&plan, records, 1, Engine::Wheel, Some(&mut recorder)).unwrap();
        let ours = recorder.0.into_values().next().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let theirs = text.lines().filter(|line| !line.starts_with('#'));
        for (ours, theirs) in ours.iter().zip(theirs) {
            let ours = written(&plan, ours);
            let same = theirs
                .strip_prefix(&ours)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
            assert!(same, "{name}: {ours}, not {theirs}");
            compared += 1;
        }
    }
    assert_eq!(compared, 15 * 400);
}
