//! The program stage by stage: a stage is lowered to drafts, the uses of its tensors are counted, then it is placed in main
//! memory and handed on.
//!
//! A tensor is read in its own stage, in the next one, and, in training, by the backward passes of these two. So a stage
//! is handed on when the next one has been lowered; and as soon as a stage of the forward pass is lowered, so is the stage
//! that goes back through it, a first time, for its uses alone.

use std::collections::BTreeMap;

use components::program::StageOperations;
use components::runs::Tiling;

use super::MapperParameters;
use super::address::AddressSpace;
use super::draft::Draft;
use super::emitter::Emitter;
use super::stage::Stage;
use super::uses::{Uses, WeightUses};
use crate::transformer::Transformer;

/// The stages of a program, one at a time.
pub struct Stages {
    emitter: Emitter,
    addresses: AddressSpace,
    uses: Uses,
    weight_uses: WeightUses,
    /// Lowered, and waiting for the uses of the stage after it.
    ahead: Option<(Stage, Vec<Draft>)>,
}

impl Stages {
    /// The program of `transformer`, which has at least one layer, cut by `tiling`.
    #[must_use]
    pub fn new(transformer: Transformer, tiling: Tiling, parameters: MapperParameters) -> Self {
        let mut stages = Self {
            addresses: AddressSpace::new(tiling, parameters),
            emitter: Emitter::new(transformer, parameters),
            uses: Uses::default(),
            weight_uses: WeightUses::default(),
            ahead: None,
        };
        stages.lower(Stage::Embedding);
        stages
    }

    /// Main memory that the stages so far take, in bytes.
    #[must_use]
    pub fn memory_used(&self) -> u64 {
        self.addresses.used()
    }

    fn lower(&mut self, stage: Stage) {
        let drafts = self.emitter.emit_stage(stage);
        self.uses.add(self.number(stage), &drafts);
        self.weight_uses.add(self.number(stage), &drafts);
        if let Some(backward) = stage.backward().filter(|_| self.emitter.trains()) {
            let foreseen = self.emitter.rehearse(backward);
            self.uses.foresee(self.number(backward), &foreseen);
            self.weight_uses.add(self.number(backward), &foreseen);
        }
        self.ahead = Some((stage, drafts));
    }

    fn number(&self, stage: Stage) -> u32 {
        stage.number(self.emitter.layers())
    }

    /// Operations of `stage` with addresses, now that the uses of all that they make are known.
    fn hand_on(&mut self, stage: Stage, drafts: Vec<Draft>) -> StageOperations {
        let number = self.number(stage);
        let lowered = self.ahead.as_ref().map_or(number, |_| number + 1);
        let turn = self.number(Stage::Loss);
        let mut uses = BTreeMap::new();
        let mut operations = Vec::with_capacity(drafts.len());
        for draft in &drafts {
            let of_result = draft.result.map(|made| self.uses.close(made, lowered));
            let of_result = of_result.unwrap_or_default();
            let kept = number < turn && of_result.last().is_some_and(|last| last.stage > turn);
            operations.push(self.addresses.place(draft, of_result.len() as u32, kept));
            uses.extend(draft.result.map(|made| (made, of_result)));
        }
        // What inference or an update has named is not named again.
        if !self.emitter.trains() || matches!(stage, Stage::Update(_)) {
            self.addresses.forget_weights(&drafts);
        }
        StageOperations {
            number,
            operations,
            uses,
            needs_whole_batch: matches!(stage, Stage::WordUpdate | Stage::Update(_)),
            weights_again: self.weight_uses.after(number, &drafts),
        }
    }
}

impl Iterator for Stages {
    type Item = StageOperations;

    fn next(&mut self) -> Option<StageOperations> {
        let (stage, drafts) = self.ahead.take()?;
        match self.emitter.stage_after(stage) {
            Some(next) => self.lower(next),
            None => assert!(
                self.uses.are_settled(),
                "a tensor was handed on with a use that never came"
            ),
        }
        Some(self.hand_on(stage, drafts))
    }
}
