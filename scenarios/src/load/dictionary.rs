//! FlexiBERT model dictionaries: `{"l": 2, "o": [["sa_sdp_64", ..], ..], "h": [128, 128], "f": [[512], [512]]}`.
//!
//! `l` is the number of layers; `o` lists the heads of each, `h` its width, `f` its feed-forward widths. Lists
//! longer than `l` are accepted with a warning, and what is beyond `l` is left out, as AccelTran does (its `bert_nano`
//! has one layer and lists two). Other entries are ignored with a warning.

use serde_json::{Map, Value};

use crate::schema::limits::MAX_LAYERS;
use crate::schema::transformer::{
    AttentionKind, HeadFile, KERNELS, LayerFile, TransformKind, TransformerFile,
};
use crate::schema::{Checks, Number};

/// The entries of a dictionary.
const ENTRIES: [&str; 4] = ["l", "o", "h", "f"];

/// The words for a head, for messages.
const HEADS: &str = "`sa_sdp_D`, `sa_wma_D`, `l_dft_D`, `l_dct_D`, and `c_K_D` with K of 5, 9 or 13 are accepted; D is \
                     the width of the head";

/// The transformer that a dictionary describes; what is wrong with it goes to `checks`, by its path in the dictionary.
pub(super) fn read(dictionary: &Value, checks: &mut Checks) -> TransformerFile {
    let layers = match dictionary {
        Value::Object(entries) => Dictionary { entries }.layers(checks),
        _ => {
            checks.wrong(
                "a model dictionary is a JSON object",
                "`{\"l\": .., \"o\": .., \"h\": .., \"f\": ..}`",
            );
            Vec::new()
        }
    };
    TransformerFile::Inline { layers }
}

/// The path in a dictionary of the value at `path` under `workload.transformer` of a scenario.
pub(super) fn path_in_dictionary(path: &str) -> String {
    let Some(rest) = path.strip_prefix("layers") else {
        return String::new();
    };
    let Some((index, rest)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return "l".to_owned();
    };
    let rest = rest.trim_start_matches('.');
    let head = rest
        .strip_prefix("heads")
        .map(|rest| rest.split('.').next().unwrap_or(rest));
    match (head, rest.strip_prefix("feed_forward")) {
        (Some(head), _) => format!("o[{index}]{head}"),
        (None, Some(width)) => format!("f[{index}]{width}"),
        (None, None) => format!("h[{index}]"),
    }
}

struct Dictionary<'a> {
    entries: &'a Map<String, Value>,
}

impl Dictionary<'_> {
    fn layers(&self, checks: &mut Checks) -> Vec<LayerFile> {
        for entry in self.entries.keys().filter(|key| !ENTRIES.contains(&key.as_str())) {
            checks.within(entry, |checks| {
                checks.warn(
                    format!("the entry {entry:?} is ignored"),
                    "`l`, `o`, `h` and `f` are read",
                );
            });
        }
        let Some(count) = self.count(checks) else {
            return Vec::new();
        };
        let heads = self.list("o", count, checks, |heads, checks| elements(heads, checks, head));
        let widths = self.list("h", count, checks, number);
        let stacks = self.list("f", count, checks, |stack, checks| {
            elements(stack, checks, number)
        });
        let layers = widths.into_iter().zip(heads).zip(stacks);
        layers
            .map(|((hidden, heads), feed_forward)| LayerFile {
                hidden,
                heads,
                feed_forward,
            })
            .collect()
    }

    fn count(&self, checks: &mut Checks) -> Option<usize> {
        let accepted = format!("a whole number of layers from 1 to {MAX_LAYERS} is accepted");
        let Some(stated) = self.entries.get("l") else {
            checks.wrong("the entry \"l\", the number of layers, is missing", accepted);
            return None;
        };
        let count = stated.as_u64().and_then(|count| usize::try_from(count).ok());
        let count = count.filter(|count| (1..=MAX_LAYERS).contains(count));
        if count.is_none() {
            checks.within("l", |checks| {
                checks.wrong("this is not a number of layers", accepted)
            });
        }
        count
    }

    /// What `read` makes of the elements under `name`, one for each of `count` layers.
    fn list<T>(
        &self,
        name: &str,
        count: usize,
        checks: &mut Checks,
        read: impl Fn(&Value, &mut Checks) -> T,
    ) -> Vec<T> {
        let accepted = format!("a list with one element for each of the {count} layers is accepted");
        let Some(list) = self.entries.get(name) else {
            checks.wrong(format!("the entry \"{name}\" is missing"), accepted);
            return Vec::new();
        };
        checks.within(name, |checks| {
            let Value::Array(list) = list else {
                checks.wrong(format!("\"{name}\" is not a list"), accepted);
                return Vec::new();
            };
            let message = format!("\"{name}\" lists {} layers, \"l\" says {count}", list.len());
            if list.len() < count {
                checks.wrong(message, accepted);
            } else if list.len() > count {
                checks.warn(message, "layers beyond \"l\" are left out, as AccelTran does");
            }
            let elements = list.iter().take(count).enumerate();
            elements
                .map(|(index, value)| checks.element(index, |checks| read(value, checks)))
                .collect()
        })
    }
}

