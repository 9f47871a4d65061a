//! One operation on the machine's own operands, in plain loops.

use components::operation::{Operand, Role, Work};
use components::tile::Dimension;
use components::values::{Finished, OperandValues, ValueSettings};

use super::matrix::Matrix;
use super::optimizer::{new_state, new_weights, updated_in_place};

/// What an operation should have made of its operands before rounding; `None` if it only moves data.
///
/// One matrix per item; for a sum over the batch, what this batch tile adds to it; for an update in place, the new weights,
/// then the new states.
pub(super) fn recomputed(finished: &Finished<'_>, settings: &ValueSettings) -> Option<Vec<Matrix>> {
    if !finished.operation.work.is_compute() {
        return None;
    }
    let operation = Local { finished, settings };
    if finished.operation.updates_in_place() {
        return operation.updated();
    }
    let items = finished.operation.grid.edge_at(Dimension::B, finished.b) as usize;
    let matrices = (0..items).map(|item| operation.of_item(item));
    let matrices: Vec<Matrix> = matrices.collect::<Option<_>>()?;
    if finished.operation.work.sums_batch() {
        return Some(
            matrices
                .into_iter()
                .reduce(|sum, item| sum.plus(&item))
                .into_iter()
                .collect(),
        );
    }
    Some(matrices)
}

struct Local<'a> {
    finished: &'a Finished<'a>,
    settings: &'a ValueSettings,
}

impl Local<'_> {
    fn of_item(&self, item: usize) -> Option<Matrix> {
        let operation = self.finished.operation;
        let [i, j, k] = [Dimension::I, Dimension::J, Dimension::K]
            .map(|dimension| operation.grid.extent(dimension) as usize);
        let element = |index: usize| self.operand(index, item, (i, j));
        Some(match operation.work {
            Work::Product | Work::WeightGradient => {
                self.factor(0, item, (i, k))?
                    .times(&self.factor(1, item, (k, j))?)
            }
            Work::Convolution { kernel } => {
                let taps = self.pruned(1, item, (kernel as usize, j))?;
                let taps = match operation.operands.get(1)?.is_transposed() {
                    true => taps.upside_down(),
                    false => taps,
                };
                self.pruned(0, item, (i, j))?.convolved(&taps)
            }
            Work::KernelGradient => {
                let gradient = self.pruned(1, item, (k, j))?;
                self.pruned(0, item, (k, j))?.kernel_gradient(&gradient, i)
            }
            Work::Add { .. } if operation.role == Role::LossGradient => {
                element(0)?.minus(&element(1)?).scaled(self.settings.loss_scale)
            }
            Work::Add { .. } => (1..self.finished.operands.len())
                .map(element)
                .try_fold(element(0)?, |sum, term| Some(sum.plus(&term?)))?,
            Work::BatchSum => element(0)?,
            Work::NonLinearity => element(0)?.through(|x| self.settings.function.at(x), 1.0),
            Work::NonLinearityGradient => element(0)?.through_slope(&element(1)?, self.settings.function),
            Work::Softmax => element(0)?.softmax(),
            Work::SoftmaxGradient => element(0)?.softmax_gradient(&element(1)?),
            Work::LayerNorm => element(0)?.normalised(1e-12),
            Work::LayerNormGradient => element(0)?.normalised_gradient(&element(1)?, 1e-12),
            Work::Update { .. } => self.updated_rows(item)?,
            Work::Gather { .. } | Work::Scatter { .. } | Work::Load { .. } | Work::Store { .. } => {
                return None;
            }
        })
    }

    /// New rows of words, or of the optimiser's state for them.
    fn updated_rows(&self, item: usize) -> Option<Matrix> {
        let rule = self.settings.update?;
        let operands = (0..self.finished.operands.len()).map(|index| self.operand(index, item, (0, 0)));
        let operands: Vec<Matrix> = operands.collect::<Option<_>>()?;
        Some(match (self.finished.operation.role, operands.as_slice()) {
            (Role::WordStateUpdate, [gradient, old]) => {
                let index = self.finished.ordinal as usize;
                gradient.with(old, |g, s| new_state(rule, index, g, s))
            }
            (_, [first, old, others @ ..]) => {
                let from: Vec<&Matrix> = std::iter::once(first).chain(others).collect();
                new_weights(rule, old, &from)
            }
            _ => return None,
        })
    }

    fn updated(&self) -> Option<Vec<Matrix>> {
        let grid = &self.finished.operation.grid;
        let shape = [Dimension::I, Dimension::J].map(|dimension| grid.extent(dimension) as usize);
        let operands =
            (0..self.finished.operands.len()).map(|index| self.operand(index, 0, (shape[0], shape[1])));
        let operands: Vec<Matrix> = operands.collect::<Option<_>>()?;
        let [gradient, old, states @ ..] = operands.as_slice() else {
            return None;
        };
        Some(updated_in_place(self.settings.update?, gradient, old, states))
    }

    /// A factor of a product, rows x columns, as it leaves DynaProp.
    fn factor(&self, index: usize, item: usize, (rows, columns): (usize, usize)) -> Option<Matrix> {
        match self.finished.operation.operands.get(index)?.is_transposed() {
            true => Some(self.pruned(index, item, (columns, rows))?.transposed()),
            false => self.pruned(index, item, (rows, columns)),
        }
    }

    fn pruned(&self, index: usize, item: usize, shape: (usize, usize)) -> Option<Matrix> {
        let kind = self.finished.operation.operands.get(index).map(Operand::kind)?;
        let threshold = self.settings.thresholds.of(self.finished.operation.role, kind);
        Some(self.operand(index, item, shape)?.pruned(threshold))
    }

    /// An operand as it lies in its buffer; a constant has the shape that is stated, an activation its own.
    fn operand(&self, index: usize, item: usize, (rows, columns): (usize, usize)) -> Option<Matrix> {
        Some(match self.finished.operands.get(index)? {
            OperandValues::Constant(words) => Matrix::of(rows, columns, words, 0.0),
            OperandValues::Activation {
                words,
                rows: height,
                columns: width,
            } => {
                let of_item = &words[item * height * width..][..height * width];
                Matrix::of(*height, *width, of_item, 0.0)
            }
        })
    }
}
