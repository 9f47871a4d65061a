//! The contents of the buffers and of main memory, as the control block moves them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use super::activations::Activations;
use super::memory::MemoryImage;
use super::operands::Operands;
use super::rounding::{Rounder, Rounding};
use super::update::UpdateRule;
use super::write_back::InPlace;
use super::{Finished, NonLinearFunction, Observer, OperandValues, Thresholds};
use crate::operation::{Operand, Operation, Role, TensorId};
use crate::runs::Run;
use crate::sparsity::threshold::TensorKind;
use crate::tile::{Dimension, TileCoordinate};
use crate::word::WordFormat;
use crate::words::Words;

/// Supplies the constant tensors: weights, transforms' matrices, embeddings.
pub trait Constants: Send {
    /// The constant operand number `operand` of an operation, before rounding to words. `ordinal` is the number of operations
    /// of its role before it in its layer and head. Row by row: k x j for a right factor, i x k for a left one, taps x j
    /// for a kernel, i x j for a term of a sum.
    fn tensor(&self, operation: &Operation, ordinal: u32, operand: usize) -> Vec<f64>;

    /// Row `row` of the embedding table that `operation` gathers from.
    fn table_row(&self, operation: &Operation, row: u32) -> Vec<f64>;

    /// The target of item `item` of the batch, which `operation` loads: rows x columns.
    fn target(&self, operation: &Operation, item: usize) -> Vec<f64>;
}

/// Parameters of the computation.
#[derive(Clone, Debug)]
pub struct ValueSettings {
    /// The word format.
    pub word: WordFormat,
    /// How sums become words.
    pub rounding: Rounding,
    /// What DynaProp prunes.
    pub thresholds: Thresholds,
    /// The function of the lanes' non-linear units.
    pub function: NonLinearFunction,
    /// The words of the batch's tokens: the DMA's.
    pub words: Words,
    /// The optimiser; `None` in inference.
    pub update: Option<UpdateRule>,
    /// Factor by which result - target is multiplied to give the gradient of the loss: a power of two, so that it is a shift,
    /// which costs nothing.
    pub loss_scale: f64,
}

/// Words that DynaProp saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PrunedWords {
    /// Their number.
    pub words: u64,
    /// Those that were zero after pruning.
    pub zeros: u64,
}

impl PrunedWords {
    /// Share of the words that were zero after pruning; 0 if there were no words.
    #[must_use]
    pub fn zero_share(self) -> f64 {
        match self.words {
            0 => 0.0,
            words => self.zeros as f64 / words as f64,
        }
    }

    /// Adds the counts of `other`.
    fn add(&mut self, more: Self) {
        self.words += more.words;
        self.zeros += more.zeros;
    }
}

/// What was counted during a run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueTotals {
    /// Operand words seen by DynaProp, by kind of tensor as in [`TensorKind::ALL`].
    pub pruned: [PrunedWords; TensorKind::ALL.len()],
    /// Results outside the words' range.
    pub saturated: u64,
}

impl ValueTotals {
    /// Words of all kinds.
    #[must_use]
    pub fn all_pruned(&self) -> PrunedWords {
        let mut all = PrunedWords::default();
        self.pruned.iter().for_each(|of_kind| all.add(*of_kind));
        all
    }

    /// Counts words of an operand.
    pub(super) fn count(&mut self, operand: &Operand, more: PrunedWords) {
        if let Some(kind) = TensorKind::of(operand.kind()) {
            self.pruned[kind as usize].add(more);
        }
    }
}

/// An operation of the window.
pub(super) struct Active {
    pub(super) operation: Arc<Operation>,
    pub(super) ordinal: u32,
    /// Tiles that have not retired, by batch tile.
    tiles_missing: Vec<u64>,
    /// Batch tiles that are not finished.
    batches_missing: u32,
}

/// What a lane has in its registers.
pub(super) struct LaneRegisters {
    pub(super) run: Run,
    /// Tiles that have passed the pre-compute module.
    pub(super) waiting: VecDeque<(TileCoordinate, Vec<Operands>)>,
    /// Sums by result tile.
    pub(super) sums: Vec<(TileCoordinate, Vec<f64>)>,
}