fn elements<T>(list: &Value, checks: &mut Checks, read: impl Fn(&Value, &mut Checks) -> T) -> Vec<T> {
    let Value::Array(list) = list else {
        checks.wrong(
            "this is not a list",
            "a list with at least one element is accepted",
        );
        return Vec::new();
    };
    let elements = list.iter().enumerate();
    elements
        .map(|(index, value)| checks.element(index, |checks| read(value, checks)))
        .collect()
}

fn number(value: &Value, checks: &mut Checks) -> Number {
    let number = match value.as_i64() {
        Some(whole) => Some(Number::Whole(whole.into())),
        None => value
            .as_u64()
            .map(Number::from)
            .or_else(|| value.as_f64().map(Number::Real)),
    };
    number.unwrap_or_else(|| {
        checks.wrong("this is not a number", "a width in elements is accepted");
        Number::Whole(1)
    })
}

fn head(value: &Value, checks: &mut Checks) -> HeadFile {
    value.as_str().and_then(parse_head).unwrap_or_else(|| {
        checks.wrong(format!("no head is called {value}"), HEADS);
        HeadFile::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension: Number::Whole(1),
        }
    })
}

fn parse_head(code: &str) -> Option<HeadFile> {
    let mut parts = code.split('_');
    let (operation, kind, dimension) = (parts.next()?, parts.next()?, whole(parts.next()?)?);
    if parts.next().is_some() {
        return None;
    }
    Some(match (operation, kind) {
        ("sa", "sdp") => HeadFile::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension,
        },
        ("sa", "wma") => HeadFile::Attention {
            kind: AttentionKind::WeightedMultiplicative,
            dimension,
        },
        ("l", "dft") => HeadFile::LinearTransform {
            kind: TransformKind::Fourier,
            dimension,
        },
        ("l", "dct") => HeadFile::LinearTransform {
            kind: TransformKind::Cosine,
            dimension,
        },
        ("c", kernel) => HeadFile::Convolution {
            kernel: KERNELS
                .into_iter()
                .find(|known| known.to_string() == kernel)?
                .into(),
            dimension,
        },
        _ => return None,
    })
}

fn whole(digits: &str) -> Option<Number> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit());
    number
        .then(|| digits.parse::<u64>().ok().map(Number::from))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_head_has_its_code() {
        for code in [
            "sa_sdp_64",
            "sa_wma_42",
            "l_dft_10",
            "l_dct_21",
            "c_5_64",
            "c_9_64",
            "c_13_64",
        ] {
            assert!(parse_head(code).is_some(), "{code}");
        }
        for code in [
            "",
            "sa",
            "sa_sdp",
            "sa_sdp_x",
            "sa_sdp_64_1",
            "sa_sdp_-4",
            "d_64",
            "c_7_64",
            "sa_sdp_1e9",
            "c__4",
        ] {
            let head = parse_head(code);
            assert!(head.is_none(), "{code} is {head:?}");
        }
    }

    #[test]
    fn paths_of_a_transformer_lead_into_its_dictionary() {
        for (path, expected) in [
            ("layers", "l"),
            ("layers[2].hidden", "h[2]"),
            ("layers[2].heads[3].dimension", "o[2][3]"),
            ("layers[2].heads", "o[2]"),
            ("layers[0].feed_forward[1]", "f[0][1]"),
        ] {
            assert_eq!(path_in_dictionary(path), expected);
        }
    }
}
