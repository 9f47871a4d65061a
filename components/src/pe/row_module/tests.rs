//! A row module by itself, against cycles worked out by hand.

use std::cell::RefCell;
use std::rc::Rc;

use sim_core::{Actor, ActorId, Context, Engine, Simulation, Tick, Timebase};

use super::*;
use crate::tile::{Dimension, TileCoordinate};

type Log = Rc<RefCell<Vec<(u64, ActorId, Message)>>>;

enum Part {
    Module(Box<RowModule>),
    /// Keeps what it is sent.
    Keeper(Log),
}

impl Actor for Part {
    type Message = Message;

    fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match self {
            Self::Module(module) => module.receive(message, context),
            Self::Keeper(log) => log.borrow_mut().push((context.now().0, context.me(), message)),
        }
    }
}

const PE: ActorId = ActorId(0);
const CONTROL_BLOCK: ActorId = ActorId(1);
const MODULE: ActorId = ActorId(2);

/// Busy cycles of a module after a row of `length` tiles that begins in cycle 5, and when it is written back, and free.
fn worked(length: u16, work: u32, last_work: u32) -> (u64, u64, u64) {
    let frequency = sim_core::Frequency::from_megahertz(1_000);
    let place = ModulePlace {
        clock: Timebase::of(&[frequency]).unwrap().clock(frequency).unwrap(),
        control_block: CONTROL_BLOCK,
        pe: PE,
        pe_index: 0,
        unit: 0,
    };
    let log = Log::default();
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    simulation.add(Part::Keeper(log.clone()));
    simulation.add(Part::Keeper(log.clone()));
    simulation.add(Part::Module(Box::new(RowModule::new(
        place,
        RowFunction::Softmax,
    ))));
    let run = Run {
        first: TileCoordinate([0; 4]),
        length,
        along: Dimension::J,
        kind: RunKind::Softmax,
        work,
        last_work,
        ..Run::NONE
    };
    simulation.post(MODULE, Tick(5), Message::StartRun(run));
    simulation.run().unwrap();
    let Part::Module(module) = &simulation.actors()[MODULE.0 as usize] else {
        unreachable!()
    };
    assert_eq!(module.tiles(), u64::from(length));
    let at = |to| {
        let log = log.borrow();
        log.iter().find(|(_, receiver, _)| *receiver == to).unwrap().0
    };
    (module.busy().0, at(PE), at(CONTROL_BLOCK))
}

#[test]
fn the_last_tile_of_a_row_takes_what_it_has() {
    // Three whole tiles of 32 cycles and one of 24: 5 + 120 = 125, and the control block knows a cycle later.
    assert_eq!(worked(4, 32, 24), (120, 125, 126));
    // A row of one tile has only a last one.
    assert_eq!(worked(1, 32, 24), (24, 29, 30));
    assert_eq!(worked(2, 32, 32), (64, 69, 70));
}
