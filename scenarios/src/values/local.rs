//! One operation on the machine's own operands, in plain loops.

use components::operation::{Role, Work};
use components::tile::Dimension;
use components::values::{Finished, OperandValues, ValueSettings};

use super::matrix::Matrix;

/// What an operation should have made of its operands, one matrix an item; none if it moves data only.
pub(super) fn recomputed(finished: &Finished<'_>, settings: &ValueSettings) -> Option<Vec<Matrix>> {
    let grid = &finished.operation.grid;
    let items = grid.edge_at(Dimension::B, finished.b) as usize;
    let extent = |dimension| grid.extent(dimension) as usize;
    let [i, j, k] = [Dimension::I, Dimension::J, Dimension::K].map(extent);
    let operand = |index: usize, item: usize, shape: (usize, usize)| -> Option<Matrix> {
        Some(matrix(finished.operands.get(index)?, item, shape))
    };
    let thresholds = settings.thresholds;
    let pruned = |index: usize, item: usize, shape: (usize, usize)| -> Option<Matrix> {
        let threshold = match finished.operands.get(index)? {
            OperandValues::Constant(_) => thresholds.weights,
            OperandValues::Activation { .. } => thresholds.activations,
        };
        Some(operand(index, item, shape)?.pruned(threshold))
    };
    let of_item = |item: usize| -> Option<Matrix> {
        Some(match finished.operation.work {
            Work::Product if finished.operation.role == Role::Scores => {
                pruned(0, item, (i, k))?.times(&pruned(1, item, (j, k))?.transposed())
            }
            Work::Product => pruned(0, item, (i, k))?.times(&pruned(1, item, (k, j))?),
            Work::Convolution { kernel } => {
                pruned(0, item, (i, j))?.convolved(&pruned(1, item, (kernel as usize, j))?)
            }
            Work::Add { .. } => {
                let first = operand(0, item, (i, j))?;
                let others = 1..finished.operands.len();
                others
                    .map(|index| operand(index, item, (i, j)))
                    .try_fold(first, |sum, term| Some(sum.plus(&term?)))?
            }
            Work::NonLinearity => operand(0, item, (i, j))?.through(|x| settings.function.at(x), 1.0),
            Work::Softmax => operand(0, item, (i, j))?.softmax(),
            Work::LayerNorm => operand(0, item, (i, j))?.normalised(1e-12),
            _ => return None,
        })
    };
    (0..items).map(of_item).collect()
}

fn matrix(operand: &OperandValues<'_>, item: usize, (rows, columns): (usize, usize)) -> Matrix {
    match operand {
        OperandValues::Constant(words) => Matrix::of(rows, columns, words, 0.0),
        OperandValues::Activation {
            words,
            rows: height,
            columns: width,
        } => Matrix::of(
            *height,
            *width,
            &words[item * height * width..][..height * width],
            0.0,
        ),
    }
}
