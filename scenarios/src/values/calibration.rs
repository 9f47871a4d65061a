//! Which thresholds give a wanted sparsity.
//!
//! Curves are of tensors as they are without pruning. In a run, pruned weights and activations change what later operations read:
//! with half of the weights pruned, attention scores shrink, probabilities crowd about 1 / keys, and a slightly higher threshold
//! prunes nearly all of them, and with them the whole context. So the thresholds that the curves give are not taken as they stand.
//! A machine is set up with the first batch tile of its workload: the sparsity that is looked up is moved until that tile, computed
//! with the pruning of all operations before, has the share of zeros that is wanted. Words count as often as lanes fetch them, as in
//! results.

use std::collections::BTreeMap;

use components::operation::{Operation, Role, Work};
use components::sparsity::keep::keeps;
use components::sparsity::threshold::{OperationClass, TensorKind, ThresholdCalculator};
use components::tile::Dimension;
use components::values::{Thresholds, ValueSettings};

use super::parameters::Parameters;
use super::reference::Reference;
use crate::schema::{Phase, Workload};

/// How near the share of zeros has to be to the wanted one.
const NEAR: f64 = 0.004;

/// How often a share is measured at most.
const MEASUREMENTS: u32 = 12;

/// An operand of operations: their role, what it is, and its words for one item of the batch, which tell the operands of one role
/// apart.
type Operands = (Role, TensorKind, u64);

/// How often lanes fetch a word of each operand.
#[derive(Debug, Default)]
pub(super) struct Fetches(BTreeMap<Operands, f64>);

impl Fetches {
    /// Those of a program.
    pub(super) fn of(program: impl Iterator<Item = Operation>) -> Self {
        let mut times = BTreeMap::new();
        for operation in program {
            for (place, operand) in operation.operands.iter().take(2).enumerate() {
                if let Some(kind) = TensorKind::of(operand.kind()) {
                    let (words, fetched) = words_and_times(&operation, place, operand.is_weight());
                    times.insert((operation.role, kind, words), fetched);
                }
            }
        }
        Self(times)
    }

    fn at(&self, operand: Operands) -> f64 {
        self.0.get(&operand).copied().unwrap_or(1.0)
    }
}

/// The words of operand number `place` for one item, and for how many tile operations each is fetched: a left factor for each tile
/// of columns, a right one for each tile of rows. Kernels slide, so that each word counts once.
fn words_and_times(operation: &Operation, place: usize, is_weight: bool) -> (u64, f64) {
    let grid = &operation.grid;
    let [b, i, j, k] = Dimension::ALL.map(|dimension| u64::from(grid.extent(dimension)));
    let tiles = |dimension| f64::from(grid.tiles(dimension));
    match (operation.work, place) {
        (Work::Product | Work::WeightGradient, 0) => (i * k, tiles(Dimension::J)),
        (Work::Product | Work::WeightGradient, _) if is_weight => (k * j, b as f64 * tiles(Dimension::I)),
        (Work::Product | Work::WeightGradient, _) => (k * j, tiles(Dimension::I)),
        _ => (i * j, 1.0),
    }
}

/// What is to be calibrated, and with what.
pub(super) struct Calibration<'a> {
    pub(super) workload: &'a Workload,
    /// The settings of the run; its thresholds do not matter.
    pub(super) settings: &'a ValueSettings,
    pub(super) parameters: &'a Parameters,
    /// Items and columns of a tile.
    pub(super) tile: [u32; 2],
    pub(super) curves: &'a ThresholdCalculator,
    pub(super) fetches: &'a Fetches,
    /// The share of zeros that is wanted of each kind, as in [`TensorKind::ALL`]; 0 where nothing is to be pruned.
    pub(super) wanted: [f64; TensorKind::ALL.len()],
}

impl Calibration<'_> {
    /// The thresholds. Activations are calibrated before gradients, which depend on them; weights depend on nothing.
    pub(super) fn thresholds(&self) -> Thresholds {
        let mut looked_up = self.wanted;
        for kind in [TensorKind::Activations, TensorKind::Gradients] {
            let runs = kind == TensorKind::Activations || self.workload.phase == Phase::Training;
            let is_known = OperationClass::ALL
                .iter()
                .any(|class| self.curves.curve(*class, kind).is_some());
            if runs && is_known && self.wanted[kind as usize] > 0.0 {
                looked_up[kind as usize] = self.calibrated(kind, looked_up);
            }
        }
        self.at(looked_up)
    }

    /// What the curves give for these shares.
    fn at(&self, looked_up: [f64; TensorKind::ALL.len()]) -> Thresholds {
        Thresholds::by_class_and_kind(|class, kind| {
            let share = Some(looked_up[kind as usize]).filter(|share| *share > 0.0);
            let found = share.and_then(|share| self.curves.threshold(class, kind, share));
            // Without a curve, or if nothing is to be zero, nothing is pruned.
            found.map_or(0.0, |found| found.value)
        })
    }

    /// The share to look up for `kind`, the others being as in `looked_up`: the lowest that gives what is wanted.
    fn calibrated(&self, kind: TensorKind, mut looked_up: [f64; TensorKind::ALL.len()]) -> f64 {
        let wanted = self.wanted[kind as usize];
        let mut excess = |share: f64| {
            looked_up[kind as usize] = share;
            self.measured(kind, &self.at(looked_up)) - wanted
        };
        let first = excess(wanted);
        if first.abs() <= NEAR {
            return wanted;
        }
        // The share that is looked for lies between these two, of which the first gives too little and the second enough.
        let (mut low, mut high) = if first > 0.0 {
            ([0.0, -wanted], [wanted, first])
        } else {
            ([wanted, first], [1.0, 1.0 - wanted])
        };
        for measurement in 1..MEASUREMENTS {
            let middle = (low[0] + high[0]) / 2.0;
            // By turns where a straight line meets what is wanted, which is quick, and in the middle, which is sure.
            let share = match measurement % 2 {
                1 => low[0] + (high[0] - low[0]) * -low[1] / (high[1] - low[1]),
                _ => middle,
            };
            let found = excess(share);
            if found.abs() <= NEAR {
                return share;
            }
            *(if found > 0.0 { &mut high } else { &mut low }) = [share, found];
        }
        // The tensors have a step here; its nearer end is as near as there is.
        if -low[1] < high[1] { low[0] } else { high[0] }
    }

    /// The share of zeros among the operands of `kind` of the first batch tile, pruned by `thresholds`.
    fn measured(&self, kind: TensorKind, thresholds: &Thresholds) -> f64 {
        let sample = Workload {
            batch: self.workload.batch.min(self.tile[0]),
            phase: match kind {
                TensorKind::Gradients => self.workload.phase,
                _ => Phase::Inference,
            },
            ..self.workload.clone()
        };
        let settings = ValueSettings {
            thresholds: *thresholds,
            ..self.settings.clone()
        };
        let (mut zeros, mut words) = (0.0, 0.0);
        Reference::read_by(
            &sample,
            settings,
            self.parameters.clone(),
            self.tile,
            Some(&mut |role, of, matrix| {
                if TensorKind::of(of) == Some(kind) {
                    let words_of_item = matrix.numbers.len() as u64;
                    let times = self.fetches.at((role, kind, words_of_item));
                    let threshold = thresholds.of(role, of);
                    let numbers = matrix.numbers.iter().map(|bounded| bounded.number);
                    let pruned = numbers.filter(|&number| number == 0.0 || !keeps(number, threshold));
                    zeros += pruned.count() as f64 * times;
                    words += words_of_item as f64 * times;
                }
            }),
        );
        zeros / f64::max(words, 1.0)
    }
}
