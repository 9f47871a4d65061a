//! Reading tensors out of files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use components::sparsity::threshold::{OperationClass, TensorKind};
use scenarios::Diagnostics;
use scenarios::diagnostics::Problem;

use super::element::Element;
use super::{Profile, class_of, npy, npz, safetensors};

/// Which tensor of which file is being read: what a message names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a Path,
    /// Its name within the file, if that holds several.
    pub(super) tensor: Option<&'a str>,
}

impl Place<'_> {
    /// What is wrong here, and the remedy.
    pub(super) fn problem(&self, what: impl std::fmt::Display, help: &str) -> Problem {
        let tensor = self
            .tensor
            .map(|tensor| format!(", tensor {tensor:?}"))
            .unwrap_or_default();
        Problem::new(format!("{}{tensor}: {what}", self.file.display())).with_help(help)
    }

    /// A file that ends or cannot be read.
    pub(super) fn unreadable(&self, error: &std::io::Error) -> Problem {
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

/// Where the tensors of files are counted, and as what.
#[derive(Debug)]
pub(super) struct Collector {
    pub(super) profile: Profile,
    kind: TensorKind,
    class: Option<OperationClass>,
}

impl Collector {
    /// Counts the `elements` numbers that `reader` yields.
    pub(super) fn count(
        &mut self,
        place: Place<'_>,
        name: &str,
        reader: &mut dyn Read,
        element: Element,
        elements: u64,
    ) -> Result<(), Problem> {
        let class = self.class.unwrap_or_else(|| class_of(name));
        let magnitudes = self.profile.tensor(class, self.kind);
        let mut chunk = vec![0; element.bytes() << 13];
        let mut done = 0;
        while done < elements {
            let count = (elements - done).min(1 << 13);
            let bytes = &mut chunk[..count as usize * element.bytes()];
            reader
                .read_exact(bytes)
                .map_err(|error| place.unreadable(&error))?;
            for (index, number) in bytes.chunks_exact(element.bytes()).enumerate() {
                let value = element.read(number);
                if !value.is_finite() {
                    return Err(place.problem(
                        format!("value {} is {value}", done + index as u64),
                        "only finite numbers can be profiled: leave this tensor out, or mend it",
                    ));
                }
                magnitudes.add(value);
            }
            done += count;
        }
        Ok(())
    }
}

/// Counts all tensors of floating-point numbers in `files`, `.npy`, `.npz` or `.safetensors`, as tensors of `kind` and,
/// unless `class` says otherwise, of the class that their names tell.
///
/// # Errors
/// A file cannot be read, is none of these, or holds what cannot be profiled.
pub fn read_files(
    files: &[PathBuf],
    kind: TensorKind,
    class: Option<OperationClass>,
) -> Result<Profile, Diagnostics> {
    let mut collector = Collector {
        profile: Profile::default(),
        kind,
        class,
    };
    for file in files {
        read(file, &mut collector)?;
    }
    if collector.profile.groups().next().is_none() {
        let problem = Problem::new("there is no value to profile in these files");
        return Err(problem
            .with_help("give files that hold arrays of floating-point numbers")
            .into());
    }
    Ok(collector.profile)
}

fn read(path: &Path, collector: &mut Collector) -> Result<(), Problem> {
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
                collector,
            )
        }
        "npz" => npz::read(path, open()?, collector),
        "safetensors" => safetensors::read(path, open()?, collector),
        _ => Err(place.problem(
            "no ending of a file of tensors",
            ".npy, .npz and .safetensors are read; in Python: numpy.save(\"tensor.npy\", tensor)",
        )),
    }
}
