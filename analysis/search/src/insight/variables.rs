//! What differs between the designs of a study, as numbers and names that people know.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::shape::{LayerShape, encoder_weights};
use crate::space::{Accelerator, Genome, Variable as Known};
use crate::store::Row;

/// Numbers above 0 whose largest is at least so many times the smallest are on a scale of logarithms.
const LOGARITHMIC_FROM: f64 = 8.0;

/// Something that differs between designs, with its value in each.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// What it is called: a path, or words.
    pub name: String,
    /// Its values, one for each row.
    pub values: Values,
}

/// The values of a variable, one for each row; none where a design does not have it.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers.
    Numbers {
        /// One for each row.
        values: Vec<Option<f64>>,
        /// Whether a scale of logarithms suits them.
        log: bool,
    },
    /// One of several names.
    Names {
        /// The names, in order.
        names: Vec<String>,
        /// The place of each row's among them.
        places: Vec<Option<usize>>,
    },
}

/// What differs between the designs of `rows`: the transformer in figures that sum it up, the variables of the accelerator, and the
/// fields that axes set.
#[must_use]
pub fn variables(rows: &[&Row]) -> Vec<Variable> {
    let mut found = transformers(rows);
    found.extend(accelerators(rows));
    let paths: BTreeSet<&String> = rows.iter().flat_map(|row| row.parameters.keys()).collect();
    found.extend(paths.into_iter().filter_map(|path| parameter(rows, path)));
    found
}

/// Figures of a transformer.
const OF_TRANSFORMER: [&str; 6] = [
    "layers",
    "encoder weights",
    "mean width",
    "mean feed-forward width",
    "attention heads, %",
    "convolution heads, %",
];

fn transformers(rows: &[&Row]) -> Vec<Variable> {
    let genomes = rows
        .iter()
        .map(|row| Genome::of_vector(row.transformer.as_ref()?).ok());
    let figures: Vec<Option<[f64; 6]>> = genomes
        .map(|genome| genome.map(|genome| figures(genome.shapes())))
        .collect();
    let variable = |(place, name): (usize, &&str)| {
        let values = figures
            .iter()
            .map(|figures| figures.map(|figures| figures[place]));
        numbers(name, values.collect())
    };
    OF_TRANSFORMER.iter().enumerate().filter_map(variable).collect()
}

/// The figures of [`OF_TRANSFORMER`].
fn figures<'a>(shapes: impl Iterator<Item = LayerShape<'a>> + Clone) -> [f64; 6] {
    let sum = |part: &dyn Fn(&LayerShape<'a>) -> f64| shapes.clone().map(|shape| part(&shape)).sum::<f64>();
    let layers = sum(&|_| 1.0);
    let attention = sum(&|shape| shape.attention.count);
    let convolutions = sum(&|shape| f64::from(shape.convolutions));
    let heads = attention + convolutions + sum(&|shape| f64::from(shape.transforms));
    let products = sum(&|shape| shape.feed_forward.len() as f64);
    let widths = sum(&|shape| shape.feed_forward.iter().map(|&width| f64::from(width)).sum());
    [
        layers,
        encoder_weights(shapes.clone()),
        sum(&|shape| f64::from(shape.hidden)) / layers.max(1.0),
        widths / products.max(1.0),
        100.0 * attention / heads.max(1.0),
        100.0 * convolutions / heads.max(1.0),
    ]
}

fn accelerators(rows: &[&Row]) -> Vec<Variable> {
    let accelerators: Vec<Option<Accelerator>> = rows
        .iter()
        .map(|row| Accelerator::of_numbers(row.accelerator.as_ref()?).ok())
        .collect();
    let variable = |known: Known| {
        let each = accelerators.iter();
        if known.is_ordinal() {
            let value =
                |accelerator: &Option<Accelerator>| Some(f64::from(accelerator.as_ref()?.value(known)));
            return numbers(known.name(), each.map(value).collect());
        }
        let name = |accelerator: &Option<Accelerator>| Some(accelerator.as_ref()?.memory().to_string());
        names(known.name(), each.map(name).collect())
    };
    Known::ALL.into_iter().filter_map(variable).collect()
}

fn parameter(rows: &[&Row], path: &str) -> Option<Variable> {
    let values: Vec<Option<&Value>> = rows.iter().map(|row| row.parameters.get(path)).collect();
    if values.iter().flatten().all(|value| value.is_number()) {
        let values = values.into_iter().map(|value| value?.as_f64());
        return numbers(path, values.collect());
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    names(path, values.into_iter().map(|value| value.map(text)).collect())
}

/// A variable of numbers; nothing if they are all the same.
fn numbers(name: &str, values: Vec<Option<f64>>) -> Option<Variable> {
    let known = || values.iter().flatten().copied();
    let (least, greatest) = (
        known().fold(f64::INFINITY, f64::min),
        known().fold(f64::NEG_INFINITY, f64::max),
    );
    let log = least > 0.0 && greatest >= LOGARITHMIC_FROM * least;
    (least < greatest).then(|| Variable {
        name: name.to_owned(),
        values: Values::Numbers { values, log },
    })
}

/// A variable of names; nothing if they are all the same.
fn names(name: &str, values: Vec<Option<String>>) -> Option<Variable> {
    let names: BTreeSet<&String> = values.iter().flatten().collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    let place = |value: &Option<String>| names.binary_search(value.as_ref()?).ok();
    let places = values.iter().map(place).collect();
    (names.len() > 1).then(|| Variable {
        name: name.to_owned(),
        values: Values::Names { names, places },
    })
}
