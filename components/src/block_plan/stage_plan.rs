//! From stages of the program to steps, one stage at a time.

use std::collections::BTreeSet;
use std::ops::Range;

use super::blocking::Blocking;
use super::cut::Cutter;
use super::emit::Stage;
use super::parts::Items;
use super::plan_error::{MOST_STEPS_OF_STAGE, PlanError};
use super::residency::{Moves, Residency};
use super::step::{OperandBlocks, Room, Step};
use super::tensor_table::PlannedTensors;
use crate::operation::Operand;
use crate::program::{StageOperations, StageSource};
use crate::runs::Tiling;
use crate::units::Bytes;

/// What a plan depends on, besides the program and the way it is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanParameters {
    /// Tiles, words and densities.
    pub tiling: Tiling,
    /// What the buffers hold.
    pub capacity: Room,
    /// Batch tiles.
    pub batch_tiles: u32,
    /// The first address of main memory that blocks may be spilled to.
    pub spill_start: u64,
    /// Batches that run one after another.
    pub batches: u32,
}

/// The steps of a program, made a stage at a time.
pub struct BlockPlan {
    pub(super) parameters: PlanParameters,
    pub(super) blocking: Blocking,
    /// What the plan may fill of the buffers.
    limit: Room,
    source: StageSource,
    stages: Box<dyn Iterator<Item = StageOperations> + Send>,
    pub(super) segment: Segment,
    pub(super) tensors: PlannedTensors,
    pub(super) residency: Residency,
    /// The stage whose steps are handed out.
    pub(super) stage: Stage,
    pub(super) next_step: u32,
    /// Whether something is summed over the batch.
    pub(super) sums_batch: bool,
    /// Operations of a batch, once the first is over.
    pub(super) operations: u32,
    failed: Option<PlanError>,
    /// What happens around the step that is made.
    pub(super) moves: Moves,
    /// Where its blocks are listed.
    pub(super) spare: Vec<OperandBlocks>,
}

/// The batch tiles that go through the program now.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) batch: u32,
    items: Range<u32>,
}

impl BlockPlan {
    /// The plan of the program that `source` gives, cut by `blocking`.
    #[must_use]
    pub fn new(parameters: PlanParameters, blocking: Blocking, source: StageSource) -> Self {
        let limit = Room([0, 1, 2].map(|buffer| {
            let (bytes, eighths) = (
                parameters.capacity.0[buffer].0,
                u64::from(blocking.eighths[buffer]),
            );
            Bytes(bytes / 8 * eighths + bytes % 8 * eighths / 8)
        }));
        Self {
            stages: source(),
            source,
            segment: Segment {
                number: 0,
                batch: 0,
                items: 0..blocking.segment.clamp(1, parameters.batch_tiles),
            },
            tensors: PlannedTensors::default(),
            limit,
            residency: Residency::new(parameters.tiling, limit, blocking.resting, parameters.spill_start),
            stage: Stage::default(),
            next_step: 0,
            sums_batch: false,
            operations: 0,
            failed: None,
            moves: Moves::default(),
            spare: Vec::new(),
            parameters,
            blocking,
        }
    }

    /// Steps made so far.
    pub(super) fn steps_made(&self) -> u64 {
        self.next_step.into()
    }

    /// How the program is cut.
    #[must_use]
    pub fn blocking(&self) -> Blocking {
        self.blocking
    }

    /// Segments of all batches.
    pub(super) fn segments(&self) -> u32 {
        let of_batch = self.parameters.batch_tiles.div_ceil(self.blocking.segment.max(1));
        of_batch.saturating_mul(self.parameters.batches.max(1))
    }

    /// The number of the segment that the step belongs to that was handed on last; those of all batches are counted on.
    pub(super) fn segment(&self) -> u32 {
        self.segment.number
    }

    /// The number of the stage that the step belongs to that was handed on last.
    pub(super) fn stage_number(&self) -> u32 {
        self.stage.number
    }

    /// Stages like the one whose first step was handed on last, itself included, to the end of the last of so many segments; `None`
    /// if others are left that compute.
    pub(super) fn layers_left(&self, segments: u32) -> Option<u64> {
        let own = &self.stage;
        let (mut of_segment, mut here) = (0, 0);
        for stage in (self.source)() {
            let is_later = stage.number >= own.number;
            if own.is_like(&stage) {
                of_segment += 1;
                here += u64::from(is_later);
            } else if is_later && stage.computes() {
                return None;
            }
        }
        let segments = segments.saturating_sub(self.segment.number + 1);
        Some(here + of_segment * u64::from(segments))
    }

