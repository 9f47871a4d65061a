//! Axes over fields of the scenario.

use ron::Value;
use scenarios::diagnostics::Problem;
use scenarios::{Diagnostics, Loaded, Setting};
use serde::{Deserialize, Serialize};

use crate::space::Axis;

/// The most values of an axis.
const MOST_VALUES: usize = 65_535;

/// An axis as it is written: one field and its values, or several that move together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Axis", deny_unknown_fields)]
pub struct AxisFile {
    /// The field, by path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Its values, one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// Its first value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// Its last value, or what no value exceeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// What each value adds to the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
    /// By what each value is a multiple of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<f64>,
    /// So many values, each the same multiple of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Axes of as many values each, that move together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip: Option<Vec<AxisFile>>,
}

/// An axis with its values.
#[derive(Clone, Debug, PartialEq)]
pub struct StudyAxis {
    /// How a strategy sees it.
    pub axis: Axis,
    /// What each position sets: paths and values.
    pub settings: Vec<Vec<(String, Value)>>,
}

impl StudyAxis {
    /// The settings of a position.
    pub fn at(&self, position: usize) -> impl Iterator<Item = Setting> {
        let stated = self.settings.get(position).map_or(&[][..], Vec::as_slice);
        stated.iter().map(|(path, value)| setting(path, value))
    }
}

fn setting(path: &str, value: &Value) -> Setting {
    let text = match value {
        Value::String(text) => text.clone(),
        value => ron::to_string(value).unwrap_or_default(),
    };
    Setting::new(path, text)
}

impl AxisFile {
    /// The axis number `index` of a study whose base is `base`; each of its values is laid over the base, to see whether it may.
    ///
    /// # Errors
    /// What is wrong with it; `wrong` makes a problem at a field.
    pub(super) fn resolve(
        &self,
        base: &Loaded,
        place: &str,
        wrong: &dyn Fn(&str, String, &str) -> Problem,
    ) -> Result<StudyAxis, Diagnostics> {
        let settings = self.settings(place, wrong)?;
        for stated in &settings {
            let stated = stated
                .iter()
                .map(|(path, value)| setting(path, value).stated_in(format!("{place} {path}")));
            base.set(&stated.collect::<Vec<_>>())?;
        }
        let name = match settings.first().map(Vec::as_slice) {
            Some([(path, _)]) => path.clone(),
            _ => place.to_owned(),
        };
        let coordinates = coordinates(&settings);
        let axis = match coordinates {
            Some(coordinates) => Axis::ordered(name, coordinates),
            None => Axis::listed(name, settings.len()),
        };
        let help = format!("1 to {MOST_VALUES} values are accepted");
        let axis = axis.ok_or_else(|| {
            wrong(
                place,
                format!("an axis cannot have {} values", settings.len()),
                &help,
            )
        })?;
        Ok(StudyAxis { axis, settings })
    }

    /// What each position sets.
    fn settings(
        &self,
        place: &str,
        wrong: &dyn Fn(&str, String, &str) -> Problem,
    ) -> Result<Vec<Vec<(String, Value)>>, Problem> {
        if let Some(axes) = &self.zip {
            let mut together: Vec<Vec<(String, Value)>> = Vec::new();
            for (index, axis) in axes.iter().enumerate() {
                let settings = axis.settings(&format!("{place}.zip[{index}]"), wrong)?;
                if index > 0 && settings.len() != together.len() {
                    let message = format!(
                        "axes that move together have {} and {} values",
                        together.len(),
                        settings.len()
                    );
                    return Err(wrong(place, message, "give each as many values"));
                }
                together.resize(settings.len(), Vec::new());
                for (all, more) in together.iter_mut().zip(settings) {
                    all.extend(more);
                }
            }
            return Ok(together);
        }
        let Some(path) = &self.path else {
            return Err(wrong(
                place,
                "this axis has no `path`".to_owned(),
                "state the field that it varies",
            ));
        };
        let values = match (&self.values, self.from, self.to) {
            (Some(values), None, None) => values.clone(),
            (None, Some(from), Some(to)) => {
                let values = self
                    .range(from, to)
                    .map_err(|(message, help)| wrong(place, message, &help))?;
                values.into_iter().map(number).collect()
            }
            _ => {
                let help = "state `values: [..]`, or `from` and `to` with one of `step`, `times` and `steps`";
                return Err(wrong(place, format!("the axis of `{path}` has no values"), help));
            }
        };
        Ok(values
            .into_iter()
            .map(|value| vec![(path.clone(), value)])
            .collect())
    }

    /// The values from `from` to `to`.
    fn range(&self, from: f64, to: f64) -> Result<Vec<f64>, (String, String)> {
        let most = |what: &str| {
            (
                format!("`{what}` gives over {MOST_VALUES} values"),
                "take larger steps".to_owned(),
            )
        };
        if !(from.is_finite() && to.is_finite() && from <= to) {
            return Err((
                format!("the range from {from} to {to} is empty"),
                "`from` of at most `to` is accepted".to_owned(),
            ));
        }
        // A value that rounding puts a little beyond the end is the end.
        let within = to + (to.abs() + from.abs()) * 1e-12;
        match (self.step, self.times, self.steps) {
            (Some(step), None, None) if step > 0.0 => {
                let count = ((within - from) / step).floor() + 1.0;
                if count > MOST_VALUES as f64 {
                    return Err(most("step"));
                }
                Ok((0..count as u32).map(|place| from + f64::from(place) * step).collect())
            }
            (None, Some(times), None) if times > 1.0 && from > 0.0 => {
                let mut values = vec![from];
                while let Some(next) = values.last().map(|last| last * times).filter(|&next| next <= within) {
                    if values.len() == MOST_VALUES {
                        return Err(most("times"));
                    }
                    values.push(next);
                }
                Ok(values)
            }
            (None, None, Some(steps)) if steps >= 2 && from > 0.0 => {
                if steps as usize > MOST_VALUES {
                    return Err(most("steps"));
                }
                let ratio = to / from;
                let last = f64::from(steps - 1);
                Ok((0..steps).map(|place| from * ratio.powf(f64::from(place) / last)).collect())
            }
            _ => Err((
                "a range needs one of `step`, `times` and `steps`".to_owned(),
                "`step` above 0, or `times` above 1 or `steps` of at least 2 from a number above 0, are accepted".to_owned(),
            )),
        }
    }
}

/// A whole number is written as one: fields that count accept no other.
fn number(value: f64) -> Value {
    let rounded = value.round();
    if (value - rounded).abs() <= rounded.abs() * 1e-12 && rounded.abs() < 1e15 {
        return Value::Number(ron::Number::from(rounded as i64));
    }
    Value::Number(ron::Number::from(value))
}

/// Where a surrogate sees each position, if all values are numbers in order: their logarithms if they are above 0.
fn coordinates(settings: &[Vec<(String, Value)>]) -> Option<Vec<f64>> {
    let first = settings.iter().map(|stated| match stated.first() {
        Some((_, Value::Number(number))) => Some(number.into_f64()),
        _ => None,
    });
    let values = first.collect::<Option<Vec<f64>>>()?;
    let is_sorted = values.is_sorted() || values.iter().rev().is_sorted();
    is_sorted.then(|| match values.iter().all(|&value| value > 0.0) {
        true => values.iter().map(|value| value.log2()).collect(),
        false => values,
    })
}
