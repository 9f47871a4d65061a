//! What is in the buffers and in main memory, as the control block moves it about.

use std::collections::{BTreeMap, VecDeque};

use sim_core::random;

use super::activations::{Activations, Place};
use super::operands::Operands;
use super::rounding::{Rounder, Rounding};
use super::{Finished, NonLinearFunction, Observer, OperandValues, Thresholds};
use crate::operation::{Operand, Operation, Role, TensorId};
use crate::run::Run;
use crate::tile::{Dimension, TileCoordinate};
use crate::word::WordFormat;

/// Gives the constant tensors: weights, transforms' matrices, embeddings.
pub trait Constants {
    /// The constant operand number `operand` of an operation, before rounding to words. `ordinal` counts the operations
    /// of its role before it in its layer and head. Row by row: a right factor k x j, a left one i x k, a kernel taps x
    /// j, a term of a sum i x j.
    fn tensor(&self, operation: &Operation, ordinal: u32, operand: usize) -> Vec<f64>;

    /// Row `row` of the embedding table that `operation` gathers from.
    fn table_row(&self, operation: &Operation, row: u32) -> Vec<f64>;
}

/// What the numbers depend on.
#[derive(Clone, Copy, Debug)]
pub struct ValueSettings {
    /// The word.
    pub word: WordFormat,
    /// How sums become words.
    pub rounding: Rounding,
    /// What DynaProp prunes.
    pub thresholds: Thresholds,
    /// The function of the lanes' non-linear units.
    pub function: NonLinearFunction,
    /// Seed of the tokens whose embeddings are gathered: the DMA's.
    pub seed: u64,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueTotals {
    /// Operand words seen by DynaProp.
    pub words: u64,
    /// Those that were zero after pruning.
    pub zeros: u64,
    /// Results out of the words' range.
    pub saturated: u64,
}

/// An operation of the window.
pub(super) struct Active {
    pub(super) operation: Operation,
    ordinal: u32,
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
    constants: Box<dyn Constants>,
    observer: Box<dyn Observer>,
    ordinals: BTreeMap<(u32, Option<u32>, Role), u32>,
    pub(super) operations: BTreeMap<u32, Active>,
    pub(super) activations: BTreeMap<TensorId, Activations>,
    /// In the weight buffer.
    pub(super) weights: BTreeMap<TensorId, Vec<f64>>,
    /// Where the words of a constant come from: operation and operand that first named it.
    origins: BTreeMap<TensorId, (Operation, u32, usize)>,
    /// Slices in main memory, by address.
    spilled: BTreeMap<u64, (u64, Vec<f64>)>,
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
            origins: BTreeMap::new(),
            spilled: BTreeMap::new(),
            lanes: BTreeMap::new(),
            results: BTreeMap::new(),
            totals: ValueTotals::default(),
        }
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
        for (index, operand) in operation.operands.iter().enumerate() {
            if let Operand::Weight(weight) = operand {
                self.origins
                    .entry(weight.tensor)
                    .or_insert_with(|| (operation.clone(), ordinal, index));
            }
        }
        if let Some(made) = &operation.output {
            self.activations
                .insert(made.tensor, Activations::new(made, operation.grid));
        }
        let active = Active {
            operation: operation.clone(),
            ordinal,
        };
        self.operations.insert(operation.id.0, active);
    }

    /// A constant tensor has arrived in the weight buffer.
    pub(crate) fn weight_arrived(&mut self, tensor: TensorId) -> Result<(), String> {
        let (operation, ordinal, operand) = self
            .origins
            .get(&tensor)
            .ok_or_else(|| format!("constant {} arrived, but nobody wants it", tensor.0))?;
        let mut words = self.constants.tensor(operation, *ordinal, *operand);
        for word in &mut words {
            *word = self.rounder.round(*word);
        }
        self.weights.insert(tensor, words);
        Ok(())
    }

    /// A constant tensor was given up.
    pub(crate) fn weight_evicted(&mut self, tensor: TensorId) {
        self.weights.remove(&tensor);
    }

    /// The rows of a gather have arrived.
    pub(crate) fn gathered(&mut self, operation: u32, b: u32, table_rows: u32) -> Result<(), String> {
        let active = self
            .operations
            .get(&operation)
            .ok_or("a gather is not in the window")?;
        let made = active.operation.output.ok_or("a gather makes nothing")?;
        let grid = &active.operation.grid;
        let first = b * grid.edge_at(Dimension::B, 0) * grid.extent(Dimension::I);
        let owner = self
            .activations
            .get_mut(&made.tensor)
            .ok_or("a gather has no tensor")?;
        let columns = owner.columns;
        for (row, words) in owner.words_mut(b as usize)?.chunks_mut(columns).enumerate() {
            let token = u64::from(first) + row as u64;
            let of_table = random::draw(self.settings.seed, token) % u64::from(table_rows.max(1));
            let numbers = self.constants.table_row(&active.operation, of_table as u32);
            for (word, number) in words.iter_mut().zip(numbers) {
                *word = self.rounder.round(number);
            }
        }
        owner.complete(b as usize);
        Ok(())
    }

    /// A slice is now in main memory, in the `bytes` from `address` on.
    pub(crate) fn spilled(
        &mut self,
        tensor: TensorId,
        b: u32,
        address: u64,
        bytes: u64,
    ) -> Result<(), String> {
        let owner = self.owner(tensor)?;
        let Some(place @ Place::Buffer(_)) = owner.slices.get_mut(b as usize) else {
            return Err(format!(
                "slice {b} of tensor {} was spilled, but is not in the buffer",
                tensor.0
            ));
        };
        let Place::Buffer(words) = std::mem::replace(place, Place::Memory) else {
            return Ok(());
        };
        // What lay there is overwritten.
        self.spilled
            .retain(|&start, (length, _)| start + *length <= address || address + bytes <= start);
        self.spilled.insert(address, (bytes, words));
        Ok(())
    }

    /// A slice has come back from main memory.
    pub(crate) fn reloaded(&mut self, tensor: TensorId, b: u32, address: u64) -> Result<(), String> {
        let (_, words) = self.spilled.get(&address).cloned().ok_or_else(|| {
            format!(
                "slice {b} of tensor {} is not in main memory at {address:#x} any more",
                tensor.0
            )
        })?;
        let owner = self.owner(tensor)?;
        match owner.slices.get_mut(b as usize) {
            Some(place @ Place::Memory) => *place = Place::Buffer(words),
            _ => {
                return Err(format!(
                    "slice {b} of tensor {} was reloaded, but was not away",
                    tensor.0
                ));
            }
        }
        Ok(())
    }

    /// The buffer gave up a slice that main memory holds at `address`.
    pub(crate) fn dropped(&mut self, tensor: TensorId, b: u32, address: u64) -> Result<(), String> {
        if !self.spilled.contains_key(&address) {
            return Err(format!(
                "slice {b} of tensor {} was given up, but is not in main memory at {address:#x}",
                tensor.0
            ));
        }
        match self.owner(tensor)?.slices.get_mut(b as usize) {
            Some(place @ Place::Buffer(_)) => *place = Place::Memory,
            _ => return Err(format!("slice {b} of tensor {} was given up twice", tensor.0)),
        }
        Ok(())
    }

    /// Nobody needs a slice any more.
    pub(crate) fn freed(&mut self, tensor: TensorId, b: u32) {
        let Some(owner) = self.activations.get_mut(&tensor) else {
            return;
        };
        if let Some(place) = owner.slices.get_mut(b as usize) {
            *place = Place::Freed;
        }
        if owner.slices.iter().all(|place| *place == Place::Freed) {
            self.activations.remove(&tensor);
        }
    }

    /// All of batch tile `b` of an operation is done; its operands may go after this.
    pub(crate) fn batch_finished(&mut self, operation: u32, b: u32) -> Result<(), String> {
        let active = self
            .operations
            .get(&operation)
            .ok_or("an operation finished that never began")?;
        let place = b as usize;
        let mut operands = Vec::new();
        for operand in &active.operation.operands {
            operands.push(match operand {
                Operand::Weight(weight) => {
                    OperandValues::Constant(self.weights.get(&weight.tensor).ok_or_else(|| {
                        format!(
                            "constant {} was given up before its use had ended",
                            weight.tensor.0
                        )
                    })?)
                }
                Operand::Activation { tensor, .. } => {
                    let owner = self.activations.get(tensor).ok_or_else(|| gone(*tensor))?;
                    OperandValues::Activation {
                        words: owner.words(place)?,
                        rows: owner.rows,
                        columns: owner.columns,
                    }
                }
            });
        }
        let (result, parts) = match (&active.operation.output, operands.first()) {
            (Some(made), _) => {
                let owner = self
                    .activations
                    .get(&made.tensor)
                    .ok_or_else(|| gone(made.tensor))?;
                owner.check_complete(place, 0..owner.rows)?;
                (owner.words(place)?, owner.parts())
            }
            (None, Some(OperandValues::Activation { words, .. })) => (*words, 1),
            (None, _) => return Err("an operation has neither result nor operand".to_owned()),
        };
        self.observer.finished(&Finished {
            operation: &active.operation,
            ordinal: active.ordinal,
            b,
            operands,
            result,
            parts,
        });
        Ok(())
    }

    /// An operation leaves the window.
    pub(crate) fn operation_finished(&mut self, operation: u32) {
        self.operations.remove(&operation);
    }

    fn owner(&mut self, tensor: TensorId) -> Result<&mut Activations, String> {
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
