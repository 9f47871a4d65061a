//! A Perfetto trace, decoded by a protobuf library with messages declared here, apart from the writer's.

use components::energy_part::Action;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use prost::Message;
use scenarios::system::{Measurements, Plan};
use sim_core::Engine;
use tests::traced::{run_traced, whole};
use tests::{plan, shipped_small};

#[derive(Clone, PartialEq, Message)]
struct Trace {
    #[prost(message, repeated, tag = "1")]
    packet: Vec<Packet>,
}

#[derive(Clone, PartialEq, Message)]
struct Packet {
    #[prost(uint64, optional, tag = "8")]
    timestamp: Option<u64>,
    #[prost(uint32, tag = "10")]
    sequence: u32,
    #[prost(message, optional, tag = "11")]
    event: Option<Event>,
    #[prost(message, optional, tag = "12")]
    interned: Option<Interned>,
    #[prost(uint32, tag = "13")]
    flags: u32,
    #[prost(message, optional, tag = "60")]
    track: Option<TrackDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(uint64, repeated, packed = "false", tag = "3")]
    categories: Vec<u64>,
    #[prost(message, repeated, tag = "4")]
    annotations: Vec<Annotation>,
    #[prost(uint32, tag = "9")]
    kind: u32,
    #[prost(uint64, tag = "10")]
    name: u64,
    #[prost(uint64, tag = "11")]
    track: u64,
    #[prost(int64, optional, tag = "30")]
    value: Option<i64>,
    #[prost(fixed64, repeated, packed = "false", tag = "47")]
    flows: Vec<u64>,
    #[prost(fixed64, repeated, packed = "false", tag = "48")]
    flow_ends: Vec<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Annotation {
    #[prost(uint64, tag = "1")]
    name: u64,
    #[prost(uint64, optional, tag = "3")]
    value: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct Interned {
    #[prost(message, repeated, tag = "1")]
    categories: Vec<Name>,
    #[prost(message, repeated, tag = "2")]
    names: Vec<Name>,
    #[prost(message, repeated, tag = "3")]
    annotations: Vec<Name>,
}

#[derive(Clone, PartialEq, Message)]
struct Name {
    #[prost(uint64, tag = "1")]
    number: u64,
    #[prost(string, tag = "2")]
    text: String,
}

#[derive(Clone, PartialEq, Message)]
struct TrackDescriptor {
    #[prost(uint64, tag = "1")]
    uuid: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, optional, tag = "3")]
    process: Option<Process>,
    #[prost(uint64, tag = "5")]
    parent: u64,
    #[prost(message, optional, tag = "8")]
    counter: Option<Counter>,
    #[prost(string, optional, tag = "14")]
    description: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Process {
    #[prost(string, tag = "6")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Counter {}

/// What a viewer makes of the packets.
#[derive(Default)]
struct Seen {
    /// Names of tracks, with those above them.
    tracks: BTreeMap<u64, String>,
    counters: BTreeSet<u64>,
    names: BTreeMap<u64, String>,
    categories: BTreeMap<u64, String>,
    annotations: BTreeSet<u64>,
    /// Slices: track, category, name, begin, end.
    slices: Vec<(String, String, String, u64, u64)>,
    open: BTreeMap<u64, (String, String, u64)>,
    last: BTreeMap<u64, u64>,
    flows: BTreeSet<u64>,
    flow_ends: Vec<u64>,
    counted: usize,
}

impl Seen {
    fn packet(&mut self, packet: Packet) {
        assert_eq!(packet.sequence, 1);
        if let Some(interned) = packet.interned {
            let entries = |names: Vec<Name>| names.into_iter().map(|name| (name.number, name.text));
            self.names.extend(entries(interned.names));
            self.categories.extend(entries(interned.categories));
            self.annotations
                .extend(interned.annotations.iter().map(|name| name.number));
        }
        if let Some(track) = packet.track {
            self.track(track);
        }
        if let Some(event) = packet.event {
            self.event(event, packet.timestamp.unwrap());
        }
    }

    fn track(&mut self, track: TrackDescriptor) {
        let text = track.description.as_deref();
        let described = text.is_some_and(|text| text.contains("\"ticks_per_second\":"));
        assert_eq!(described, track.process.is_some(), "the root holds the header");
        let name = match track.process {
            Some(process) => process.name,
            None => format!("{}/{}", self.tracks[&track.parent], track.name),
        };
        if track.counter.is_some() {
            self.counters.insert(track.uuid);
        }
        assert!(
            self.tracks.insert(track.uuid, name).is_none(),
            "a track is described once"
        );
    }

    fn event(&mut self, event: Event, at: u64) {
        let track = self.tracks[&event.track].clone();
        assert_eq!(event.kind == 4, self.counters.contains(&event.track), "{track}");
        assert!(
            event
                .annotations
                .iter()
                .all(|note| self.annotations.contains(&note.name))
        );
        self.flows.extend(&event.flows);
        self.flow_ends.extend(&event.flow_ends);
        match event.kind {
            1 => {
                let last = self.last.get(&event.track).copied().unwrap_or(0);
                assert!(last <= at, "{track} overlaps at {at}");
                let (category, name) = (&self.categories[&event.categories[0]], &self.names[&event.name]);
                let begun = (category.clone(), name.clone(), at);
                assert!(self.open.insert(event.track, begun).is_none(), "{track} is busy");
            }
            2 => {
                let (category, name, begin) = self.open.remove(&event.track).expect("a slice is open");
                self.last.insert(event.track, at);
                self.slices.push((track, category, name, begin, at));
            }
            3 => assert!(self.names.contains_key(&event.name)),
            4 => {
                assert!(event.value.unwrap() >= 0);
                self.counted += 1;
            }
            other => panic!("no event is of type {other}"),
        }
    }
}

fn seen(plan: &Plan) -> (Seen, Measurements) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pftrace");
    let measured = run_traced(plan, Engine::Wheel, &whole(file.clone()));
    let trace = Trace::decode(&fs::read(file).unwrap()[..]).unwrap();
    assert_eq!(trace.packet[0].flags, 1, "the first packet clears what was known");
    let mut seen = Seen::default();
    trace.packet.into_iter().for_each(|packet| seen.packet(packet));
    assert!(seen.open.is_empty(), "all slices end");
    (seen, measured)
}

