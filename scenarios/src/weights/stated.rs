//! Weights and inputs that a file states.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::key::Key;
use super::named::{self, Content, NamedTensor};
use crate::diagnostics::{Problem, did_you_mean};
use crate::schema::{Phase, Workload};
use crate::tensors::{Place, StoredTensor, read_tensors};

/// The constants of a workload as a file has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatedConstants {
    factors: BTreeMap<Key, Vec<f64>>,
    words: Vec<f64>,
    target: Vec<f64>,
    tokens: Option<Arc<[u32]>>,
}

/// The most problems reported at once; more would not help.
const MAX_PROBLEMS: usize = 8;

const NAMES: &str =
    "`elector new --weights SCENARIO` writes a file with the names and shapes that are expected";

impl StatedConstants {
    /// Reads the constants of `workload` out of the `.npz` or `.safetensors` file at `path`.
    ///
    /// # Errors
    /// The file cannot be read, or everything that is wrong with its tensors: missing, unknown, or of another shape.
    pub fn read(path: &Path, workload: &Workload) -> Result<Self, Vec<Problem>> {
        let place = Place {
            file: path,
            tensor: None,
        };
        let expected = named::tensors(workload);
        let mut constants = Self::default();
        let (mut seen, mut problems) = (BTreeSet::new(), Vec::new());
        let read = read_tensors(path, &mut |tensor| {
            let taken = match expected.iter().find(|known| known.name == tensor.name) {
                Some(known) => constants.take(tensor, known, workload),
                None => Err(unknown(tensor, &expected)),
            };
            seen.insert(tensor.name.to_owned());
            problems.extend(taken.err());
            Ok(())
        });
        problems.extend(read.err());
        let needed = |content| match content {
            Content::Tokens => false,
            Content::Target => workload.phase == Phase::Training,
            Content::Words | Content::Factor(_) => true,
        };
        if problems.is_empty() {
            let missing = expected.iter().filter(|known| needed(known.content));
            let missing = missing.filter(|known| !seen.contains(&known.name));
            problems.extend(missing.map(|known| {
                let what = format!("the tensor {:?} of {} is missing", known.name, known.shape_text());
                place.problem(what, NAMES)
            }));
        }
        problems.truncate(MAX_PROBLEMS);
        match problems.is_empty() {
            true => Ok(constants),
            false => Err(problems),
        }
    }

    fn take(
        &mut self,
        tensor: &mut StoredTensor<'_>,
        known: &NamedTensor,
        workload: &Workload,
    ) -> Result<(), Problem> {
        let place = tensor.place;
        let expected: Vec<u64> = known.shape.iter().map(|&extent| extent as u64).collect();
        if tensor.shape != expected {
            let found: Vec<String> = tensor.shape.iter().map(u64::to_string).collect();
            return Err(place.problem(
                format!("its shape is {}, not {}", found.join(" x "), known.shape_text()),
                NAMES,
            ));
        }
        if !tensor.is_row_major {
            return Err(place.problem(
                "its numbers lie column by column",
                "save numpy.ascontiguousarray(tensor)",
            ));
        }
        if tensor.is_whole && known.content != Content::Tokens {
            return Err(place.problem(
                "its elements are of a type of whole numbers",
                "save it with half, bfloat, single or double precision",
            ));
        }
        // It grows as numbers arrive: a file may hold fewer than it says.
        let mut numbers = Vec::new();
        tensor.for_each(|number| numbers.push(number))?;
        match known.content {
            Content::Words => self.words = numbers,
            Content::Target => self.target = numbers,
            Content::Factor(key) => {
                self.factors.insert(key, numbers);
            }
            Content::Tokens => self.tokens = Some(tokens(place, &numbers, workload.vocabulary)?),
        }
        Ok(())
    }

    /// A factor of a product, a kernel, or the position rows.
    pub(crate) fn factor(&self, key: Key) -> Option<&[f64]> {
        self.factors.get(&key).map(Vec::as_slice)
    }

    /// A word's embedding.
    pub(crate) fn word(&self, row: u32, columns: usize) -> Option<&[f64]> {
        self.words
            .get(row as usize * columns..(row as usize + 1) * columns)
    }

    /// The target of an item of the batch, if it is stated.
    pub(crate) fn target(&self, item: usize, size: usize) -> Option<&[f64]> {
        self.target.get(item * size..(item + 1) * size)
    }

    /// The word of each token, if that is stated.
    #[must_use]
    pub fn tokens(&self) -> Option<Arc<[u32]>> {
        self.tokens.clone()
    }
}

fn tokens(place: Place<'_>, numbers: &[f64], vocabulary: u32) -> Result<Arc<[u32]>, Problem> {
    let is_word = |number: f64| number.fract() == 0.0 && (0.0..f64::from(vocabulary)).contains(&number);
    match numbers.iter().position(|&number| !is_word(number)) {
        Some(at) => Err(place.problem(
            format!("token {at} is {}", numbers[at]),
            format!(
                "whole numbers from 0 to {} are accepted, the rows of `embedding.word`",
                vocabulary - 1
            ),
        )),
        None => Ok(numbers.iter().map(|&number| number as u32).collect()),
    }
}

fn unknown(tensor: &StoredTensor<'_>, expected: &[NamedTensor]) -> Problem {
    let names = expected.iter().map(|known| known.name.as_str());
    let guess = did_you_mean(tensor.name, names)
        .map(|guess| format!("did you mean `{guess}`? "))
        .unwrap_or_default();
    let place = Place {
        tensor: None,
        ..tensor.place
    };
    let what = format!("the transformer has no tensor {:?}", tensor.name);
    place.problem(what, format!("{guess}leave it out; {NAMES}"))
}
