//! Archives of NumPy: a ZIP of `.npy` files.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use zip::ZipArchive;

use super::{Place, Visitor, npy};
use crate::diagnostics::Problem;

/// Shows all arrays of the archive.
pub(super) fn read(path: &Path, file: File, visit: &mut Visitor<'_>) -> Result<(), Problem> {
    let whole = Place {
        file: path,
        tensor: None,
    };
    let damaged = |error: zip::result::ZipError| {
        whole.problem(
            format!("this is not an archive of arrays: {error}"),
            "write it with numpy.savez or numpy.savez_compressed",
        )
    };
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(damaged)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(damaged)?;
        let name = entry.name().map_err(damaged)?.into_owned();
        let Some(tensor) = name.strip_suffix(".npy") else {
            continue;
        };
        let place = Place {
            tensor: Some(tensor),
            ..whole
        };
        npy::read(place, tensor, &mut entry, visit)?;
    }
    Ok(())
}
