//! A memory with several requestors that keep to the protocol, and what they saw.

use memory::{
    Access, CreditAccount, MemoryActor, MemoryMessage, MemoryPlan, MemoryPorts, MemoryReport, MemoryRequest,
    RequestorId, build_memory, collect,
};
use sim_core::{Actor, ActorId, Clock, Context, Cycles, Engine, Simulation, Tick, Ticks, Timebase};

use crate::recorder::{Commands, Recorder};

/// One request to come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// The cycle before which it is not sent.
    pub(crate) cycle: u64,
    pub(crate) address: u64,
    pub(crate) access: Access,
}

/// What became of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fate {
    pub(crate) wish: Wish,
    pub(crate) sent: u64,
    pub(crate) answered: u64,
}

/// Sends its wishes in order, as fast as its credits let it.
pub(crate) struct Requestor {
    id: RequestorId,
    wishes: Vec<Wish>,
    next: usize,
    credits: CreditAccount,
    ports: MemoryPorts,
    sent: Vec<u64>,
    answered: Vec<Vec<u64>>,
}

impl Requestor {
    fn receive(&mut self, message: MemoryMessage, context: &mut Context<'_, MemoryMessage>) {
        match message {
            MemoryMessage::Credit(credit) => self.credits.give(credit),
            MemoryMessage::Response(response) => {
                assert_eq!(response.requestor, self.id);
                assert_eq!(response.access, self.wishes[response.tag as usize].access);
                self.answered[response.tag as usize].push(context.now().0);
                return;
            }
            _ => {}
        }
        self.send(context);
    }

    fn send(&mut self, context: &mut Context<'_, MemoryMessage>) {
        while let Some(wish) = self.wishes.get(self.next) {
            if wish.cycle > context.now().0 {
                let cycle = wish.cycle;
                context.send_at(context.me(), Tick(cycle), MemoryMessage::Wake { cycle });
                return;
            }
            let channel = self.ports.channel_number(wish.address);
            if !self.credits.take(channel, wish.access) {
                return;
            }
            let request = MemoryRequest {
                address: wish.address,
                tag: self.next as u32,
                requestor: self.id,
                access: wish.access,
                reply_to: context.me(),
            };
            context.send(
                self.ports.channels[channel],
                Ticks::ZERO,
                MemoryMessage::Request(request),
            );
            self.sent.push(context.now().0);
            self.next += 1;
        }
    }
}

pub(crate) enum Part {
    Memory(MemoryActor),
    Requestor(Box<Requestor>),
}

impl Actor for Part {
    type Message = MemoryMessage;

    fn receive(&mut self, message: MemoryMessage, context: &mut Context<'_, MemoryMessage>) {
        match self {
            Self::Memory(part) => part.receive(message, context),
            Self::Requestor(requestor) => requestor.receive(message, context),
        }
    }
}

/// What came out of a run.
pub(crate) struct Outcome {
    /// Of each request of each requestor.
    pub(crate) fates: Vec<Vec<Fate>>,
    pub(crate) commands: Commands,
    pub(crate) report: MemoryReport,
}

/// Runs the wishes of each requestor to the end, and `tail` idle cycles more. Each request is answered once.
pub(crate) fn run(plan: &MemoryPlan, wishes: Vec<Vec<Wish>>, tail: u64) -> Outcome {
    let clock: Clock = Timebase::of(&[plan.frequency()])
        .unwrap()
        .clock(plan.frequency())
        .unwrap();
    let mut recorder = Recorder::default();
    let mut simulation = Simulation::new(Engine::Wheel).unwrap();
    let ports = build_memory(plan, clock, &mut |part| simulation.add(Part::Memory(part)));
    let requestors: Vec<ActorId> = wishes
        .into_iter()
        .enumerate()
        .map(|(id, wishes)| {
            simulation.add(Part::Requestor(Box::new(Requestor {
                id: RequestorId(id as u8),
                answered: vec![Vec::new(); wishes.len()],
                wishes,
                next: 0,
                credits: plan.credits(),
                ports: ports.clone(),
                sent: Vec::new(),
            })))
        })
        .collect();
    for requestor in requestors {
        simulation.post(requestor, Tick::ZERO, MemoryMessage::Wake { cycle: 0 });
    }
    simulation.traced(&mut recorder).run().unwrap();
    let end = simulation.now() + clock.span(Cycles(tail));
    for channel in &ports.channels {
        simulation.post(*channel, end, MemoryMessage::Halt);
    }
    simulation.traced(&mut recorder).run().unwrap();
    let parts = simulation.into_actors();
    let memory = parts.iter().filter_map(|part| match part {
        Part::Memory(part) => Some(part),
        Part::Requestor(_) => None,
    });
    let report = collect(plan, clock, memory, end);
    let fates = parts.iter().filter_map(|part| match part {
        Part::Memory(_) => None,
        Part::Requestor(requestor) => Some(fates(requestor)),
    });
    Outcome {
        fates: fates.collect(),
        commands: recorder.0,
        report,
    }
}

fn fates(requestor: &Requestor) -> Vec<Fate> {
    assert_eq!(
        requestor.sent.len(),
        requestor.wishes.len(),
        "every request was sent"
    );
    let fate = |(tag, wish): (usize, &Wish)| {
        let answers = &requestor.answered[tag];
        assert_eq!(answers.len(), 1, "request {tag} is answered once");
        Fate {
            wish: *wish,
            sent: requestor.sent[tag],
            answered: answers[0],
        }
    };
    requestor.wishes.iter().enumerate().map(fate).collect()
}
