//! The numbers in the machine: what buffers and main memory hold when a run computes with real values.
//!
//! Actors exchange messages that name tiles; the words themselves are cells of the buffers, and this is where they are.
//! A unit that works on a tile reads its operands here at the moment at which the model says that they pass, and finds
//! them only if they are there: a row that is not computed yet, a slice that was evicted, a weight that was evicted
//! or a spill that was overwritten is a fault that stops the run. So a right tensor at the end shows that mapper,
//! tiling, dependences, residency and addresses lost nothing.
//!
//! Words are held as `f64`, each a multiple of the word format's step; sums of a run are kept exactly and rounded when
//! they are written back.

mod activations;
mod arithmetic;
mod convolution;
mod elementwise;
mod memory;
mod operands;
mod residency;
mod rounding;
mod rows;
mod store;
mod thresholds;
mod update;
mod write_back;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sim_core::Context;

use crate::message::Message;
use crate::operation::Operation;

pub use memory::MemoryImage;
pub use rounding::{Rounder, Rounding};
pub use store::{Constants, PrunedWords, ValueSettings, ValueStore, ValueTotals};
pub use thresholds::Thresholds;
pub use update::{ADAM_BETA1, ADAM_BETA2, ADAM_EPSILON, UpdateRule};

/// The function of the lanes' non-linear units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonLinearFunction {
    /// x·Φ(x), Φ the normal distribution (arXiv:1606.08415).
    Gelu,
    /// max(x, 0).
    Relu,
}

impl NonLinearFunction {
    /// The function at `x`.
    #[must_use]
    pub fn at(self, x: f64) -> f64 {
        match self {
            Self::Gelu => 0.5 * x * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2)),
            Self::Relu => x.max(0.0),
        }
    }

    /// Its derivative at `x`; 0 for ReLU at 0, where none exists.
    #[must_use]
    pub fn slope(self, x: f64) -> f64 {
        match self {
            Self::Gelu => {
                let below = 0.5 * (1.0 + libm::erf(x * std::f64::consts::FRAC_1_SQRT_2));
                let density = libm::exp(-0.5 * x * x) / (2.0 * std::f64::consts::PI).sqrt();
                below + x * density
            }
            Self::Relu => f64::from(x > 0.0),
        }
    }
}

/// One operand of an operation, as much of it as one batch tile reads.
#[derive(Clone, Copy, Debug)]
pub enum OperandValues<'a> {
    /// `items` matrices of `rows` x `columns`, one after another.
    Activation {
        /// The words, row by row.
        words: &'a [f64],
        /// Rows of each matrix.
        rows: usize,
        /// Columns of each matrix.
        columns: usize,
    },
    /// One matrix for all items.
    Constant(&'a [f64]),
}

/// The result of an operation for one batch tile, with the operands it was made from.
#[derive(Debug)]
pub struct Finished<'a> {
    /// The operation.
    pub operation: &'a Operation,
    /// Number of operations of its role before it in its layer and head.
    pub ordinal: u32,
    /// The batch tile.
    pub b: u32,
    /// Its operands, in order.
    pub operands: Vec<OperandValues<'a>>,
    /// Its result. For a write-back: what it wrote; for an update in place: the new words of everything updated, one tensor
    /// after another; for a sum over the batch: nothing before the last batch tile.
    pub result: &'a [f64],
    /// Whether the result is complete.
    pub complete: bool,
    /// The largest number of parts in which the sums of a tile were written back.
    pub parts: u32,
}

/// Observes each result as soon as it is complete, before its operands may be freed.
pub trait Observer: Send {
    /// Called with the result of one batch tile.
    fn finished(&self, finished: &Finished<'_>);
}

/// The numbers of one machine, shared by its actors as they share its buffers: the exception to the rule that actors share no
/// state. The lock is there so that a machine can move to another thread; its actors run one at a time and never wait for it.
#[derive(Clone)]
pub struct Values(Arc<Mutex<ValueStore>>);

impl Values {
    /// The numbers of a machine whose buffers are empty.
    #[must_use]
    pub fn new(store: ValueStore) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    /// Gives `work` access to the numbers.
    fn store(&self) -> MutexGuard<'_, ValueStore> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives `work` access to the numbers, and stops the run if it fails.
    pub(crate) fn attempt<R: Default>(
        &self,
        context: &mut Context<'_, Message>,
        work: impl FnOnce(&mut ValueStore) -> Result<R, String>,
    ) -> R {
        work(&mut self.store()).unwrap_or_else(|fault| {
            context.stop(format!("the numbers went wrong: {fault}"));
            R::default()
        })
    }

    /// What main memory holds.
    #[must_use]
    pub fn memory(&self) -> MemoryImage {
        self.store().memory.clone()
    }

    /// What was counted.
    #[must_use]
    pub fn totals(&self) -> ValueTotals {
        self.store().totals()
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Values")
    }
}
