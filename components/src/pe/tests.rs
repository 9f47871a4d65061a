//! A PE by itself: for how long it has work and what it takes of buses and buffers, against figures worked out by hand.

use std::cell::RefCell;
use std::rc::Rc;

use sim_core::{Activity, Actor, Engine, Frequency, Label, Simulation, Span, Timebase, TraceSink};

use super::*;
use crate::density::Density;
use crate::message::TileWork;
use crate::runs::{Indexing, OperandSources};
use crate::tile::TileCoordinate;

enum Part {
    Pe(Box<ProcessingElement>),
    /// Lanes, modules and the control block, which do nothing.
    Other,
}

impl Actor for Part {
    type Message = Message;

    fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match (self, message) {
            (Self::Pe(pe), Message::IssueRun { unit, run }) => pe.on_issue_run(unit, run, context),
            (Self::Pe(pe), Message::FetchOperands(fetch)) => pe.on_fetch_operands(fetch, context),
            (Self::Pe(pe), Message::ResultCompressed(run)) => pe.on_result_compressed(run, context),
            (Self::Pe(_), other) => panic!("a PE takes no {other:?} here"),
            (Self::Other, _) => {}
        }
    }
}

/// Keeps when a PE begins and ends to have work.
#[derive(Clone, Debug, Default)]
struct Changes(Rc<RefCell<Vec<(u64, u64)>>>);

impl TraceSink for Changes {
    fn span(&mut self, _: Span) {}
    fn instant(&mut self, _: ActorId, _: Tick, _: Label) {}
    fn counter(&mut self, _: ActorId, _: Tick, _: u16, _: u64) {}
    fn activity(&mut self, activity: Activity) {
        if activity.kind == Action::ActivePe.kind() {
            self.0.borrow_mut().push((activity.end.0, activity.amount));
        }
    }
    fn wants_activities(&self) -> bool {
        true
    }
}

const PE: ActorId = ActorId(1);

/// A run whose result takes `bytes`, of weights or of activations.
fn run(bytes: u32, weights: bool) -> Run {
    let mut run = Run {
        length: 1,
        result_bytes: bytes,
        ..Run::NONE
    };
    run.sources.result_is_weight = weights;
    run
}

/// What a PE has done whose buses carry 8 bytes per cycle and whose buffers have blocks of `access`, given the messages that come
/// to it, and when it began and ended to have work. A tick is a cycle.
fn done(access: Bytes, messages: &[(u64, Message)]) -> (ByAction<u64>, Vec<(u64, u64)>) {
    done_by(LaneGroup::SINGLE, access, messages)
}

/// The same by a PE whose lanes share operands in one group.
fn done_by(group: LaneGroup, access: Bytes, messages: &[(u64, Message)]) -> (ByAction<u64>, Vec<(u64, u64)>) {
    let frequency = Frequency::from_megahertz(1_000);
    let clock = Timebase::of(&[frequency]).unwrap().clock(frequency).unwrap();
    let other = ActorId(0);
    let addresses = PeAddresses {
        pe: PE,
        lanes: vec![
            LaneAddresses {
                mac: other,
                dynaprop: other,
                pre_compute: other,
                post_compute: other,
            };
            group.lanes().into()
        ],
        softmax: Vec::new(),
        layer_norm: other,
    };
    let pe = ProcessingElement::new(addresses, clock, other, 8, Bytes(32), access);
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    simulation.add(Part::Other);
    simulation.add(Part::Pe(Box::new(pe.with_groups(group))));
    for &(at, message) in messages {
        simulation.post(PE, Tick(at), message);
    }
    let changes = Changes::default();
    simulation.traced(&mut changes.clone()).run().unwrap();
    let mut counts = ByAction::default();
    let Part::Pe(pe) = &simulation.actors()[PE.0 as usize] else {
        unreachable!()
    };
    pe.count_actions(&mut counts);
    (counts, changes.0.take())
}

/// A product tile whose right operand is a weight.
fn work_of_one_pair() -> TileWork {
    TileWork {
        tile: TileCoordinate([0; 4]),
        pairs: 1,
        dense: 1,
        left_tensor: 1,
        right_tensor: 2,
        left: Density::FULL,
        right: Density::FULL,
        sources: OperandSources {
            right_is_weight: true,
            ..Run::NONE.sources
        },
        waited: 0,
    }
}

/// Active ticks and changes, given when runs are issued and when their results are compressed.
fn active(issued: &[(u64, Run)], compressed: &[(u64, Run)]) -> (u64, Vec<(u64, u64)>) {
    let issued = issued
        .iter()
        .map(|&(at, run)| (at, Message::IssueRun { unit: 0, run }));
    let compressed = compressed
        .iter()
        .map(|&(at, run)| (at, Message::ResultCompressed(run)));
    let messages: Vec<_> = issued.chain(compressed).collect();
    let (counts, changes) = done(Bytes(64), &messages);
    (counts[Action::ActivePe], changes)
}

