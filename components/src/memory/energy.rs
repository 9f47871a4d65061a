//! Energy of commands and of background, and what a rank adds up.

use serde::{Deserialize, Serialize};

use super::description::{EnergyModel, MemoryDescription};
use super::units::PicoJoules;

/// Energy of each command of a rank, and of each cycle of its background.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct EnergyTable {
    /// One activate and its precharge.
    pub activate: PicoJoules,
    /// One column read.
    pub read: PicoJoules,
    /// One column write.
    pub write: PicoJoules,
    /// One refresh of the rank.
    pub refresh: PicoJoules,
    /// One refresh of one bank.
    pub bank_refresh: PicoJoules,
    /// One cycle with a bank open.
    pub active_cycle: PicoJoules,
    /// One cycle with all banks closed.
    pub idle_cycle: PicoJoules,
}

impl EnergyTable {
    /// The table of a described memory.
    ///
    /// From currents, per device and command, with V in volts, I in mA and t in ns, so V·I·t is in pJ:
    /// activate `VDD (IDD0 tRC - IDD3N tRAS - IDD2N tRP)`, read `VDD (IDD4R - IDD3N) burst`, write likewise
    /// with IDD4W, refresh `VDD (IDD5AB - IDD3N) tRFC`, background `VDD IDD3N` with a bank open, else
    /// `VDD IDD2N` (Micron TN-41-01; DRAMsim3 uses the same formulas).
    #[must_use]
    pub fn new(description: &MemoryDescription) -> Self {
        match description.energy {
            EnergyModel::Currents(currents) => Self::from_currents(description, &currents),
            EnergyModel::Operations(energies) => {
                // mW times ns is pJ.
                let cycle = PicoJoules(energies.leakage_mw.0 * description.cycle_time().0);
                Self {
                    activate: energies.activate_pj,
                    read: energies.read_pj,
                    write: energies.write_pj,
                    active_cycle: cycle,
                    idle_cycle: cycle,
                    ..Self::default()
                }
            }
            EnergyModel::PerAccess { access_nj } => Self {
                read: PicoJoules(access_nj * 1e3),
                write: PicoJoules(access_nj * 1e3),
                ..Self::default()
            },
        }
    }

    fn from_currents(description: &MemoryDescription, currents: &super::description::Currents) -> Self {
        let timing = &description.timing;
        let organisation = &description.organisation;
        let scale = currents.vdd.0 * f64::from(organisation.devices_per_rank()) * description.cycle_time().0;
        let (ras, rp) = (timing.activate_to_precharge.0 as f64, timing.precharge.0 as f64);
        let burst = organisation.burst_cycles() as f64;
        let per_rank = (currents.idd5ab.0 - currents.idd3n.0) * timing.refresh_cycle.0 as f64;
        let per_bank = match currents.idd5pb {
            Some(current) => (current.0 - currents.idd3n.0) * timing.bank_refresh_cycle.0 as f64,
            None => per_rank / f64::from(organisation.banks_per_rank()),
        };
        let energy = |milliampere_cycles: f64| PicoJoules(milliampere_cycles * scale);
        Self {
            activate: energy(currents.idd0.0 * (ras + rp) - currents.idd3n.0 * ras - currents.idd2n.0 * rp),
            read: energy((currents.idd4r.0 - currents.idd3n.0) * burst),
            write: energy((currents.idd4w.0 - currents.idd3n.0) * burst),
            refresh: energy(per_rank),
            bank_refresh: energy(per_bank),
            active_cycle: energy(currents.idd3n.0),
            idle_cycle: energy(currents.idd2n.0),
        }
    }
}

/// Energy by cause, in pJ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Activates and precharges.
    pub activate: PicoJoules,
    /// Column reads.
    pub read: PicoJoules,
    /// Column writes.
    pub write: PicoJoules,
    /// Refreshes.
    pub refresh: PicoJoules,
    /// Standby, with and without open banks.
    pub background: PicoJoules,
}

impl Energy {
    /// All causes together.
    #[must_use]
    pub fn total(&self) -> PicoJoules {
        self.activate + self.read + self.write + self.refresh + self.background
    }
}

impl std::ops::AddAssign for Energy {
    fn add_assign(&mut self, other: Self) {
        self.activate += other.activate;
        self.read += other.read;
        self.write += other.write;
        self.refresh += other.refresh;
        self.background += other.background;
    }
}
