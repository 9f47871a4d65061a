//! Admission: steps of the plan enter the window, and the stays of their blocks become known.

use components::block_plan::{Begin, Eviction, Step};
use components::operation::{Operand, RowAccess};
use components::tile::Dimension;

use super::Schedule;
use super::stays::{Stay, StayPlace};
use super::window::{Entry, chunk_of};

impl Schedule<'_> {
    /// Takes steps of the plan into the window until it is full.
    pub(super) fn admit(&mut self) {
        let limits = self.plan.look_ahead();
        while !self.plan_ended && self.window.in_view().wants_more(self.window.len(), &limits) {
            let Some(step) = self.next_step.take().or_else(|| self.steps.next()) else {
                self.plan_ended = true;
                return;
            };
            if !self.window.in_view().takes(step.operation.id, &limits) {
                self.next_step = Some(step);
                return;
            }
            self.room_changed = true;
            self.admit_step(step);
        }
    }

    fn admit_step(&mut self, step: Step) {
        let cost = self.prices.of_step(&step);
        let layer = self.account.admit(&step, cost.as_deref(), &mut self.prices);
        if let Some(cost) = &cost {
            self.timeline.add_actions(cost);
        }
        let units_work = cost.is_some();
        self.admit_stays(&step, units_work);
        self.room.push(step.room);
        let mut entry = Entry::new(step, cost, self.most_pieces);
        entry.layer = layer;
        let step = &entry.step;
        for (operand, blocks) in step.operation.operands.iter().zip(&step.operands) {
            let need = match operand {
                Operand::Activation { rows, .. } if units_work => *rows,
                _ => RowAccess::AllRows,
            };
            let places = blocks.stays.iter().filter_map(|&stay| self.stays.place_of(stay));
            entry.operands.extend(places.map(|place| (place, need)));
        }
        let places = step
            .result
            .stays
            .iter()
            .filter_map(|&stay| self.stays.place_of(stay));
        entry.result.extend(places);
        for &place in entry.operands.iter().map(|(place, _)| place).chain(&entry.result) {
            if let Some(stay) = self.stays.get_mut(place) {
                stay.users += 1;
            }
        }
        if entry.step.operation.work.profile().is_on_module() {
            for &(place, _) in &entry.operands {
                if let Some(stay) = self.stays.get_mut(place) {
                    stay.module_reader.get_or_insert(entry.step.number);
                }
            }
        }
        for &place in &entry.result {
            if let Some(stay) = self.stays.get_mut(place) {
                stay.makers += 1;
            }
        }
        let number = entry.step.number;
        let evicted = self.note_evictions(&entry.step);
        self.window.push(entry);
        for place in evicted {
            self.evict_early(place);
        }
        self.consider(number);
    }

    /// Notes on stays that `step` ends them, and which blocks it loads from where; the stays.
    fn note_evictions(&mut self, step: &Step) -> Vec<StayPlace> {
        let mut evicted = Vec::new();
        for (place, begin) in step.begins.iter().enumerate() {
            match begin {
                Begin::Evict { stay, write } => {
                    let Some(stay_place) = self.stays.place_of(*stay) else {
                        continue;
                    };
                    if let Some(stay) = self.stays.get_mut(stay_place) {
                        stay.eviction = Some(Eviction {
                            step: step.number,
                            place,
                            write: *write,
                        });
                        evicted.push(stay_place);
                    }
                }
                Begin::Load { read, .. } => {
                    self.unread.entry(read.data).or_default().insert(step.number);
                }
                Begin::Make { .. } => {}
            }
        }
        evicted
    }

    /// Makes the stays known that begin with `step`.
    fn admit_stays(&mut self, step: &Step, units_work: bool) {
        let grid = &step.operation.grid;
        for begin in &step.begins {
            match begin {
                Begin::Evict { .. } => {}
                Begin::Load {
                    stay,
                    block,
                    footprint,
                    ..
                } => {
                    self.stays.insert(Stay::planned(*stay, block.clone(), *footprint));
                }
                Begin::Make {
                    stay,
                    block,
                    footprint,
                } => {
                    let planned = Stay::planned(*stay, block.clone(), *footprint);
                    let columns = (block.columns.end - block.columns.start).div_ceil(grid.edge(Dimension::J));
                    let tiles = columns * grid.tiles(Dimension::K);
                    let edge = grid.edge(Dimension::I);
                    let rows = (block.rows.end - block.rows.start).div_ceil(edge);
                    self.stays
                        .insert(match units_work && !step.operation.work.sums_batch() {
                            true => planned.by_rows(edge, chunk_of(rows, self.most_pieces), tiles),
                            false => planned,
                        });
                }
            }
        }
    }
}