#[test]
fn time_in_which_a_result_is_written_counts_once() {
    // 100 bytes from cycle 10 on take 13 cycles, until 23. The next run comes in 12, and its 8 bytes wait for the bus until 23.
    // The third comes when nothing is left to write.
    let (long, short) = (run(100, false), run(8, false));
    let (active, changes) = active(
        &[(0, long), (12, short), (40, short)],
        &[(10, long), (14, short), (42, short)],
    );
    assert_eq!(changes, [(0, 1), (23, 0), (23, 1), (24, 0), (40, 1), (43, 0)]);
    assert_eq!(active, 24 + 3);
}

#[test]
fn the_last_result_to_be_written_ends_the_time() {
    // The second run's 8 bytes go over the other bus, from 14 until 15, while the first run's are written until 23.
    let (long, weights) = (run(100, false), run(8, true));
    let (active, changes) = active(&[(0, long), (2, weights)], &[(10, long), (14, weights)]);
    assert_eq!(changes, [(0, 1), (23, 0)]);
    assert_eq!(active, 23);
}

/// Accesses to the activation, weight and mask buffer, and bus time, of `rows` x `columns` lanes that each ask for `asks` once.
fn accesses_of_group(indexing: Indexing, [rows, columns]: [u8; 2], asks: [bool; 2]) -> ([u64; 3], u64) {
    let group = LaneGroup { rows, columns };
    let sources = OperandSources {
        indexing,
        right_is_weight: true,
        ..Run::NONE.sources
    };
    let run = Run {
        length: 1,
        sources,
        group,
        ..Run::NONE
    };
    let issued = (0..group.lanes()).map(|unit| (0, Message::IssueRun { unit, run }));
    // The last lane asks five cycles after the others.
    let fetches = (0..group.lanes()).map(|lane| {
        let fetch = OperandFetch {
            lane,
            bytes: [64, 128],
            asks,
            work: TileWork {
                sources,
                ..work_of_one_pair()
            },
        };
        let last = lane + 1 == group.lanes();
        (if last { 7 } else { 2 }, Message::FetchOperands(fetch))
    });
    let messages: Vec<_> = issued.chain(fetches).collect();
    let (counts, _) = done_by(group, Bytes(64), &messages);
    assert_eq!(counts[Action::OperandFetch], u64::from(group.lanes()));
    let buffers = [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask];
    (
        buffers.map(|buffer| counts[Action::access(buffer)]),
        counts[Action::Bus],
    )
}

#[test]
fn a_tile_that_lanes_share_is_read_and_moved_once() {
    let product = |shape| accesses_of_group(Indexing::Product, shape, [true; 2]);
    // Rows of left tiles, an access and 8 cycles each; columns of right tiles, two accesses and 16 cycles each.
    assert_eq!(product([1, 4]), ([1, 2 * 4, 5], 8 + 16 * 4));
    assert_eq!(product([2, 2]), ([2, 2 * 2, 4], 8 * 2 + 16 * 2));
    assert_eq!(product([4, 1]), ([4, 2, 5], 8 * 4 + 16));
    let held = accesses_of_group(Indexing::Product, [2, 2], [false, true]);
    assert_eq!(held, ([0, 4, 2], 16 * 2), "the registers hold the left tiles");
    let kernels = accesses_of_group(Indexing::Convolution, [2, 2], [true; 2]);
    assert_eq!(kernels, ([4, 4, 6], 8 * 4 + 16 * 2), "a kernel for each column");
    let elements = accesses_of_group(Indexing::Elementwise, [2, 2], [true; 2]);
    assert_eq!(elements, ([4, 8, 8], 8 * 4 + 16 * 4), "nothing is shared");
}

#[test]
fn accesses_are_counted_in_blocks_of_the_buffer() {
    // A fetch of 320 bytes of activations and 161 of weights, as two tiles; then a result of 200 bytes in one tile. A mask has 32.
    for (block, activation, weight, mask) in [
        (16, 20 + 13, 11, 3 * 2),
        (32, 10 + 7, 6, 3),
        (64, 5 + 4, 3, 3),
        (128, 3 + 2, 2, 3),
    ] {
        let work = work_of_one_pair();
        let fetch = OperandFetch {
            lane: 0,
            bytes: [320, 161],
            asks: [true; 2],
            work,
        };
        let run = run(200, false);
        let messages = [
            (0, Message::IssueRun { unit: 0, run }),
            (1, Message::FetchOperands(fetch)),
            (90, Message::ResultCompressed(run)),
        ];
        let (counts, _) = done(Bytes(block), &messages);
        let buffers = [BufferKind::Activation, BufferKind::Weight, BufferKind::Mask];
        let accesses = buffers.map(|buffer| counts[Action::access(buffer)]);
        assert_eq!(accesses, [activation, weight, mask], "blocks of {block}");
    }
}