#[test]
fn a_viewer_finds_every_tile_under_its_lane_and_its_operation() {
    let plan = plan(&shipped_small("flexibert-mixed"));
    let (seen, measured) = seen(&plan);
    let of = |category: &'static str| seen.slices.iter().filter(move |slice| slice.1 == category);
    assert_eq!(of("mac_tile").count() as u64, measured.machine.lanes.tiles);
    assert!(of("mac_tile").all(|slice| slice.0.contains("/pe[") && slice.0.contains("]/mac[")));
    assert!(of("mac_tile").any(|slice| slice.2 == "scores L0 H1"));
    assert!(of("row_open").all(|slice| slice.0.contains("/memory/channel[0]/bank[")));
    assert!(of("load").any(|slice| slice.2.starts_with("load weights ")));
    assert!(seen.counted > 0);
    // Whole nanoseconds: each end of a slice is off by half of one at most.
    let length: u64 = of("mac_tile").map(|slice| slice.4 - slice.3).sum();
    let busy = plan.timebase.nanoseconds(measured.machine.time(Action::MacLane));
    assert!((length as f64 - busy).abs() <= of("mac_tile").count() as f64);
}

#[test]
fn flows_lead_from_a_load_to_the_tile_that_waited_for_it() {
    let (seen, _) = seen(&plan(&shipped_small("tiny-trace")));
    assert!(!seen.flow_ends.is_empty());
    assert!(seen.flow_ends.iter().all(|flow| seen.flows.contains(flow)));
}
