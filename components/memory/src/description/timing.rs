//! The timing table, with the datasheets' names.

use serde::{Deserialize, Serialize};
use sim_core::Cycles;

/// Minimum distances between commands, in cycles of the memory clock. The name in capitals is the datasheet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// AL: how long the device itself holds back a column command.
    #[serde(default)]
    pub additive_latency: Cycles,
    /// CL (LPDDR: RL): column read to first data.
    pub read_latency: Cycles,
    /// CWL (LPDDR: WL): column write to first data.
    pub write_latency: Cycles,
    /// tRCD (HBM: tRCDRD): activate to column read.
    pub activate_to_read: Cycles,
    /// tRCD (HBM: tRCDWR): activate to column write.
    pub activate_to_write: Cycles,
    /// tRP: precharge to activate.
    pub precharge: Cycles,
    /// tRAS: activate to precharge.
    pub activate_to_precharge: Cycles,
    /// tCCD_S: column to column, other bank group.
    pub column_to_column: Cycles,
    /// tCCD_L: column to column, same bank group.
    pub column_to_column_same_group: Cycles,
    /// tRRD_S: activate to activate, other bank group.
    pub activate_to_activate: Cycles,
    /// tRRD_L: activate to activate, same bank group.
    pub activate_to_activate_same_group: Cycles,
    /// tFAW: the window that holds at most four activates of a rank; 0 for no such limit.
    pub four_activate_window: Cycles,
    /// tWTR_S: end of write data to column read, other bank group.
    pub write_to_read: Cycles,
    /// tWTR_L: end of write data to column read, same bank group.
    pub write_to_read_same_group: Cycles,
    /// tWR: end of write data to precharge.
    pub write_recovery: Cycles,
    /// tRTP: column read to precharge.
    pub read_to_precharge: Cycles,
    /// tRTRS: gap on the data bus when it changes its driver.
    pub rank_switch: Cycles,
    /// tREFI: a rank needs one refresh in this time; 0 for memories without refresh.
    #[serde(default)]
    pub refresh_interval: Cycles,
    /// tRFC: refresh of a rank to the next command to it.
    #[serde(default)]
    pub refresh_cycle: Cycles,
    /// tREFIb: distance of per-bank refreshes, which visit the banks in turn.
    #[serde(default)]
    pub bank_refresh_interval: Cycles,
    /// tRFCb (tRFCpb): per-bank refresh to the next command to that bank.
    #[serde(default)]
    pub bank_refresh_cycle: Cycles,
    /// tWP: the write pulse, from the end of the write data; 0 where a write ends in the row buffer.
    #[serde(default)]
    pub write_pulse: Cycles,
    /// Time to interrupt a write pulse before a read can start (with `write_pausing`).
    #[serde(default)]
    pub write_pause: Cycles,
}
