//! Admission: steps of the plan enter the window, and the stays of their blocks become known.

use sim_core::Context;

use super::places::{StayPlace, StepNumber};
use super::stays::Stay;
use super::window::{Entry, OperandStays};
use super::{ControlBlock, StallCause};
use crate::block_plan::{Begin, Eviction, OperandBlocks, Step};
use crate::message::Message;
use crate::operation::{Operand, RowAccess};
use crate::tile::Dimension;
use crate::work::RunKind;

impl ControlBlock {
    /// Takes steps of the plan into the window until it is full.
    pub(super) fn admit(&mut self, context: &mut Context<'_, Message>) {
        while !self.plan_ended && self.has_room_for_steps() {
            let Some(step) = self.next_step.take().or_else(|| self.plan.next()) else {
                self.plan_ended = true;
                if let Some(error) = self.plan.error() {
                    return context.stop(error.to_string());
                }
                break;
            };
            let operation = step.operation.id;
            if !self
                .window
                .in_view()
                .takes(operation, &self.parameters.look_ahead)
            {
                self.next_step = Some(step);
                break;
            }
            self.room_changed = true;
            self.admit_step(step, context);
        }
        self.advance_leader(context.now());
        self.note_phase(context.now());
        if self.plan_ended && self.next_step.is_none() && self.window.is_empty() {
            self.finish(context);
        }
    }

    /// The window reaches as far as lanes may work ahead, and for loads further.
    fn has_room_for_steps(&self) -> bool {
        let window = &self.window;
        window
            .in_view()
            .wants_more(window.len(), &self.parameters.look_ahead)
    }

    fn admit_step(&mut self, step: Step, context: &mut Context<'_, Message>) {
        let number = StepNumber(step.number);
        if step.is_first {
            self.with_numbers(context, |values| {
                values.admit(&step.operation);
                Ok(())
            });
        }
        self.admit_stays(&step);
        let profile = step.operation.work.profile();
        let kind = profile.run_kind();
        let operands: Option<Vec<OperandStays>> = step
            .operation
            .operands
            .iter()
            .zip(&step.operands)
            .map(|(operand, blocks)| {
                let need = match operand {
                    Operand::Activation { rows, .. } if kind.is_some() => *rows,
                    _ => RowAccess::AllRows,
                };
                Some(OperandStays {
                    need,
                    stays: self.places(blocks)?,
                })
            })
            .collect();
        let (Some(operands), Some(result)) = (operands, self.places(&step.result)) else {
            return context.stop(format!(
                "step {number:?} (operation {}, {}) uses a block that has left its buffer",
                step.operation.id.0, step.operation.role
            ));
        };
        for &place in operands.iter().flat_map(|operand| &operand.stays).chain(&result) {
            if let Some(stay) = self.stays.stay_mut(place, context) {
                stay.users += 1;
            }
        }
        if profile.is_on_module() {
            for &place in operands.iter().flat_map(|operand| &operand.stays) {
                if let Some(stay) = self.stays.stay_mut(place, context) {
                    stay.module_reader.get_or_insert(number);
                }
            }
        }
        for &place in &result {
            if let Some(stay) = self.stays.stay_mut(place, context) {
                stay.makers += 1;
            }
        }
        let order = self.parameters.orders.of(&step.operation);
        let tiling = &self.parameters.tiling;
        let cursor = tiling.cursor_by_rows(&step.operation, order, u32::from(step.cut[1]));
        let cursor = cursor.within(step.tiles.clone());
        self.room.push(step.room);
        let evicted = self.note_evictions(&step, context);
        self.window.push(Entry::new(step, cursor, operands, result));
        for place in evicted {
            self.evict_early(place, context);
        }
        self.make_issuable(number);
    }

    fn places(&self, blocks: &OperandBlocks) -> Option<Vec<StayPlace>> {
        blocks
            .stays
            .iter()
            .map(|&stay| self.stays.place_of(stay))
            .collect()
    }

    /// Notes on stays that `step` ends them, and which blocks it loads from where; the stays.
    fn note_evictions(&mut self, step: &Step, context: &mut Context<'_, Message>) -> Vec<StayPlace> {
        let number = StepNumber(step.number);
        let mut evicted = Vec::new();
        for (place, begin) in step.begins.iter().enumerate() {
            match begin {
                Begin::Evict { stay, write } => {
                    let Some(stay_place) = self.stays.place_of(*stay) else {
                        continue;
                    };
                    if let Some(stay) = self.stays.stay_mut(stay_place, context) {
                        stay.eviction = Some(Eviction {
                            step: step.number,
                            place,
                            write: *write,
                        });
                        evicted.push(stay_place);
                    }
                }
                Begin::Load { read, .. } => {
                    self.unread.entry(read.data).or_default().insert(number);
                }
                Begin::Make { .. } => {}
            }
        }
        evicted
    }

    /// Makes the stays known that begin with `step`.
    fn admit_stays(&mut self, step: &Step) {
        let operation = &step.operation;
        let made_by = operation.work.profile().run_kind().map(RunKind::unit);
        for begin in &step.begins {
            match begin {
                Begin::Evict { .. } => {}
                Begin::Load {
                    stay,
                    block,
                    footprint,
                    ..
                } => {
                    let stay = Stay::planned(*stay, block.clone(), *footprint, StallCause::Memory);
                    self.stays.insert(stay);
                }
                Begin::Make {
                    stay,
                    block,
                    footprint,
                } => {
                    let stay = Stay::planned(*stay, block.clone(), *footprint, StallCause::work_of(made_by));
                    let columns =
                        (block.columns.end - block.columns.start).div_ceil(operation.grid.edge(Dimension::J));
                    let tiles = columns * operation.grid.tiles(Dimension::K);
                    let sums = operation.work.sums_batch() || made_by.is_none();
                    self.stays.insert(match sums {
                        true => stay,
                        false => stay.by_rows(operation.grid.edge(Dimension::I), tiles),
                    });
                }
            }
        }
    }
}
