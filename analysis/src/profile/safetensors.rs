//! Checkpoints in the format safetensors.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use scenarios::diagnostics::Problem;

use super::element::{Element, Format};
use super::files::{Collector, Place};

/// Counts all tensors of floating-point numbers, in the order of their names; others, such as position numbers, are passed
/// over. The whole file is held in memory.
pub(super) fn read(path: &Path, mut file: File, collector: &mut Collector) -> Result<(), Problem> {
    let whole = Place {
        file: path,
        tensor: None,
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| whole.unreadable(&error))?;
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| {
        whole.problem(
            format!("this is no file of safetensors: {error}"),
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
        let elements = (tensor.data().len() / element.bytes()) as u64;
        collector.count(place, name, &mut tensor.data(), element, elements)?;
    }
    Ok(())
}

fn format(dtype: Dtype) -> Option<Format> {
    match dtype {
        Dtype::F16 => Some(Format::Half),
        Dtype::BF16 => Some(Format::Brain),
        Dtype::F32 => Some(Format::Single),
        Dtype::F64 => Some(Format::Double),
        _ => None,
    }
}