/// The numbers of one machine.
pub struct ValueStore {
    pub(super) settings: ValueSettings,
    pub(super) rounder: Rounder,
    pub(super) constants: Box<dyn Constants>,
    observer: Box<dyn Observer>,
    ordinals: BTreeMap<(u32, Option<u32>, Role), u32>,
    pub(super) operations: BTreeMap<u32, Active>,
    pub(super) activations: BTreeMap<TensorId, Activations>,
    /// Constants of which something is in the weight buffer; NaN where no block is there.
    pub(super) weights: BTreeMap<TensorId, Vec<f64>>,
    /// Copies of blocks in the buffers, by item, row and column: a block can come again before its last stay ends.
    pub(super) copies: BTreeMap<(TensorId, [u32; 3]), u32>,
    /// Where the words of a constant come from: the operation and the operand that named it first.
    pub(super) origins: BTreeMap<TensorId, (Arc<Operation>, u32, usize)>,
    /// Blocks in main memory, by address: the bytes that they take, and their words.
    pub(super) spilled: BTreeMap<u64, (u64, Vec<f64>)>,
    pub(super) memory: MemoryImage,
    /// Rows of tables of gradients that hold a sum already, by address and row.
    pub(super) begun_rows: BTreeSet<(u64, u32)>,
    /// By operation.
    pub(super) in_place: BTreeMap<u32, InPlace>,
    pub(super) lanes: BTreeMap<u32, LaneRegisters>,
    pub(super) results: BTreeMap<(u32, u64), LaneRegisters>,
    pub(super) totals: ValueTotals,
}

impl ValueStore {
    /// The numbers of a machine whose buffers are empty.
    #[must_use]
    pub fn new(settings: ValueSettings, constants: Box<dyn Constants>, observer: Box<dyn Observer>) -> Self {
        Self {
            rounder: Rounder::new(settings.word, settings.rounding),
            settings,
            constants,
            observer,
            ordinals: BTreeMap::new(),
            operations: BTreeMap::new(),
            activations: BTreeMap::new(),
            weights: BTreeMap::new(),
            copies: BTreeMap::new(),
            origins: BTreeMap::new(),
            spilled: BTreeMap::new(),
            memory: MemoryImage::default(),
            begun_rows: BTreeSet::new(),
            in_place: BTreeMap::new(),
            lanes: BTreeMap::new(),
            results: BTreeMap::new(),
            totals: ValueTotals::default(),
        }
    }

    /// The numbers of a machine whose main memory holds `memory`.
    #[must_use]
    pub fn with_memory(self, memory: MemoryImage) -> Self {
        Self { memory, ..self }
    }

    pub(super) fn totals(&self) -> ValueTotals {
        ValueTotals {
            saturated: self.rounder.saturated(),
            ..self.totals
        }
    }

    /// An operation enters the window.
    pub(crate) fn admit(&mut self, operation: &Operation) {
        let key = (operation.layer, operation.head, operation.role);
        let next = self.ordinals.entry(key).or_default();
        let ordinal = *next;
        *next += 1;
        let operation = Arc::new(operation.clone());
        for (index, operand) in operation.operands.iter().enumerate() {
            if let Operand::Weight(weight) = operand {
                self.origins
                    .entry(weight.tensor)
                    .or_insert_with(|| (Arc::clone(&operation), ordinal, index));
            }
        }
        if let Some(made) = &operation.output {
            let activations = Activations::new(made, operation.grid, operation.work.sums_batch());
            self.activations.insert(made.tensor, activations);
        }
        let active = Active {
            tiles_missing: vec![
                operation.grid.total() / u64::from(operation.grid.tiles(Dimension::B));
                operation.grid.tiles(Dimension::B) as usize
            ],
            batches_missing: operation.grid.tiles(Dimension::B),
            operation,
            ordinal,
        };
        self.operations.insert(active.operation.id.0, active);
    }

    /// A step of an operation has retired, which covers `tiles` along b, i, j and k.
    pub(crate) fn step_retired(
        &mut self,
        operation: &Operation,
        tiles: &[Range<u16>; 4],
    ) -> Result<(), String> {
        let id = operation.id.0;
        let count = |range: &Range<u16>| u64::from(range.end - range.start);
        let each = tiles[1..].iter().map(count).product::<u64>();
        for b in tiles[0].clone() {
            let active = self
                .operations
                .get_mut(&id)
                .ok_or("a step retired of an operation that never began")?;
            let missing = active
                .tiles_missing
                .get_mut(usize::from(b))
                .ok_or("a step retired of a batch tile that is not there")?;
            *missing = missing.checked_sub(each).ok_or("tiles retired twice")?;
            if *missing == 0 {
                self.batch_finished(id, u32::from(b))?;
            }
        }
        if self
            .operations
            .get(&id)
            .is_some_and(|active| active.batches_missing == 0)
        {
            self.operations.remove(&id);
        }
        Ok(())
    }

