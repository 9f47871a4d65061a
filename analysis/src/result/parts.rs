//! Energy, area, buffers and the lanes' time in results.

use std::borrow::Cow;
use std::collections::BTreeMap;

use components::buffer_kind::BufferKind;
use components::control_block::StallCause;
use components::energy_part::{Action, ByPart, EnergyPart};
use components::units::{Bytes, NanoJoules};
use scenarios::system::{BufferUse, MachineMeasurements, MachinePlan, area};
use serde::de::Error as _;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sim_core::Timebase;

/// Energy by part, in nanojoules. In JSON, an object with a key for each part that the machine has, and `total`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnergyResult {
    /// `None` for parts that the machine does not have.
    by_part: ByPart<Option<f64>>,
    /// The sum of all parts.
    pub total: f64,
}

impl EnergyResult {
    /// The energy of a run of `plan`, including main memory.
    #[must_use]
    pub fn new(
        plan: &MachinePlan,
        timebase: Timebase,
        measured: &MachineMeasurements,
        main_memory: NanoJoules,
    ) -> Self {
        let mut energy = measured.energy(plan, timebase).by_part();
        energy[EnergyPart::MainMemory] = main_memory;
        Self {
            by_part: ByPart::new(|part| has(plan, part).then_some(energy[part].0)),
            total: energy.total().0,
        }
    }

    /// The energy of a part; 0 if the machine does not have it.
    #[must_use]
    pub fn of(&self, part: EnergyPart) -> f64 {
        self.by_part[part].unwrap_or(0.0)
    }

    /// The parts with their names in reports.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, f64)> {
        labelled(&self.by_part, &EnergyPart::ALL)
    }
}

/// Area by part, in square millimetres. Main memory is not included. In JSON, an object with a key for each part that the
/// machine has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AreaResult(ByPart<Option<f64>>);

impl AreaResult {
    /// The area of the machine of `plan`.
    #[must_use]
    pub fn new(plan: &MachinePlan) -> Self {
        let area = area(plan);
        let has_area = |part| EnergyPart::WITH_AREA.contains(&part) && has(plan, part);
        Self(ByPart::new(|part| has_area(part).then_some(area[part].0)))
    }

    /// The parts with their names in reports.
    #[must_use]
    pub fn parts(&self) -> Vec<(&'static str, f64)> {
        labelled(&self.0, &EnergyPart::WITH_AREA)
    }

    /// The total area.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.parts().iter().map(|(_, area)| area).sum()
    }
}

fn has(plan: &MachinePlan, part: EnergyPart) -> bool {
    plan.trains() || !part.only_in_training()
}

fn labelled(values: &ByPart<Option<f64>>, parts: &[EnergyPart]) -> Vec<(&'static str, f64)> {
    let present = parts
        .iter()
        .filter_map(|&part| Some((part.label(), values[part]?)));
    present.collect()
}

const TOTAL: &str = "total";

impl Serialize for EnergyResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (part, value) in self.by_part.iter() {
            if let Some(value) = value {
                map.serialize_entry(part.key(), value)?;
            }
        }
        map.serialize_entry(TOTAL, &self.total)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for EnergyResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = BTreeMap::<String, f64>::deserialize(deserializer)?;
        let total = values.remove(TOTAL).ok_or(D::Error::missing_field(TOTAL))?;
        Ok(Self {
            by_part: from_keys(values, &EnergyPart::ALL)?,
            total,
        })
    }
}

impl Serialize for AreaResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for part in EnergyPart::WITH_AREA {
            if let Some(value) = self.0[part] {
                map.serialize_entry(part.key(), &value)?;
            }
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for AreaResult {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let values = BTreeMap::<String, f64>::deserialize(deserializer)?;
        from_keys(values, &EnergyPart::WITH_AREA).map(Self)
    }
}

