//! A lane by itself, against cycles worked out by hand.

use std::cell::RefCell;
use std::rc::Rc;

use sim_core::{Actor, ActorId, Clock, Context, Engine, Simulation, Tick, Timebase};

use super::*;
use crate::density::Density;
use crate::pe::LaneAddresses;
use crate::runs::{Indexing, OperandSources};
use crate::tile::{Dimension, TileCoordinate};

/// What came, when, and to whom.
type Log = Rc<RefCell<Vec<(u64, ActorId, Message)>>>;

enum Part {
    Lane(Box<MacLane>),
    /// Keeps what it is sent: the PE, the control block, the post-compute module.
    Keeper(Log),
}

impl Actor for Part {
    type Message = Message;

    fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match (self, message) {
            (Self::Lane(lane), Message::StartRun(run)) => lane.on_start_run(run, context),
            (Self::Lane(lane), Message::PairsMatched(work)) => lane.on_pairs_matched(work, context),
            (Self::Lane(_), other) => panic!("a lane takes no {other:?}"),
            (Self::Keeper(log), message) => {
                log.borrow_mut().push((context.now().0, context.me(), message));
            }
        }
    }
}

const PE: ActorId = ActorId(0);
const CONTROL_BLOCK: ActorId = ActorId(1);
const LANE: ActorId = ActorId(2);
const POST_COMPUTE: ActorId = ActorId(5);

/// A tick is a cycle.
fn clock() -> Clock {
    let frequency = sim_core::Frequency::from_megahertz(1_000);
    Timebase::of(&[frequency]).unwrap().clock(frequency).unwrap()
}

/// `length` tiles of 10 pairs each but the last, which has 5; left tiles of 100 bytes, right tiles of 60 from the weight buffer.
fn run_along(along: Dimension, indexing: Indexing, length: u16) -> Run {
    Run {
        operation: crate::operation::OperationId(0),
        first: TileCoordinate([0; 4]),
        length,
        along,
        sources: OperandSources {
            indexing,
            left_is_weight: false,
            right_is_weight: true,
            result_is_weight: false,
        },
        work: 10,
        last_work: 5,
        left_bytes: 100,
        right_bytes: 60,
        left_tensor: 1,
        right_tensor: 2,
        ..Run::NONE
    }
}

/// What a lane of 4 multipliers sends, given runs and the cycles in which the pairs of their tiles are matched.
fn sent(fifo: u16, runs: &[(u64, Run)], matched: &[(u64, u32)]) -> Vec<(u64, ActorId, Message)> {
    let log = Log::default();
    let parameters = LaneParameters {
        clock: clock(),
        multipliers: 4,
        operand_fifo_tiles: fifo,
        densities: crate::runs::Densities {
            weight: Density::FULL,
            constant: Density::FULL,
            activation: Density::FULL,
            gradient: Density::FULL,
        },
        control_block: CONTROL_BLOCK,
    };
    let addresses = PeAddresses {
        pe: PE,
        lanes: vec![LaneAddresses {
            mac: LANE,
            dynaprop: ActorId(3),
            pre_compute: ActorId(4),
            post_compute: POST_COMPUTE,
        }],
        softmax: Vec::new(),
        layer_norm: ActorId(6),
    };
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    for place in 0..=POST_COMPUTE.0 {
        simulation.add(match ActorId(place) {
            LANE => Part::Lane(Box::new(MacLane::new(parameters, &addresses, 0, 0))),
            _ => Part::Keeper(log.clone()),
        });
    }
    for &(at, run) in runs {
        simulation.post(LANE, Tick(at), Message::StartRun(run));
    }
    for &(at, pairs) in matched {
        let work = TileWork {
            tile: TileCoordinate([0; 4]),
            pairs,
            dense: pairs,
            left_tensor: 1,
            right_tensor: 2,
            left: Density::FULL,
            right: Density::FULL,
            sources: runs[0].1.sources,
            waited: 0,
        };
        simulation.post(LANE, Tick(at), Message::PairsMatched(work));
    }
    simulation.run().unwrap();
    log.take()
}

fn fetches(sent: &[(u64, ActorId, Message)]) -> Vec<(u64, OperandFetch)> {
    let fetch = |(at, to, message): &(u64, ActorId, Message)| match message {
        Message::FetchOperands(fetch) => {
            assert_eq!(*to, PE);
            Some((*at, *fetch))
        }
        _ => None,
    };
    sent.iter().filter_map(fetch).collect()
}

