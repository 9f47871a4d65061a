//! NeXosim, single-threaded, in its idiom: a model schedules itself and then sends through a port, so each
//! hop is two deliveries. A model has four ports to fixed peers instead of any peer at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSource, Output};
use nexosim::simulation::{Mailbox, SimInit, Simulation};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};
use sim_core::random::draw;

use crate::load::{Load, Node, Packet};
use crate::{Kernel, Population};

const PORTS: u32 = 4;

#[derive(Serialize, Deserialize)]
struct Peer {
    me: u32,
    node: Node,
    ports: [Output<Packet>; PORTS as usize],
    #[serde(skip)]
    delivered: Arc<AtomicU64>,
}

#[Model]
impl Peer {
    fn receive(&mut self, packet: Packet, context: &Context<Self>) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        let time = context.time();
        let now = time.as_secs() as u64 * 1_000_000_000 + u64::from(time.subsec_nanos());
        let (to, delay, packet) = self.node.react(self.me, now, &packet);
        let delay = Duration::from_nanos(delay);
        context
            .schedule_event(delay, schedulable!(Self::forward), (to % PORTS, packet))
            .expect("delays are positive");
    }

    #[nexosim(schedulable)]
    async fn forward(&mut self, (port, packet): (u32, Packet)) {
        self.ports[port as usize].send(packet).await;
    }
}

struct Nexosim {
    simulation: Simulation,
    delivered: Arc<AtomicU64>,
}

impl Kernel for Nexosim {
    fn run(&mut self, at_least: u64) -> u64 {
        let before = self.delivered.load(Ordering::Relaxed);
        loop {
            self.simulation.step().expect("the load has no faults");
            let delivered = self.delivered.load(Ordering::Relaxed) - before;
            if delivered >= at_least {
                return delivered;
            }
        }
    }

    fn checksum(&self) -> Option<u64> {
        None
    }
}

/// The peer behind a port: any actor of the same clock as those that the load picks for it.
fn peer_behind(load: Load, me: u32, port: u32, actors: u32) -> u32 {
    match load {
        Load::Ring | Load::MixedRing => me ^ 1,
        Load::Phold | Load::Clocks => {
            let place = draw(3, u64::from(me * PORTS + port)) as u32 % (actors / PORTS);
            place * PORTS + port
        }
    }
}

pub(crate) fn build(Population { load, actors }: Population) -> Box<dyn Kernel> {
    let delivered = Arc::new(AtomicU64::new(0));
    let mailboxes: Vec<Mailbox<Peer>> = (0..actors).map(|_| Mailbox::new()).collect();
    let addresses: Vec<_> = mailboxes.iter().map(Mailbox::address).collect();
    let mut bench = SimInit::with_num_threads(1);
    let mut inputs = Vec::new();
    for ((me, node), mailbox) in (0..actors).zip(Node::all(load, actors)).zip(mailboxes) {
        let mut ports: [Output<Packet>; PORTS as usize] = Default::default();
        for (port, output) in (0..PORTS).zip(&mut ports) {
            let peer = peer_behind(load, me, port, actors);
            output.connect(Peer::receive, addresses[peer as usize].clone());
        }
        inputs.push(
            EventSource::new()
                .connect(Peer::receive, &mailbox)
                .register(&mut bench),
        );
        let delivered = Arc::clone(&delivered);
        let peer = Peer {
            me,
            node,
            ports,
            delivered,
        };
        bench = bench.add_model(peer, mailbox, &format!("peer {me}"));
    }
    let simulation = bench.init(MonotonicTime::EPOCH).expect("the bench is complete");
    for (to, at, packet) in load.first_messages(actors) {
        let at = Duration::from_nanos(at + 1);
        simulation
            .scheduler()
            .schedule_event(at, &inputs[to as usize], packet)
            .expect("the first messages are due after the start");
    }
    Box::new(Nexosim {
        simulation,
        delivered,
    })
}