/// Reads the values of `parts` by key. Parts that only training machines have may be missing.
fn from_keys<E: serde::de::Error>(
    mut values: BTreeMap<String, f64>,
    parts: &[EnergyPart],
) -> Result<ByPart<Option<f64>>, E> {
    let mut by_part = ByPart::default();
    for &part in parts {
        by_part[part] = values.remove(part.key());
        if by_part[part].is_none() && !part.only_in_training() {
            return Err(E::missing_field(part.key()));
        }
    }
    match values.into_keys().next() {
        Some(key) => Err(E::custom(format!("there is no part `{key}`"))),
        None => Ok(by_part),
    }
}

/// One buffer over the run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BufferResult {
    /// Its name: activation, weight or mask.
    pub name: Cow<'static, str>,
    /// Its capacity.
    pub capacity_bytes: u64,
    /// The most it held.
    pub peak_bytes: u64,
    /// What it held on average.
    pub mean_bytes: f64,
    /// Bytes that it moved for lanes, modules and DMA: accesses x what one moves.
    #[serde(default)]
    pub moved_bytes: u64,
    /// These over the length of the run, in TB/s.
    #[serde(default)]
    pub asked_tb_s: f64,
    /// What lanes would ask for if all of them worked all the time, in TB/s; `None` if none worked.
    #[serde(default)]
    pub asked_at_full_rate_tb_s: Option<f64>,
    /// Its bandwidth, in TB/s; `None` if it has no limit.
    #[serde(default)]
    pub bandwidth_tb_s: Option<f64>,
}

impl BufferResult {
    /// What `buffer` was for the machine of `plan`.
    #[must_use]
    pub fn new(
        plan: &MachinePlan,
        timebase: Timebase,
        measured: &MachineMeasurements,
        buffer: &BufferUse,
    ) -> Self {
        let access = plan.buffer_access();
        let moved = measured.bytes_of(buffer.kind, access);
        let by_lanes = access * buffer.lane_accesses;
        let lanes = plan.scenario.accelerator.lanes() as f64;
        let rate = |bytes: Bytes, seconds: f64| (seconds > 0.0).then_some(bytes.0 as f64 / seconds / 1e12);
        // All lanes work for as long as one does on average.
        let at_work = timebase.seconds(measured.time(Action::MacLane)) / lanes;
        Self {
            name: buffer.kind.name().into(),
            capacity_bytes: buffer.capacity,
            peak_bytes: buffer.peak,
            mean_bytes: buffer.mean,
            moved_bytes: moved.0,
            asked_tb_s: rate(moved, timebase.seconds(measured.duration())).unwrap_or(0.0),
            asked_at_full_rate_tb_s: rate(by_lanes, at_work),
            bandwidth_tb_s: bandwidth_tb_s(plan, buffer.kind),
        }
    }
}

/// What the buffer of `kind` can move, in TB/s; `None` if it has no limit.
pub(super) fn bandwidth_tb_s(plan: &MachinePlan, kind: BufferKind) -> Option<f64> {
    let bandwidth = plan.bandwidth(kind)?;
    Some(bandwidth.bytes_per_cycle() * plan.clock.frequency().hertz() / 1e12)
}

/// Busy share of the run, by class of module.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Utilization {
    /// MAC lanes.
    pub mac_lanes: f64,
    /// Softmax modules.
    pub softmax: f64,
    /// Layer-norm modules.
    pub layer_norm: f64,
}

/// Cycles in which a MAC lane did not work, averaged over all lanes, by cause. Together with the busy cycles they
/// make up the run.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Stalls {
    /// Waiting for main memory.
    pub memory: f64,
    /// Waiting for softmax modules.
    pub softmax: f64,
    /// Waiting for layer-norm modules.
    pub layer_norm: f64,
    /// Waiting for other lanes.
    pub dependence: f64,
    /// Waiting for room in the activation buffer.
    pub buffer_space: f64,
    /// Holding a run whose operands wait for the bandwidth of a buffer.
    #[serde(default)]
    pub buffer_bandwidth: f64,
    /// Nothing left to issue.
    pub drain: f64,
    /// Holding a run: operand fetch, filling and draining of the lane's pipeline.
    pub pipeline: f64,
}

