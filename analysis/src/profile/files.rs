//! Counting the tensors of files.

use std::path::PathBuf;

use components::sparsity::threshold::{OperationClass, TensorKind};
use scenarios::Diagnostics;
use scenarios::diagnostics::Problem;
use scenarios::tensors::{StoredTensor, read_tensors};

use super::{Profile, class_of};

/// Counts all tensors of floating-point numbers in `files`, `.npy`, `.npz` or `.safetensors`, as tensors of `kind` and of
/// `class` or, if that is `None`, of the class that their names imply. Integers in a checkpoint, such as positions, are
/// skipped.
///
/// # Errors
/// A file cannot be read, has another format, or holds what cannot be profiled.
pub fn read_files(
    files: &[PathBuf],
    kind: TensorKind,
    class: Option<OperationClass>,
) -> Result<Profile, Diagnostics> {
    let mut profile = Profile::default();
    for file in files {
        read_tensors(file, &mut |tensor| count(tensor, &mut profile, kind, class))?;
    }
    if profile.groups().next().is_none() {
        let problem = Problem::new("there is no value to profile in these files");
        return Err(problem
            .with_help("give files that hold arrays of floating-point numbers")
            .into());
    }
    Ok(profile)
}

fn count(
    tensor: &mut StoredTensor<'_>,
    profile: &mut Profile,
    kind: TensorKind,
    class: Option<OperationClass>,
) -> Result<(), Problem> {
    if tensor.is_whole {
        let ending = tensor.place.file.extension().and_then(|ending| ending.to_str());
        return match ending.is_some_and(|ending| ending.eq_ignore_ascii_case("safetensors")) {
            true => Ok(()),
            false => Err(tensor.place.problem(
                "its elements have an integer type",
                "only floating-point numbers are profiled: save array.astype(\"float32\")",
            )),
        };
    }
    let class = class.unwrap_or_else(|| class_of(tensor.name));
    let magnitudes = profile.tensor(class, kind);
    tensor.for_each(|value| magnitudes.add(value))
}
