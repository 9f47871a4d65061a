//! The ports of a buffer by themselves: whom they serve when, against times worked out by hand.

use std::cell::RefCell;
use std::rc::Rc;

use sim_core::{Actor, Engine, Frequency, Simulation, Timebase};

use super::*;
use crate::message::BufferRequest;

/// What arrives, and when.
type Log = Rc<RefCell<Vec<(u64, ActorId, Message)>>>;

enum Part {
    Buffer(Box<Buffer>),
    /// A PE or the control block, which keeps what comes.
    Keeper(Log),
}

impl Actor for Part {
    type Message = Message;

    fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match self {
            Self::Buffer(buffer) => buffer.receive(message, context),
            Self::Keeper(log) => log.borrow_mut().push((context.now().0, context.me(), message)),
        }
    }
}

const CONTROL: ActorId = ActorId(0);
const BUFFER: ActorId = ActorId(1);

/// What comes of `messages` to a buffer with accesses of 64 bytes, a block in a cycle of 4 ticks for the DMA, and `width` bits in
/// each of two banks.
fn log(width: u32, messages: &[(u64, Message)]) -> Vec<(u64, ActorId, Message)> {
    let [core, memory] = [250, 1_000].map(Frequency::from_megahertz);
    let clock = Timebase::of(&[core, memory]).unwrap().clock(core).unwrap();
    let log = Log::default();
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    let buffer = Buffer::new(BufferKind::Weight, Bytes(1 << 20), clock, 1, BLOCK, CONTROL)
        .with_bandwidth(Some(Bandwidth::of(2, width)));
    simulation.add(Part::Keeper(log.clone()));
    simulation.add(Part::Buffer(Box::new(buffer)));
    for _ in 0..3 {
        simulation.add(Part::Keeper(log.clone()));
    }
    for &(at, message) in messages {
        simulation.post(BUFFER, Tick(at), message);
    }
    simulation.run().unwrap();
    log.take()
}

fn ask(pe: u32, ticket: u32, accesses: u32) -> Message {
    Message::BufferRequest(BufferRequest {
        pe: ActorId(pe),
        ticket,
        accesses,
    })
}

fn served(at: u64, pe: u32, ticket: u32, end: u64) -> (u64, ActorId, Message) {
    let end = Tick(end);
    (at, ActorId(pe), Message::BufferServed { ticket, end })
}

#[test]
fn requests_are_served_one_after_another() {
    // Two banks of 256 bits: an access of 64 bytes takes a cycle, 4 ticks. Answers come with the next cycle.
    let messages = [(0, ask(2, 0, 3)), (4, ask(3, 0, 1)), (40, ask(2, 1, 2))];
    assert_eq!(
        log(256, &messages),
        [served(4, 2, 0, 12), served(8, 3, 0, 16), served(44, 2, 1, 48)]
    );
}

#[test]
fn what_comes_together_is_served_by_number_whatever_the_order_of_sending() {
    let asked = [ask(4, 0, 1), ask(2, 1, 2), ask(3, 7, 1), ask(2, 0, 1)];
    let expected = [
        served(4, 2, 0, 4),
        served(4, 2, 1, 12),
        served(4, 3, 7, 16),
        served(4, 4, 0, 20),
    ];
    for rotated in 0..asked.len() {
        let mut messages = asked.map(|message| (0, message));
        messages.rotate_left(rotated);
        assert_eq!(log(256, &messages), expected, "rotated by {rotated}");
    }
}

#[test]
fn no_time_is_lost_to_rounding() {
    // Two banks of 768 bits: an access takes a third of a cycle, 4/3 ticks.
    let messages: Vec<_> = (0..300).map(|ticket| (0, ask(2, ticket, 1))).collect();
    let log = log(768, &messages);
    assert_eq!(log.len(), 300);
    for (ticket, found) in (0..).zip(log) {
        let end = ((u64::from(ticket) + 1) * 4).div_ceil(3);
        assert_eq!(found, served(4, 2, ticket, end));
    }
}

#[test]
fn the_dma_shares_the_ports() {
    let transfer = TransferId(5);
    let block = |completes| Message::BlockFilled { transfer, completes };
    // Two banks of 128 bits: an access takes two cycles, 8 ticks. Blocks go before what PEs ask in the same tick; one that is
    // later than the ports of the DMA alone would be ends with its access.
    let messages = [
        (4, ask(2, 0, 1)),
        (4, block(false)),
        (6, block(true)),
        (8, ask(3, 0, 1)),
    ];
    let mut log = log(128, &messages);
    log.sort_by_key(|&(at, actor, _)| (at, actor));
    assert_eq!(
        log,
        [
            served(8, 2, 0, 20),
            served(12, 3, 0, 36),
            (28, CONTROL, Message::TransferDone(transfer)),
        ]
    );
}

#[test]
fn ample_bandwidth_leaves_the_dma_to_its_own_ports() {
    let transfer = TransferId(5);
    let messages: Vec<_> = (0..3)
        .map(|block| {
            let completes = block == 2;
            (0, Message::BlockDrained { transfer, completes })
        })
        .collect();
    assert_eq!(
        log(65_536, &messages),
        [(12, CONTROL, Message::TransferDone(transfer))]
    );
}
