//! What commands and time cost, in three alternative forms.

use serde::{Deserialize, Serialize};

use crate::units::{Milliamperes, Milliwatts, PicoJoules, Volts};

/// Where energy figures come from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum EnergyModel {
    /// Supply voltage and currents of a DRAM datasheet, per device, combined as in Micron's TN-41-01 and
    /// DRAMsim3.
    Currents {
        /// VDD, in V.
        vdd: Volts,
        /// IDD0: one bank, activate and precharge every tRC, in mA.
        idd0: Milliamperes,
        /// IDD2N: all banks closed, standby, in mA.
        idd2n: Milliamperes,
        /// IDD3N: a bank open, standby, in mA.
        idd3n: Milliamperes,
        /// IDD4R: reads back to back, in mA.
        idd4r: Milliamperes,
        /// IDD4W: writes back to back, in mA.
        idd4w: Milliamperes,
        /// IDD5AB (IDD5B): refreshes of all banks back to back, in mA.
        idd5ab: Milliamperes,
        /// IDD5PB: per-bank refreshes back to back, in mA; left out, a per-bank refresh costs its share of
        /// an all-bank one.
        #[serde(default)]
        idd5pb: Option<Milliamperes>,
    },
    /// Energies of each operation of a rank, and its leakage: for arrays without IDD figures.
    Operations {
        /// Sensing a row into the row buffer, in pJ.
        activate_pj: PicoJoules,
        /// One column read, in pJ.
        read_pj: PicoJoules,
        /// One column write into the cells, in pJ.
        write_pj: PicoJoules,
        /// Leakage of a rank, in mW.
        leakage_mw: Milliwatts,
    },
    /// One figure for each access, background included: the form of the accelerator papers' tables.
    ///
    /// AccelTran (jha-lab/acceltran, constants.yaml) gives for type_banks_ranks_channels, in nJ for 64 bytes:
    /// rram_16_2_2 17.321165, rram_8_2_4 32.655499, rram_4_2_8 69.3328008, rram_2_2_16 149.0564671,
    /// rram_32_2_1 8.63281599, rram_1_2_32 340.9690911, dram_16_2_2 69.00706337, dram_8_2_4 200.2819855,
    /// dram_32_2_1 13.43777522, dram_16_4_1 38.28777884, hbm_32_1_4 26.5569841. They grow with the number of
    /// channels, so they hold a share of standby power at one traffic.
    PerAccess {
        /// Energy of one access of `request_bytes`, in nJ.
        access_nj: f64,
    },
}