    /// Whether all segments do the same: nothing is summed over the batch, and nothing comes after the last of them.
    pub(super) fn repeats_segments(&self) -> bool {
        !self.sums_batch
    }

    /// Bytes of main memory that spilled blocks have taken at once so far, at most.
    #[must_use]
    pub fn spill_bytes(&self) -> u64 {
        self.residency.spill_bytes()
    }

    /// Why the steps ended before the program did, if they did.
    #[must_use]
    pub fn error(&self) -> Option<&PlanError> {
        self.failed.as_ref()
    }

    /// Whether no segment follows, of this batch or the next.
    pub(super) fn is_last_segment(&self) -> bool {
        self.ends_batch() && self.segment.batch + 1 == self.parameters.batches.max(1)
    }

    /// Whether the segment is the first of its batch.
    pub(super) fn begins_batch(&self) -> bool {
        self.segment.items.start == 0
    }

    fn ends_batch(&self) -> bool {
        self.segment.items.end == self.parameters.batch_tiles
    }

    /// Plans the next stage; false at the end of the program.
    fn plan_next(&mut self) -> Result<bool, PlanError> {
        let next = self.stages.next();
        let turns_back = next.as_ref().is_none_or(|stage| stage.needs_whole_batch);
        if turns_back && !self.is_last_segment() {
            self.stages = (self.source)();
            let (start, batch) = match self.ends_batch() {
                true => (0, self.segment.batch + 1),
                false => (self.segment.items.end, self.segment.batch),
            };
            let end = start
                .saturating_add(self.blocking.segment)
                .min(self.parameters.batch_tiles);
            self.segment = Segment {
                number: self.segment.number + 1,
                batch,
                items: start..end,
            };
            return Ok(true);
        }
        match next {
            // Items can go on into the first layer while others are still gathered.
            Some(stage) if stage.number == 0 => {
                let stage = match self.stages.next() {
                    Some(layer) => stage.joined(layer),
                    None => stage,
                };
                let blocking = self.as_gathered(&stage);
                self.plan_stage(stage, blocking).map(|()| true)
            }
            Some(stage) => self.plan_stage(stage, self.blocking).map(|()| true),
            None => Ok(false),
        }
    }

    /// Items go through the first layer a few at a time as their rows come in, if all its weights can stay meanwhile.
    fn as_gathered(&self, stage: &StageOperations) -> Blocking {
        let mut seen = BTreeSet::new();
        let mut weights = Room::default();
        let operands = stage.operations.iter().flat_map(|operation| &operation.operands);
        for operand in operands {
            if let Operand::Weight(weight) = operand
                && seen.insert(weight.tensor)
            {
                let footprint = self.parameters.tiling.footprint(weight.elements, weight.kind);
                weights.take(footprint, true);
            }
        }
        let [_, data, masks] = weights.0;
        let [_, room, room_of_masks] = self.limit.0;
        let stay = data <= room && masks.0 <= room_of_masks.0 / 2;
        let Blocking {
            together, gathered, ..
        } = self.blocking;
        Blocking {
            together: if stay { together.min(gathered) } else { together },
            ..self.blocking
        }
    }

    fn plan_stage(&mut self, stage: StageOperations, blocking: Blocking) -> Result<(), PlanError> {
        let range = match stage.needs_whole_batch {
            true => 0..self.parameters.batch_tiles,
            false => self.segment.items.clone(),
        };
        let items = Items {
            range: range.clone(),
            all: self.parameters.batch_tiles,
        };
        let parts = Cutter::cut(blocking, self.parameters.tiling.tile, &stage.operations, items);
        if parts.count() > MOST_STEPS_OF_STAGE {
            return Err(PlanError::TooManySteps);
        }
        let tensors = self.register(&stage, &range, &parts);
        self.begin_stage(stage, parts, tensors);
        Ok(())
    }
}

impl Iterator for BlockPlan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        while self.failed.is_none() {
            let found = match self.emit() {
                Ok(None) => self.plan_next().map(|goes_on| match goes_on {
                    true => None,
                    false => Some(None),
                }),
                emitted => emitted.map(Some),
            };
            match found {
                Ok(Some(step)) => return step,
                Ok(None) => {}
                Err(error) => self.failed = Some(error),
            }
        }
        None
    }
}