#[test]
fn as_many_tiles_are_fetched_ahead_as_the_fifo_holds() {
    for (fifo, length, at_once) in [(1, 6, 1), (2, 6, 2), (3, 6, 3), (6, 6, 6), (8, 6, 6), (2, 1, 1)] {
        let run = run_along(Dimension::K, Indexing::Product, length);
        let fetched = fetches(&sent(fifo, &[(0, run)], &[]));
        assert_eq!(fetched.len(), at_once, "FIFO of {fifo}, {length} tiles");
        assert!(fetched.iter().all(|(at, _)| *at == 0));
    }
}

#[test]
fn each_tile_that_enters_the_multipliers_makes_room_for_the_next() {
    // 10 pairs on 4 multipliers take 3 cycles. Matched in 10 to 15, tiles enter in 10, 13, 16, 19, 22 and 25; two were fetched
    // at the beginning, one more each time until all six are.
    let run = run_along(Dimension::K, Indexing::Product, 6);
    let matched = [(10, 10), (11, 10), (12, 10), (13, 10), (14, 10), (15, 5)];
    let sent = sent(2, &[(0, run)], &matched);
    let fetched = fetches(&sent);
    let at: Vec<u64> = fetched.iter().map(|(at, _)| *at).collect();
    assert_eq!(at, [0, 0, 10, 13, 16, 19]);
    // The last tile is the ragged one.
    let dense: Vec<u32> = fetched.iter().map(|(_, fetch)| fetch.work.dense).collect();
    assert_eq!(dense, [10, 10, 10, 10, 10, 5]);
    // The last tile's 5 pairs take 2 cycles, 25 to 27. Free a cycle after it entered; the sum is there after two levels of adders.
    let others: Vec<_> = sent
        .iter()
        .filter(|(_, to, _)| *to != PE)
        .map(|(at, to, message)| match message {
            Message::UnitFree { busy_until, .. } => (*at, *to, busy_until.0),
            _ => (*at, *to, 0),
        })
        .collect();
    assert_eq!(others, [(26, CONTROL_BLOCK, 27), (29, POST_COMPUTE, 0)]);
}

/// Bytes of activations and of weights that the tiles of a run take, and how many tiles of operands.
fn fetched_in_all(along: Dimension, indexing: Indexing) -> (u32, u32, u64) {
    let run = run_along(along, indexing, 4);
    let fetched = fetches(&sent(4, &[(0, run)], &[]));
    fetched
        .iter()
        .fold((0, 0, 0), |(activation, weight, tiles), (_, fetch)| {
            (
                activation + fetch.activation_bytes(),
                weight + fetch.weight_bytes(),
                tiles + fetch.tiles(),
            )
        })
}

#[test]
fn what_the_registers_hold_is_not_fetched_again() {
    // Four left tiles of 100 bytes and four right ones of 60, less those that stay from tile to tile.
    let product = |along| fetched_in_all(along, Indexing::Product);
    assert_eq!(
        product(Dimension::K),
        (400, 240, 8),
        "another pair for each place of the sum"
    );
    assert_eq!(product(Dimension::J), (100, 240, 5), "one left tile");
    assert_eq!(product(Dimension::I), (400, 60, 5), "one right tile");
    assert_eq!(product(Dimension::B), (400, 60, 5), "weights have no batch");
    let elementwise = |along| fetched_in_all(along, Indexing::Elementwise);
    assert_eq!(elementwise(Dimension::J), (400, 240, 8));
    // The right one is a kernel for each column, whatever the row.
    let convolution = |along| fetched_in_all(along, Indexing::Convolution);
    assert_eq!(convolution(Dimension::J), (400, 240, 8));
    assert_eq!(convolution(Dimension::I), (400, 60, 5));
}

#[test]
fn registers_are_empty_when_a_run_begins() {
    let run = run_along(Dimension::I, Indexing::Product, 1);
    let fetched = fetches(&sent(1, &[(0, run), (10, run)], &[]));
    let bytes: Vec<_> = fetched
        .iter()
        .map(|(_, fetch)| (fetch.activation_bytes(), fetch.weight_bytes(), fetch.tiles()))
        .collect();
    assert_eq!(bytes, [(100, 60, 2); 2]);
}
