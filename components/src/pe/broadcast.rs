//! Broadcast of operands: what the PE keeps of each group of lanes, and how it reads their operands.

use std::collections::VecDeque;

use sim_core::{Context, Tick};

use super::turns::Delivery;
use super::{BufferAccesses, ProcessingElement};
use crate::buffer_kind::BufferKind;
use crate::energy_part::Action;
use crate::message::{Message, OperandFetch};
use crate::runs::{LaneGroup, Run};

/// A group of lanes, as its PE sees it. Operands of a tile are read once each lane that has one to come has room for it: so the
/// slowest lane decides, and no lane is ahead of it by more than the tiles that its FIFO holds.
#[derive(Clone, Debug)]
pub(super) struct GroupPort {
    /// The lanes that have a run.
    present: LaneGroup,
    /// Tiles that each lane has yet to get.
    missing: Vec<u16>,
    /// What each lane asks for, oldest first.
    asked: Vec<VecDeque<OperandFetch>>,
}

impl GroupPort {
    /// A group of so many lanes, all idle.
    pub(super) fn new(lanes: u16) -> Self {
        Self {
            present: LaneGroup::SINGLE,
            missing: vec![0; lanes.into()],
            asked: vec![VecDeque::new(); lanes.into()],
        }
    }

    /// Lane number `lane` of the group begins `run`.
    pub(super) fn begin(&mut self, lane: u16, run: &Run) {
        self.present = run.group;
        if let Some(missing) = self.missing.get_mut(usize::from(lane)) {
            *missing = run.length;
        }
    }

    /// Whether every lane that has tiles to come asks for one.
    fn is_complete(&self) -> bool {
        let mut lanes = self.missing.iter().zip(&self.asked);
        lanes.all(|(missing, asked)| *missing == 0 || !asked.is_empty())
            && self.asked.iter().any(|asked| !asked.is_empty())
    }

    /// Which operands of lane number `lane` have to be read: those that it asks for and no lane before it gets.
    fn reads(&self, lane: u16) -> [bool; 2] {
        let [row, column] = self.present.place(lane);
        let columns = u16::from(self.present.columns);
        let front = |lane: u16| self.asked.get(usize::from(lane)).and_then(VecDeque::front);
        let Some(fetch) = front(lane) else {
            return [false; 2];
        };
        let gets = |lane: u16, operand: usize| front(lane).is_some_and(|fetch| fetch.asks[operand]);
        let [left_is_shared, right_is_shared] = fetch.work.sources.shared();
        let comes = [
            left_is_shared && (0..column).any(|column| gets(row * columns + column, 0)),
            right_is_shared && (0..row).any(|row| gets(row * columns + column, 1)),
        ];
        [fetch.asks[0] && !comes[0], fetch.asks[1] && !comes[1]]
    }
}

impl ProcessingElement {
    /// A lane of a group asks for operands: they come as soon as all lanes of the group ask for theirs.
    pub(super) fn on_fetch_of_group(&mut self, fetch: OperandFetch, context: &mut Context<'_, Message>) {
        let (group, lane) = (fetch.lane / self.group, fetch.lane % self.group);
        let port = &mut self.groups[usize::from(group)];
        port.asked[usize::from(lane)].push_back(fetch);
        while self.groups[usize::from(group)].is_complete() {
            self.serve(group, context);
        }
    }

    /// Reads the operands of a tile for each lane of a group, those that lanes share once.
    fn serve(&mut self, group: u16, context: &mut Context<'_, Message>) {
        let (mut there, before) = (context.now(), self.accesses);
        for lane in 0..self.group {
            let port = &self.groups[usize::from(group)];
            let reads = port.reads(lane);
            let Some(&fetch) = port.asked[usize::from(lane)].front() else {
                continue;
            };
            for (place, _) in reads.into_iter().enumerate().filter(|&(_, read)| read) {
                let end = self.read_operand(fetch.bytes[place], fetch.from_weights()[place], context);
                there = there.max(end);
            }
        }
        let made = self.accesses.since(&before);
        let mut made = self.turns.exist().then_some(made);
        let mut joins = false;
        let first = group * self.group;
        for lane in 0..self.group {
            let port = &mut self.groups[usize::from(group)];
            if let Some(fetch) = port.asked[usize::from(lane)].pop_front() {
                port.missing[usize::from(lane)] -= 1;
                self.count_fetch(context);
                if let Some(asked) = &mut made {
                    let what = Delivery::Operands(fetch);
                    self.await_turn(what, there, asked, joins, context);
                    (*asked, joins) = (BufferAccesses::default(), true);
                    continue;
                }
                there = there.max(self.lanes[usize::from(first + lane)].arrival);
                let lane = &mut self.lanes[usize::from(fetch.lane)];
                lane.arrival = there;
                context.send_at(lane.dynaprop, there, Message::OperandsFetched(fetch.work));
            }
        }
    }

    /// Reads a tile from its buffer; when it has arrived.
    fn read_operand(&mut self, bytes: u32, is_weight: bool, context: &mut Context<'_, Message>) -> Tick {
        let made = self.accesses_of(bytes);
        let (bus, accesses, buffer) = match is_weight {
            true => (
                &mut self.weight_bus,
                &mut self.accesses.weight,
                BufferKind::Weight,
            ),
            false => (
                &mut self.activation_bus,
                &mut self.accesses.activation,
                BufferKind::Activation,
            ),
        };
        *accesses += made;
        let there = bus.transfer(context.now(), bytes, self.clock);
        self.accesses.mask += self.mask_accesses_per_tile;
        if context.accounts() {
            self.account_bus(buffer, there, bytes, context);
            self.account_masks(self.mask_accesses_per_tile, context);
        }
        there
    }

    /// Counts the operands of a tile that pass a lane's FIFO.
    fn count_fetch(&mut self, context: &mut Context<'_, Message>) {
        self.fetches += 1;
        if context.accounts() {
            let cycle = self.clock.period();
            context.account(Action::OperandFetch.kind(), cycle, context.now() + cycle, 1);
        }
    }
}
