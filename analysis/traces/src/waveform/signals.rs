//! The signals of each kind of track.

use std::io;

use components::control_block::StallCause;
use scenarios::system::{Track, TrackKind};

use super::SignalFile;

/// Names and widths of the signals of a track.
fn signals_of(kind: TrackKind) -> &'static [(&'static str, u32)] {
    match kind {
        TrackKind::MacLane | TrackKind::Softmax | TrackKind::LayerNorm => {
            &[("busy", 1), ("operation", 32), ("tile", 64)]
        }
        TrackKind::Bank => &[("open", 1), ("row", 32)],
        TrackKind::Rank => &[("refreshing", 1)],
        TrackKind::Channel => &[
            ("command", 3),
            ("command_bank", 16),
            ("read_data", 1),
            ("write_data", 1),
            ("queued_reads", 32),
            ("queued_writes", 32),
        ],
        TrackKind::Dma => &[("moving", 16), ("outstanding_requests", 32)],
        TrackKind::Buffer => &[("occupancy_bytes", 64)],
        TrackKind::ControlBlock => &[("stall", 3), ("leader", 32)],
        TrackKind::IdealMemory
        | TrackKind::ProcessingElement
        | TrackKind::Sparsity
        | TrackKind::Background
        | TrackKind::CriticalPath
        | TrackKind::Power => &[],
    }
}

/// The number of a command on a channel's bus; 0 is none.
pub(super) fn command_number(mnemonic: &str) -> Option<u64> {
    let place = ["ACT", "PRE", "RD", "WR", "REF", "REFpb"]
        .iter()
        .position(|known| *known == mnemonic)?;
    Some(place as u64 + 1)
}

/// The number of a cause of idle lanes; 0 is none.
pub(super) fn stall_number(cause: Option<&str>) -> Option<u64> {
    let place = StallCause::ALL
        .iter()
        .position(|known| Some(known.name()) == cause)?;
    Some(place as u64 + 1)
}

/// Where the signals of actors are.
pub(super) struct Layout {
    /// The kind of each actor and its first signal, if it has any in the file.
    first: Vec<(TrackKind, Option<u32>)>,
    /// Transfers that each actor moves.
    moving: Vec<u64>,
}

impl Layout {
    /// Defines the signals of all selected tracks, in scopes as their names have levels; their widths.
    pub(super) fn define(
        file: &mut impl SignalFile,
        tracks: &[Track],
        selected: &[bool],
    ) -> io::Result<(Self, Vec<u32>)> {
        let (mut first, mut widths) = (Vec::with_capacity(tracks.len()), Vec::new());
        let mut open: Vec<&str> = Vec::new();
        for (track, selected) in tracks.iter().zip(selected) {
            let signals = signals_of(track.kind);
            if !selected || signals.is_empty() {
                first.push((track.kind, None));
                continue;
            }
            first.push((track.kind, Some(widths.len() as u32)));
            enter(file, &mut open, &track.name)?;
            for &(name, width) in signals {
                file.define(name, width)?;
                widths.push(width);
            }
        }
        leave(file, &mut open, 0)?;
        let moving = vec![0; tracks.len()];
        Ok((Self { first, moving }, widths))
    }

    /// The signal called `name` of an actor, if it is in the file.
    pub(super) fn signal(&self, actor: u32, name: &str) -> Option<u32> {
        let &(kind, first) = self.first.get(actor as usize)?;
        let place = signals_of(kind).iter().position(|(known, _)| *known == name)?;
        Some(first? + place as u32)
    }

    /// The number of transfers that an actor moves.
    pub(super) fn moving(&mut self, actor: u32) -> &mut u64 {
        &mut self.moving[actor as usize]
    }
}

/// Closes and opens scopes until those of `name` are open.
fn enter<'a>(file: &mut impl SignalFile, open: &mut Vec<&'a str>, name: &'a str) -> io::Result<()> {
    let levels: Vec<&str> = name.split('.').collect();
    let common = open
        .iter()
        .zip(&levels)
        .take_while(|(open, level)| open == level)
        .count();
    leave(file, open, common)?;
    for level in &levels[common..] {
        file.open_scope(level)?;
        open.push(level);
    }
    Ok(())
}

fn leave(file: &mut impl SignalFile, open: &mut Vec<&str>, left: usize) -> io::Result<()> {
    while open.len() > left {
        open.pop();
        file.close_scope()?;
    }
    Ok(())
}
