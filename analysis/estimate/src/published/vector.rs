//! The twelve numbers that describe an accelerator in the published figures, and their text form.

use std::fmt;

use components::tile::TileShape;
use scenarios::schema::ActivationFunction;
use scenarios::schema::limits::{MAX_BATCH, MAX_MODULES};
use thiserror::Error;

use super::{Organisation, PublishedAccelerator};

/// The numbers of a vector, in order, each with its largest valid value.
const NUMBERS: [(&str, f64); 12] = [
    ("tile_b", 1024.0),
    ("tile_x", 1024.0),
    ("tile_y", 1024.0),
    ("processing elements", MAX_MODULES as f64),
    ("MAC lanes per PE", MAX_MODULES as f64),
    ("multipliers per lane", 1024.0),
    ("softmax modules per PE", MAX_MODULES as f64),
    ("batch size", MAX_BATCH as f64),
    ("activation buffer, MB", MAX_MEGABYTES),
    ("weight buffer, MB", MAX_MEGABYTES),
    ("mask buffer, MB", MAX_MEGABYTES),
    ("memory", 10.0),
];

/// The largest buffer, as in scenarios.
const MAX_MEGABYTES: f64 = 1_048_576.0;

/// The numbers that are sizes in MB.
const MEGABYTES: std::ops::Range<usize> = 8..11;

/// What is wrong with a vector.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VectorError {
    /// There are more or fewer than twelve numbers.
    #[error(
        "an accelerator is a vector of 12 numbers, not of {0}: tile_b, tile_x, tile_y, PEs, MAC lanes per PE, multipliers \
         per lane, softmax modules per PE, batch size, activation, weight and mask buffer in MB, memory (0 to 10)"
    )]
    Length(usize),
    /// A number cannot be parsed, or is out of range.
    #[error("number {place} of the vector, {name}, cannot be {found}: {accepted} is accepted", place = index + 1)]
    Number {
        /// Its place, from 0.
        index: usize,
        /// What it means.
        name: &'static str,
        /// What was found.
        found: String,
        /// What is accepted.
        accepted: String,
    },
    /// The text is not a JSON array.
    #[error("this is not a JSON array of 12 numbers: {0}")]
    Json(String),
}

impl PublishedAccelerator {
    /// The accelerator described by twelve numbers: tile_b, tile_x, tile_y, PEs, MAC lanes per PE, multipliers per lane,
    /// softmax modules per PE, batch size, activation, weight and mask buffer in MB, index of the memory.
    ///
    /// # Errors
    /// A number is out of range.
    pub fn from_vector(vector: &[f64; 12]) -> Result<Self, VectorError> {
        for (index, &number) in vector.iter().enumerate() {
            check(index, number)?;
        }
        let [
            tile_b,
            tile_x,
            tile_y,
            processing_elements,
            lanes,
            multipliers,
            softmax,
            batch,
            ..,
        ] = vector.map(|number| number as u32);
        let [.., activation_mb, weight_mb, mask_mb, memory] = *vector;
        let organisation = Organisation::from_index(memory as usize);
        Ok(Self {
            tile: TileShape {
                b: tile_b,
                x: tile_x,
                y: tile_y,
            },
            processing_elements,
            lanes_per_pe: lanes,
            multipliers_per_lane: multipliers,
            softmax_per_pe: softmax,
            batch,
            activation_mb,
            weight_mb,
            mask_mb,
            memory: organisation.ok_or_else(|| wrong(11, &memory))?,
            activation_function: ActivationFunction::Gelu,
        })
    }

    /// The accelerator described by a text: twelve numbers separated by commas, with or without brackets.
    ///
    /// # Errors
    /// There are more or fewer than twelve numbers, or one of them cannot be parsed or is out of range.
    pub fn parse_vector(text: &str) -> Result<Self, VectorError> {
        let text = text.trim();
        let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let words: Vec<&str> = inner.unwrap_or(text).split(',').map(str::trim).collect();
        let words: [&str; 12] = words
            .try_into()
            .map_err(|words: Vec<&str>| VectorError::Length(words.len()))?;
        let mut vector = [0.0; 12];
        for (index, (number, word)) in vector.iter_mut().zip(words).enumerate() {
            *number = word.parse().map_err(|_| wrong(index, &quoted(word)))?;
        }
        Self::from_vector(&vector)
    }

