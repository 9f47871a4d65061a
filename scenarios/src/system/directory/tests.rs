//! Actors, their names and their addresses agree.

use components::memory::MemoryActor;
use components::message::Message;
use components::pe::row_module::RowFunction;
use sim_core::{Engine, Tick};

use super::*;
use crate::Scenario;
use crate::system::{System, Track};

fn plan(name: &str) -> Plan {
    Plan::load(&Scenario::shipped(name).unwrap()).unwrap()
}

/// What an actor is, by itself.
fn kind_of(actor: &Component) -> TrackKind {
    match actor {
        Component::ControlBlock(_) => TrackKind::ControlBlock,
        Component::Dma(_) => TrackKind::Dma,
        Component::Buffer(_) => TrackKind::Buffer,
        Component::Memory(MemoryActor::Channel(_)) => TrackKind::Channel,
        Component::Memory(MemoryActor::Rank(_)) => TrackKind::Rank,
        Component::Memory(MemoryActor::Bank(_)) => TrackKind::Bank,
        Component::IdealMemory(_) => TrackKind::IdealMemory,
        Component::Background(_) => TrackKind::Background,
        Component::ProcessingElement(_) => TrackKind::ProcessingElement,
        Component::MacLane(_) => TrackKind::MacLane,
        Component::DynaProp(_) | Component::PreCompute(_) | Component::PostCompute(_) => TrackKind::Sparsity,
        Component::RowModule(module) => match module.function() {
            RowFunction::Softmax => TrackKind::Softmax,
            RowFunction::LayerNorm => TrackKind::LayerNorm,
        },
    }
}

/// The end of the names of actors of this sort.
fn last_name(actor: &Component) -> String {
    match actor {
        Component::ControlBlock(_) => "control_block".to_owned(),
        Component::Dma(_) => "dma".to_owned(),
        Component::Buffer(buffer) => format!("buffer.{}", buffer.kind().name()),
        Component::Memory(MemoryActor::Channel(_)) => "channel[#]".to_owned(),
        Component::Memory(MemoryActor::Rank(_)) => "rank[#]".to_owned(),
        Component::Memory(MemoryActor::Bank(_)) => "bank[#]".to_owned(),
        Component::IdealMemory(_) => "memory".to_owned(),
        Component::Background(_) => String::new(),
        Component::ProcessingElement(_) => "pe[#]".to_owned(),
        Component::MacLane(_) => "mac[#]".to_owned(),
        Component::DynaProp(_) => "dynaprop".to_owned(),
        Component::PreCompute(_) => "pre_compute".to_owned(),
        Component::PostCompute(_) => "post_compute".to_owned(),
        Component::RowModule(module) => match module.function() {
            RowFunction::Softmax => "softmax[#]".to_owned(),
            RowFunction::LayerNorm => "layer_norm".to_owned(),
        },
    }
}

/// A name whose numbers are left out.
fn without_numbers(name: &str) -> String {
    let parts = name.split('[').map(|part| part.split_once(']'));
    let mut shape = name.split('[').next().unwrap_or_default().to_owned();
    for (_, rest) in parts.flatten() {
        shape.push_str("[#]");
        shape.push_str(rest);
    }
    shape
}

fn tracks_of_actors(plan: &Plan) -> Vec<Track> {
    let mut tracks = plan.tracks();
    tracks.retain(|track| !matches!(track.kind, TrackKind::CriticalPath | TrackKind::Power));
    tracks
}

/// On machines of all sorts: with banked and ideal memory, with tenants, with background traffic, silent sources among it.
#[test]
fn tracks_are_of_the_kind_of_their_actors_and_named_so() {
    for name in [
        "tiny-trace",
        "bert-tiny-edge",
        "bert-tiny-values",
        "contention",
        "rram-ideal",
    ] {
        let Ok(loaded) = Scenario::shipped(name) else {
            continue;
        };
        let plan = Plan::load(&loaded).unwrap();
        let system: System = plan.build(Engine::Wheel).unwrap();
        let tracks = tracks_of_actors(&plan);
        assert_eq!(system.simulation.actors().len(), tracks.len(), "{name}");
        for (actor, track) in system.simulation.actors().iter().zip(&tracks) {
            assert_eq!(track.kind, kind_of(actor), "{name}, {}", track.name);
            let shape = without_numbers(&track.name);
            assert!(shape.ends_with(&last_name(actor)), "{name}, {}", track.name);
        }
        let mut names: Vec<&str> = tracks.iter().map(|track| track.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), tracks.len(), "{name}: every name is used once");
    }
}

/// The addresses that actors are given are those of the actors that they are meant for.
#[test]
fn addresses_name_their_actors() {
    for name in ["bert-tiny-edge", "contention"] {
        let plan = plan(name);
        let directory = Directory::new(&plan);
        let called = |address: ActorId| directory.name(directory.entry(address).unwrap());
        for (machine, (plan, addresses)) in plan.machines().zip(directory.machines()).enumerate() {
            let prefix = match machine {
                0 => String::new(),
                _ => format!("{}.", plan.scenario.name),
            };
            let is = |address, name: &str| assert_eq!(called(address), format!("{prefix}{name}"));
            is(addresses.control_block, "control_block");
            is(addresses.dma, "dma");
            let buffers = ["buffer.activation", "buffer.weight", "buffer.mask"];
            addresses
                .buffers
                .iter()
                .zip(buffers)
                .for_each(|(&address, name)| is(address, name));
            assert_eq!(
                addresses.pes.len() as u32,
                plan.scenario.accelerator.processing_elements
            );
            for (pe, places) in addresses.pes.iter().enumerate() {
                is(places.pe, &format!("pe[{pe}]"));
                is(places.layer_norm, &format!("pe[{pe}].layer_norm"));
                assert_eq!(places.lanes.len() as u32, plan.layout.lanes);
                for (number, lane) in places.lanes.iter().enumerate() {
                    is(lane.mac, &format!("pe[{pe}].mac[{number}]"));
                    is(lane.dynaprop, &format!("pe[{pe}].mac[{number}].dynaprop"));
                    is(lane.pre_compute, &format!("pe[{pe}].mac[{number}].pre_compute"));
                    is(lane.post_compute, &format!("pe[{pe}].mac[{number}].post_compute"));
                }
                assert_eq!(places.softmax.len() as u32, plan.layout.softmax);
                for (number, &module) in places.softmax.iter().enumerate() {
                    is(module, &format!("pe[{pe}].softmax[{number}]"));
                }
            }
        }
        for (number, &channel) in directory.channels().iter().enumerate() {
            assert_eq!(called(channel), format!("memory.channel[{number}]"));
        }
    }
}

/// Whoever stops a run is called by its name, also on another transformer's machine.
#[test]
fn errors_name_their_actors() {
    let plan = plan("contention");
    let tenant = format!("{}.pe[0].layer_norm", plan.tenants[0].scenario.name);
    let names = [
        "pe[3].mac[2].post_compute",
        "memory.channel[0].bank[5]",
        "buffer.mask",
        tenant.as_str(),
    ];
    for name in names {
        let tracks = plan.tracks();
        let place = tracks.iter().position(|track| track.name == name).unwrap();
        let mut system = plan.build(Engine::Wheel).unwrap();
        system
            .simulation
            .post(ActorId(place as u32), Tick(7), Message::Start);
        let error = system.run(&plan).unwrap_err().to_string();
        let expected = format!("actor {name} stopped the run at tick 7: ");
        assert!(error.starts_with(&expected), "{error}");
    }
}
