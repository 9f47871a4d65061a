//! Idle time of lanes is charged to what was waited for while it passed: held against an account made from a trace.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::collections::BTreeMap;

use components::control_block::StallCause;
use components::trace_event::{Event, Stall, TileUnit};
use scenarios::Scenario;
use scenarios::schema::Reference;
use scenarios::system::{Measurements, Plan, TrackKind};
use sim_core::{ActorId, Engine, Label, Span, Tick, TraceSink};

/// What a trace says of idle lanes and of their causes.
#[derive(Default)]
struct Witness {
    lanes: Vec<ActorId>,
    /// End of the last tile of each lane.
    worked_until: BTreeMap<ActorId, Tick>,
    /// Free lanes, and when they became idle.
    idle_since: BTreeMap<ActorId, Tick>,
    idle: Vec<(Tick, Tick)>,
    causes: Vec<(Tick, Tick, StallCause)>,
    /// Ticks for which lanes with a run awaited operands, while they worked on nothing.
    awaited: u128,
}

impl Witness {
    fn ends(&mut self, lane: ActorId, now: Tick) {
        if let Some(since) = self.idle_since.remove(&lane).filter(|&since| since < now) {
            self.idle.push((since, now));
        }
    }

    /// Idle lane-ticks for `cause`.
    fn charged(&self, cause: StallCause) -> u128 {
        if cause == StallCause::BufferBandwidth {
            return self.awaited;
        }
        let overlap = |&(from, to): &(Tick, Tick)| -> u128 {
            let first = self.causes.partition_point(|&(_, end, _)| end <= from);
            let within = self.causes[first..].iter().take_while(|&&(start, ..)| start < to);
            within
                .filter(|&&(.., because)| because == cause)
                .map(|&(start, end, _)| u128::from(end.min(to).since(start.max(from)).0))
                .sum()
        };
        self.idle.iter().map(overlap).sum()
    }
}

impl TraceSink for Witness {
    fn span(&mut self, span: Span) {
        match Event::of(span.label) {
            Some(Event::Tile(TileUnit::MacLane, _)) => {
                self.worked_until.insert(span.actor, span.end);
            }
            Some(Event::OperandsAwaited { .. }) => {
                let worked = self.worked_until.get(&span.actor);
                assert!(worked.is_none_or(|&end| end <= span.start), "it worked meanwhile");
                assert!(!self.idle_since.contains_key(&span.actor), "it has no run");
                self.awaited += u128::from(span.end.since(span.start).0);
            }
            Some(Event::Stall(Stall { cause, .. })) => self.causes.push((span.start, span.end, cause)),
            _ => {}
        }
    }

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        match Event::of(label) {
            Some(Event::Started) => self.idle_since = self.lanes.iter().map(|&lane| (lane, at)).collect(),
            Some(Event::UnitFreed(lane)) if self.lanes.contains(&lane) => {
                self.idle_since.insert(lane, self.worked_until[&lane].max(at));
            }
            Some(Event::RunIssued(_)) => self.ends(actor, at),
            Some(Event::Finished) => {
                for lane in self.lanes.clone() {
                    self.ends(lane, at);
                }
            }
            _ => {}
        }
    }

    fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
}

fn watched(name: &str, memory: &str, change: impl FnOnce(&mut Scenario)) -> (Measurements, Witness) {
    let changed = Scenario::shipped(name).unwrap().with(|scenario| {
        scenario.memory = Reference::Preset(memory.to_owned());
        change(scenario);
    });
    let plan = Plan::load(&changed.unwrap()).unwrap();
    let tracks = plan.tracks();
    let lanes = (0..)
        .zip(&tracks)
        .filter(|(_, track)| track.kind == TrackKind::MacLane);
    let mut witness = Witness {
        lanes: lanes.map(|(address, _)| ActorId(address)).collect(),
        ..Witness::default()
    };
    let system = plan.build(Engine::Wheel).unwrap();
    let measured = system.run_traced(&plan, &mut witness).unwrap();
    (measured, witness)
}

/// Buffers of so many banks of 64 bytes.
fn narrow(scenario: &mut Scenario, banks: u32) {
    let bandwidth = &mut scenario.accelerator.buffer_bandwidth;
    for ports in [
        &mut bandwidth.activation,
        &mut bandwidth.weight,
        &mut bandwidth.mask,
    ] {
        ports.banks = Some(banks);
        ports.width_bits = Some(512);
    }
}

#[test]
fn idle_time_is_charged_to_the_cause_at_the_time_that_passes() {
    type Change = fn(&mut Scenario);
    let cases: [(&str, &str, Change); 7] = [
        ("tiny-trace", "lpddr3-1600", |_| {}),
        ("tiny-trace", "ideal", |_| {}),
        ("tiny-trace", "ideal", |scenario| narrow(scenario, 1)),
        ("bert-tiny-edge", "hbm2", |scenario| {
            scenario.workload.transformer.layers.truncate(1);
            narrow(scenario, 24);
        }),
        ("tiny-trace", "hbm2", |scenario| scenario.accelerator.tile.y = 7),
        ("flexibert-mixed", "hbm2", |scenario| {
            scenario.workload.transformer.layers.truncate(2);
            scenario.workload.sequence_length = 32;
        }),
        ("bert-tiny-train", "hbm2", |scenario| {
            scenario.workload.transformer.layers.truncate(1);
            scenario.workload.sequence_length = 32;
            scenario.workload.batch = 1;
        }),
    ];
    let mut waited = false;
    for (name, memory, change) in cases {
        let (measured, witness) = watched(name, memory, change);
        let stalls = measured.machine.stalls;
        for cause in StallCause::ALL {
            assert_eq!(
                stalls.lane_ticks(cause),
                witness.charged(cause),
                "{name} on {memory}: {}",
                cause.name()
            );
        }
        assert!(stalls.total() > 0);
        waited |= stalls.lane_ticks(StallCause::BufferBandwidth) > 0;
    }
    assert!(waited, "no lane waits for a narrow buffer");
}

#[test]
fn lanes_that_wait_for_lanes_do_not_wait_for_memory() {
    let (measured, _) = watched("tiny-trace", "ideal", |_| {});
    let stalls = measured.machine.stalls;
    let share = |cause| stalls.lane_ticks(cause) as f64 / stalls.total() as f64;
    assert!(share(StallCause::Memory) < 0.1, "{}", share(StallCause::Memory));
    assert!(
        share(StallCause::Dependence) > 0.3,
        "{}",
        share(StallCause::Dependence)
    );
}