    /// The accelerator described by a JSON array.
    ///
    /// # Errors
    /// The text is not an array of twelve numbers, or one of them is out of range.
    pub fn parse_json(text: &str) -> Result<Self, VectorError> {
        let values: Vec<serde_json::Value> =
            serde_json::from_str(text).map_err(|error| VectorError::Json(error.to_string()))?;
        let values: [serde_json::Value; 12] = values
            .try_into()
            .map_err(|values: Vec<_>| VectorError::Length(values.len()))?;
        let mut vector = [0.0; 12];
        for (index, (number, value)) in vector.iter_mut().zip(values).enumerate() {
            *number = value
                .as_f64()
                .ok_or_else(|| wrong(index, &quoted(&value.to_string())))?;
        }
        Self::from_vector(&vector)
    }
}

fn check(index: usize, number: f64) -> Result<(), VectorError> {
    let (_, largest) = NUMBERS[index];
    let good = if MEGABYTES.contains(&index) {
        number > 0.0 && number <= largest
    } else {
        (least(index)..=largest).contains(&number) && number.fract() == 0.0
    };
    if good { Ok(()) } else { Err(wrong(index, &number)) }
}

fn least(index: usize) -> f64 {
    if index == 11 { 0.0 } else { 1.0 }
}

fn wrong(index: usize, found: &impl fmt::Display) -> VectorError {
    let (name, largest) = NUMBERS[index];
    let accepted = if MEGABYTES.contains(&index) {
        format!("a number above 0 and at most {largest}")
    } else {
        format!("a whole number from {} to {largest}", least(index))
    };
    let accepted = if index == 11 {
        format!("{accepted} ({})", Organisation::names().join(", "))
    } else {
        accepted
    };
    VectorError::Number {
        index,
        name,
        found: found.to_string(),
        accepted,
    }
}

/// User input, shortened and without control characters that could redraw the terminal.
fn quoted(word: &str) -> String {
    let short: String = word.chars().take(40).collect();
    format!("{short:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "1,16,16,64,16,16,4,4,4,8,1,8";

    #[test]
    fn brackets_spaces_and_json_say_the_same() {
        let plain = PublishedAccelerator::parse_vector(TEXT).unwrap();
        assert_eq!(plain.memory.name(), "dram_32_2_1");
        let spaced = format!(" [{}] \n", TEXT.replace(',', " , "));
        assert_eq!(PublishedAccelerator::parse_vector(&spaced), Ok(plain.clone()));
        let json = format!("[{TEXT}]");
        assert_eq!(PublishedAccelerator::parse_json(&json), Ok(plain));
    }

    #[test]
    fn impossible_numbers_are_named() {
        for (index, word) in [
            (0, "0"),
            (1, "-16"),
            (2, "NaN"),
            (3, "1e300"),
            (4, "2.5"),
            (5, ""),
            (6, "inf"),
            (7, "sixteen"),
            (8, "0"),
            (9, "-0.5"),
            (10, "1e9"),
            (11, "11"),
        ] {
            let mut words: Vec<&str> = TEXT.split(',').collect();
            words[index] = word;
            let wrong = PublishedAccelerator::parse_vector(&words.join(",")).unwrap_err();
            let (place, name) = (format!("number {} ", index + 1), NUMBERS[index].0);
            let message = wrong.to_string();
            assert!(message.contains(&place) && message.contains(name), "{message}");
        }
        for text in ["", "[]", "1,2,3", &format!("{TEXT},1"), "[[1]]", "[1,16"] {
            let wrong = PublishedAccelerator::parse_vector(text);
            assert!(matches!(wrong, Err(VectorError::Length(_))), "{text}");
        }
        for text in ["", "{}", "[1,2", "[1]", "null", "[\"1\",1,1,1,1,1,1,1,1,1,1,1]"] {
            assert!(PublishedAccelerator::parse_json(text).is_err(), "{text}");
        }
    }
}
