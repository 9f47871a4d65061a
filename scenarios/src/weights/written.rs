//! A workload's constants, drawn from the seed, as a file that states them.

use components::words::Words;

use super::constants::SeededConstants;
use super::named::{self, Content};
use crate::schema::Workload;
use crate::tensors::{Numbers, write_safetensors};

/// How exactly numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// With 24 bits: exact enough for words of up to 24 bits, except that numbers are rounded twice.
    Single,
    /// As they were drawn.
    Double,
}

/// A `.safetensors` file with the weights, embeddings, tokens and target of `workload`, whose tokens stand for `words`.
///
/// # Errors
/// The format cannot hold them.
pub fn weights_file(
    workload: &Workload,
    constants: &SeededConstants,
    words: &Words,
    precision: Precision,
) -> Result<Vec<u8>, String> {
    let tensors = named::tensors(workload).into_iter().map(|tensor| {
        let numbers = match tensor.content {
            Content::Tokens => {
                let tokens = 0..workload.batch * workload.sequence_length;
                return (
                    tensor.name,
                    tensor.shape,
                    Numbers::Whole(tokens.map(|token| words.row(token).into()).collect()),
                );
            }
            Content::Words => {
                let rows = 0..workload.vocabulary;
                rows.flat_map(|row| constants.word(row, tensor.shape[1]))
                    .collect()
            }
            Content::Factor(key) => constants.matrix(key, tensor.shape[0], tensor.shape[1]),
            Content::Target => target(constants, workload, &tensor.shape),
        };
        let numbers: Vec<f64> = numbers;
        let numbers = match precision {
            Precision::Single => Numbers::Single(numbers.into_iter().map(|x| x as f32).collect()),
            Precision::Double => Numbers::Double(numbers),
        };
        (tensor.name, tensor.shape, numbers)
    });
    write_safetensors(&tensors.collect::<Vec<_>>())
}

fn target(constants: &SeededConstants, workload: &Workload, shape: &[usize]) -> Vec<f64> {
    let last = workload.transformer.layers.len() as u32 - 1;
    let items = 0..shape[0];
    items
        .flat_map(|item| constants.target(last, item, shape[1], shape[2]))
        .collect()
}