impl Stalls {
    /// The stalls of a run of `cycles` in which a lane was busy for `busy` cycles on average.
    #[must_use]
    pub fn new(plan: &MachinePlan, measured: &MachineMeasurements, cycles: f64, busy: f64) -> Self {
        let lane_cycle = plan.scenario.accelerator.lanes() as f64 * plan.clock.period().0 as f64;
        let of = |cause| measured.stalls.lane_ticks(cause) as f64 / lane_cycle;
        let without_run = measured.stalls.total() as f64 / lane_cycle;
        Self {
            memory: of(StallCause::Memory),
            softmax: of(StallCause::Softmax),
            layer_norm: of(StallCause::LayerNorm),
            dependence: of(StallCause::Dependence),
            buffer_space: of(StallCause::BufferSpace),
            buffer_bandwidth: of(StallCause::BufferBandwidth),
            drain: of(StallCause::Drain),
            // The remainder; the division may round it below 0.
            pipeline: (cycles - busy - without_run).max(0.0),
        }
    }

    /// The causes: name in reports, cycles, and what the name means.
    #[must_use]
    pub fn causes(&self) -> [(&'static str, f64, &'static str); 8] {
        [
            ("memory", self.memory, "data on their way from or to main memory"),
            ("softmax", self.softmax, "rows that softmax modules work on"),
            (
                "layer norm",
                self.layer_norm,
                "rows that layer-norm modules work on",
            ),
            ("dependence", self.dependence, "results of other MAC lanes"),
            ("buffer space", self.buffer_space, "room in the activation buffer"),
            (
                "buffer bandwidth",
                self.buffer_bandwidth,
                "operands that wait for the ports of a buffer",
            ),
            ("drain", self.drain, "nothing left to issue: the end of the run"),
            (
                "pipeline",
                self.pipeline,
                "operands on the way to the lane, results on the way out",
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use scenarios::system::Plan;
    use sim_core::Engine;

    use super::*;

    /// Users' programs rely on the keys and their order.
    #[test]
    fn parts_are_keys_in_order_and_read_back() {
        for (name, rounding) in [("tiny-trace", ""), ("bert-tiny-train", "stochastic_rounding ")] {
            let plan = Plan::load(&Scenario::shipped(name).unwrap()).unwrap();
            let area = AreaResult::new(&plan.machine);
            let text = serde_json::to_string(&area).unwrap();
            let keys = format!("mac_lanes softmax layer_norm sparsity {rounding}buffers other");
            assert_eq!(keys_of(&text), keys, "{name}");
            assert_eq!(serde_json::from_str::<AreaResult>(&text).unwrap(), area);
            let measured = plan.build(Engine::Wheel).unwrap().run(&plan).unwrap();
            let machine = &measured.machine;
            let energy = EnergyResult::new(&plan.machine, plan.timebase, machine, NanoJoules(7.0));
            let text = serde_json::to_string(&energy).unwrap();
            let keys = format!(
                "main_memory buffers mac_lanes softmax layer_norm sparsity {rounding}other leakage total"
            );
            assert_eq!(keys_of(&text), keys, "{name}");
            assert_eq!(serde_json::from_str::<EnergyResult>(&text).unwrap(), energy);
        }
        for wrong in [r#"{"total": 1.0}"#, r#"{"buffers": 1.0, "heat": 2.0}"#] {
            assert!(serde_json::from_str::<EnergyResult>(wrong).is_err());
            assert!(serde_json::from_str::<AreaResult>(wrong).is_err());
        }
    }

    fn keys_of(text: &str) -> String {
        let fields = text.trim_matches(['{', '}']).split(',');
        let keys: Vec<&str> = fields
            .map(|field| field.split(':').next().unwrap().trim_matches('"'))
            .collect();
        keys.join(" ")
    }
}
