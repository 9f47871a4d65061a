//! Checkpoints in the format safetensors.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::element::{Element, Format};
use super::{Place, StoredTensor, Visitor};
use crate::diagnostics::Problem;

/// Shows all tensors of numbers, in the order of their names; others are passed over. The whole file is held in memory.
pub(super) fn read(path: &Path, mut file: File, visit: &mut Visitor<'_>) -> Result<(), Problem> {
    let whole = Place {
        file: path,
        tensor: None,
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| whole.unreadable(&error))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| {
        whole.problem(
            format!("this is not a safetensors file: {error}"),
            "it may be cut off: write or copy it again",
        )
    })?;
    let mut names = tensors.names();
    names.sort_unstable();
    for name in names {
        let place = Place {
            tensor: Some(name),
            ..whole
        };
        let tensor = tensors
            .tensor(name)
            .map_err(|error| place.problem(error, "write the file again"))?;
        let Some(format) = format(tensor.dtype()) else {
            continue;
        };
        let element = Element {
            format,
            big_endian: false,
        };
        visit(&mut StoredTensor {
            place,
            name,
            shape: tensor.shape().iter().map(|&extent| extent as u64).collect(),
            is_whole: element.is_whole(),
            is_row_major: true,
            element,
            reader: &mut tensor.data(),
        })?;
    }
    Ok(())
}

fn format(dtype: Dtype) -> Option<Format> {
    match dtype {
        Dtype::F16 => Some(Format::Half),
        Dtype::BF16 => Some(Format::Brain),
        Dtype::F32 => Some(Format::Single),
        Dtype::F64 => Some(Format::Double),
        Dtype::I8 => Some(Format::Signed(1)),
        Dtype::I16 => Some(Format::Signed(2)),
        Dtype::I32 => Some(Format::Signed(4)),
        Dtype::I64 => Some(Format::Signed(8)),
        Dtype::U8 => Some(Format::Unsigned(1)),
        Dtype::U16 => Some(Format::Unsigned(2)),
        Dtype::U32 => Some(Format::Unsigned(4)),
        Dtype::U64 => Some(Format::Unsigned(8)),
        _ => None,
    }
}

/// The numbers of a tensor that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// In single precision.
    Single(Vec<f32>),
    /// In double precision.
    Double(Vec<f64>),
    /// Whole ones.
    Whole(Vec<i64>),
}

/// The bytes of a file that holds these tensors, each with its name and its extents.
///
/// # Errors
/// A tensor does not have as many numbers as its extents say.
pub fn write_safetensors(tensors: &[(String, Vec<usize>, Numbers)]) -> Result<Vec<u8>, String> {
    let bytes = tensors.iter().map(|(_, _, numbers)| match numbers {
        Numbers::Single(numbers) => (Dtype::F32, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Numbers::Double(numbers) => (Dtype::F64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
        Numbers::Whole(numbers) => (Dtype::I64, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()),
    });
    let bytes: Vec<(Dtype, Vec<u8>)> = bytes.collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), (dtype, bytes))| {
            let view = TensorView::new(*dtype, shape.clone(), bytes);
            view.map(|view| (name.as_str(), view))
        });
    let views: Vec<_> = views
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}
