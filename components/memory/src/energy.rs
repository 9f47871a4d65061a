//! Energy of commands and of background, and what a rank adds up.

use serde::{Deserialize, Serialize};

use super::command_counts::CommandCounts;
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
            EnergyModel::Currents { .. } => Self::from_currents(description),
            EnergyModel::Operations {
                activate_pj,
                read_pj,
                write_pj,
                leakage_mw,
            } => {
                // mW times ns is pJ.
                let cycle = PicoJoules(leakage_mw.0 * description.cycle_time().0);
                Self {
                    activate: activate_pj,
                    read: read_pj,
                    write: write_pj,
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

    fn from_currents(description: &MemoryDescription) -> Self {
        let EnergyModel::Currents {
            vdd,
            idd0,
            idd2n,
            idd3n,
            idd4r,
            idd4w,
            idd5ab,
            idd5pb,
        } = description.energy
        else {
            return Self::default();
        };
        let timing = &description.timing;
        let organisation = &description.organisation;
        let scale = vdd.0 * f64::from(organisation.devices_per_rank()) * description.cycle_time().0;
        let energy = |milliampere_cycles: f64| PicoJoules(milliampere_cycles * scale);
        let (ras, rp) = (timing.activate_to_precharge.0 as f64, timing.precharge.0 as f64);
        let burst = organisation.burst_cycles() as f64;
        let refresh = (idd5ab.0 - idd3n.0) * timing.refresh_cycle.0 as f64;
        let bank_refresh = match idd5pb {
            Some(current) => (current.0 - idd3n.0) * timing.bank_refresh_cycle.0 as f64,
            None => refresh / f64::from(organisation.banks_per_rank()),
        };
        Self {
            activate: energy(idd0.0 * (ras + rp) - idd3n.0 * ras - idd2n.0 * rp),
            read: energy((idd4r.0 - idd3n.0) * burst),
            write: energy((idd4w.0 - idd3n.0) * burst),
            refresh: energy(refresh),
            bank_refresh: energy(bank_refresh),
            active_cycle: energy(idd3n.0),
            idle_cycle: energy(idd2n.0),
        }
    }
}

impl EnergyTable {
    /// The energy of `counts`.
    #[must_use]
    pub fn energy(&self, counts: &CommandCounts) -> Energy {
        let of = |price: PicoJoules, count: f64| PicoJoules(price.0 * count);
        Energy {
            activate: of(self.activate, counts.activates),
            read: of(self.read, counts.reads),
            write: of(self.write, counts.writes),
            refresh: of(self.refresh, counts.refreshes) + of(self.bank_refresh, counts.bank_refreshes),
            background: of(self.active_cycle, counts.active_cycles) + of(self.idle_cycle, counts.idle_cycles),
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
