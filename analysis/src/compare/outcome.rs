//! A cell's outcome in JSON: `result` beside its energy-delay product, or `error`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::CellError;
use crate::result::RunResult;

#[derive(Serialize)]
#[serde(untagged)]
enum Written<'a> {
    Finished {
        energy_delay_product_js: f64,
        result: &'a RunResult,
    },
    Failed {
        error: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Finished { result: Box<RunResult> },
    Failed { error: String },
}

pub(super) fn serialize<S: Serializer>(
    outcome: &Result<Box<RunResult>, CellError>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let written = match outcome {
        Ok(result) => Written::Finished {
            energy_delay_product_js: result.energy_delay_product(),
            result,
        },
        Err(error) => Written::Failed {
            error: error.to_string(),
        },
    };
    written.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Result<Box<RunResult>, CellError>, D::Error> {
    Ok(match Read::deserialize(deserializer)? {
        Read::Finished { result } => Ok(result),
        Read::Failed { error } => Err(CellError::Failed(error)),
    })
}