    /// Batch tile `b` of an operation is finished.
    fn batch_finished(&mut self, operation: u32, b: u32) -> Result<(), String> {
        if let Some(active) = self.operations.get_mut(&operation) {
            active.batches_missing = active.batches_missing.saturating_sub(1);
        }
        let active = self
            .operations
            .get(&operation)
            .ok_or("an operation finished that never began")?;
        let is_last = active.batches_missing == 0;
        let place = b as usize;
        let operands = active
            .operation
            .operands
            .iter()
            .map(|operand| self.operand_values(operand, place))
            .collect::<Result<Vec<_>, _>>()?;
        let (result, parts, complete) = match (&active.operation.output, operands.first()) {
            (Some(_), _) if active.operation.work.sums_batch() && !is_last => (&[][..], 1, false),
            (Some(made), _) => self.made(made.tensor, place)?,
            (None, Some(OperandValues::Activation { words, .. })) => (*words, 1, true),
            (None, Some(OperandValues::Constant(_))) => {
                let new = self.in_place.get(&operation);
                let new = new
                    .filter(|new| new.missing == 0)
                    .ok_or("an update left words out")?;
                (new.words.as_slice(), 1, true)
            }
            (None, None) => return Err("an operation has neither result nor operand".to_owned()),
        };
        self.observer.finished(&Finished {
            operation: &active.operation,
            ordinal: active.ordinal,
            b,
            operands,
            result,
            complete,
            parts,
        });
        let finished = Arc::clone(&active.operation);
        self.leave_in_memory(&finished, b)?;
        self.let_go(&finished, b);
        Ok(())
    }

    /// An operation has finished with batch tile `b` of what it reads; of what nothing reads, with its result.
    fn let_go(&mut self, operation: &Operation, b: u32) {
        let unread = operation
            .output
            .filter(|made| made.consumers == 0)
            .map(|made| made.tensor);
        for tensor in operation.inputs().map(|(tensor, _)| tensor).chain(unread) {
            let over = self
                .activations
                .get_mut(&tensor)
                .is_some_and(|owner| owner.reader_done(b as usize));
            if over {
                self.activations.remove(&tensor);
            }
        }
    }

    fn operand_values(&self, operand: &Operand, b: usize) -> Result<OperandValues<'_>, String> {
        Ok(match operand {
            Operand::Weight(weight) => {
                let words = self.memory.read(weight.whole, weight.first, weight.elements);
                OperandValues::Constant(
                    words
                        .ok_or_else(|| format!("constant {} was read, but never loaded", weight.tensor.0))?,
                )
            }
            Operand::Activation { tensor, .. } => {
                let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                OperandValues::Activation {
                    words: owner.as_made(b)?,
                    rows: owner.rows,
                    columns: owner.columns,
                }
            }
        })
    }

    /// The result of an operation for batch tile `b`, the number of its parts, and whether it is complete.
    fn made(&self, tensor: TensorId, b: usize) -> Result<(&[f64], u32, bool), String> {
        let owner = self.activations.get(&tensor).ok_or_else(|| gone(tensor))?;
        let slice = owner.slice_of(b);
        owner.check_complete(slice, 0..owner.rows, 0..owner.columns)?;
        Ok((owner.as_made(slice)?, owner.parts(), true))
    }

    pub(super) fn owner(&mut self, tensor: TensorId) -> Result<&mut Activations, String> {
        self.activations.get_mut(&tensor).ok_or_else(|| gone(tensor))
    }

    pub(super) fn active(&self, operation: u32) -> Result<&Active, String> {
        self.operations
            .get(&operation)
            .ok_or_else(|| format!("operation {operation} is not in the window"))
    }
}

pub(super) fn gone(tensor: TensorId) -> String {
    format!("tensor {} is not there", tensor.0)
}
