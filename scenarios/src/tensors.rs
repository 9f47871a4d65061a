//! Files of tensors: `.npy`, `.npz` (stored or deflated) and `.safetensors`.
//!
//! [`read_tensors`] shows each tensor of a file to a visitor that reads its numbers as a stream: no part of a NumPy array is held in
//! memory, however large it is, and only the file itself of a checkpoint.

mod element;
mod npy;
mod npz;
mod safetensors;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use element::Element;
pub use safetensors::{Numbers, write_safetensors};

use crate::diagnostics::Problem;

/// The tensor and the file that are being read, as messages name them.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The file.
    pub file: &'a Path,
    /// The tensor's name within the file, if that holds several.
    pub tensor: Option<&'a str>,
}

impl Place<'_> {
    /// A problem here, with its remedy.
    pub fn problem(&self, what: impl std::fmt::Display, help: impl Into<String>) -> Problem {
        let tensor = self
            .tensor
            .map(|tensor| format!(", tensor {tensor:?}"))
            .unwrap_or_default();
        Problem::new(format!("{}{tensor}: {what}", self.file.display())).with_help(help)
    }

    /// A file that ends or cannot be read.
    fn unreadable(&self, error: &std::io::Error) -> Problem {
        if error.kind() == std::io::ErrorKind::UnexpectedEof {
            self.problem(
                "the file ends before the tensor does",
                "it was cut off: write or copy it again",
            )
        } else {
            self.problem(
                format!("cannot read: {error}"),
                "give a file of tensors that can be read",
            )
        }
    }
}

/// A tensor in a file whose numbers have not been read yet.
pub struct StoredTensor<'a> {
    /// Where it is.
    pub place: Place<'a>,
    /// Its name; of an array in a file of its own, that of the file.
    pub name: &'a str,
    /// Its extents.
    pub shape: Vec<u64>,
    /// Whether its numbers are whole: counts, tokens, positions.
    pub is_whole: bool,
    /// Whether its numbers lie row by row, and not column by column.
    pub is_row_major: bool,
    element: Element,
    reader: &'a mut dyn Read,
}

/// Numbers read at once.
const CHUNK: usize = 1 << 13;

impl StoredTensor<'_> {
    /// How many numbers it holds; `None` if they are too many to be counted.
    #[must_use]
    pub fn elements(&self) -> Option<u64> {
        self.shape
            .iter()
            .try_fold(1_u64, |all, extent| all.checked_mul(*extent))
    }

    /// Shows all its numbers to `each`, in the order of the file.
    ///
    /// # Errors
    /// The file ends too early, or a number is not finite.
    pub fn for_each(&mut self, mut each: impl FnMut(f64)) -> Result<(), Problem> {
        let elements = self.elements().ok_or_else(|| {
            self.place
                .problem("the shape is impossible", "the file is damaged: write it again")
        })?;
        let size = self.element.bytes();
        let mut chunk = vec![0; CHUNK * size];
        let mut done = 0;
        while done < elements {
            let count = (elements - done).min(CHUNK as u64);
            let bytes = &mut chunk[..count as usize * size];
            self.reader
                .read_exact(bytes)
                .map_err(|error| self.place.unreadable(&error))?;
            for (index, number) in bytes.chunks_exact(size).enumerate() {
                let value = self.element.read(number);
                if !value.is_finite() {
                    return Err(self.place.problem(
                        format!("value {} is {value}", done + index as u64),
                        "only finite numbers are accepted: leave this tensor out, or mend it",
                    ));
                }
                each(value);
            }
            done += count;
        }
        Ok(())
    }
}

/// A visitor of tensors.
pub type Visitor<'a> = dyn FnMut(&mut StoredTensor<'_>) -> Result<(), Problem> + 'a;

/// Shows each tensor of numbers in the file at `path` to `visit`. Those of a checkpoint come in the order of their names, those
/// of an archive in its own; tensors of a checkpoint that hold no numbers are passed over.
///
/// # Errors
/// The file cannot be read, has none of the formats, or `visit` refuses a tensor.
pub fn read_tensors(path: &Path, visit: &mut Visitor<'_>) -> Result<(), Problem> {
    let place = Place {
        file: path,
        tensor: None,
    };
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
    let open = || File::open(path).map_err(|error| place.unreadable(&error));
    match ending.to_ascii_lowercase().as_str() {
        "npy" => {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            npy::read(
                place,
                &name.unwrap_or_default(),
                &mut BufReader::new(open()?),
                visit,
            )
        }
        "npz" => npz::read(path, open()?, visit),
        "safetensors" => safetensors::read(path, open()?, visit),
        _ => Err(place.problem(
            "this is not the ending of a tensor file",
            ".npy, .npz and .safetensors are read; in Python: numpy.save(\"tensor.npy\", tensor)",
        )),
    }
}
