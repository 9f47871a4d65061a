//! An accelerator as stated in an AccelTran configuration.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use scenarios::Diagnostics;
use scenarios::schema::LoopOrder;

use super::yaml::{Document, Entry, Value};

/// A value, and the setting it comes from.
#[derive(Clone, Debug)]
pub(super) struct Setting<T> {
    pub(super) path: &'static str,
    pub(super) span: Range<usize>,
    pub(super) value: T,
}

/// The settings that have a counterpart in a scenario, by their names in the configuration.
#[derive(Clone, Debug)]
pub(super) struct Design {
    pub(super) tile_b: Setting<u64>,
    pub(super) tile_x: Setting<u64>,
    pub(super) tile_y: Setting<u64>,
    pub(super) non_linearity: Setting<&'static str>,
    pub(super) pe: Setting<u64>,
    pub(super) lanes_per_pe: Setting<u64>,
    pub(super) mac_per_lane: Setting<u64>,
    pub(super) softmax_per_pe: Setting<u64>,
    pub(super) batch_size: Setting<u64>,
    pub(super) activation_buffer_size: Setting<f64>,
    pub(super) weight_buffer_size: Setting<f64>,
    pub(super) mask_buffer_size: Setting<f64>,
    pub(super) loop_unrolling: Setting<LoopOrder>,
    pub(super) memory: Setting<&'static str>,
}

/// Known settings without a counterpart, with the reason.
pub(super) const WITHOUT_COUNTERPART: [(&[&str], &str); 3] = [
    (
        &["main_memory.banks", "main_memory.ranks", "main_memory.channels"],
        "the memory of that technology has an organisation of its own; `elector estimate --memory` takes one such as \
         dram_32_2_1",
    ),
    (
        &["scheduler.compute_ops.tiled", "scheduler.compute_ops.batch_size"],
        "the control block issues whatever tiles are ready, in the order of its policy",
    ),
    (
        &["scheduler.memory_ops.tiled", "scheduler.memory_ops.batch_size"],
        "slices of tensors are moved, as many at once as `outstanding_requests` allow",
    ),
];

/// Settings that have a counterpart.
const WITH_COUNTERPART: [&str; 15] = [
    "tile.tile_b",
    "tile.tile_x",
    "tile.tile_y",
    "non_linearity",
    "pe",
    "lanes_per_pe",
    "mac_per_lane",
    "softmax_per_pe",
    "batch_size",
    "activation_buffer_size",
    "weight_buffer_size",
    "mask_buffer_size",
    "loop_unrolling",
    "main_memory.type",
    "main_memory.mode",
];

impl Design {
    /// Reads a configuration.
    ///
    /// # Errors
    /// Everything that is missing or impossible, each at its place.
    pub(super) fn read(document: &Document) -> Result<Self, Diagnostics> {
        let mut reader = Reader {
            document,
            problems: Diagnostics::default(),
        };
        let design = reader.design();
        match design {
            Some(design) if reader.problems.is_empty() => Ok(design),
            _ => Err(reader.problems),
        }
    }
}

/// The first few unknown settings in `document`.
pub(super) fn unknown(document: &Document) -> Vec<(String, Range<usize>)> {
    const MOST: usize = 20;
    let known = || {
        let without = WITHOUT_COUNTERPART
            .iter()
            .flat_map(|(paths, _)| paths.iter().copied());
        WITH_COUNTERPART.into_iter().chain(without)
    };
    let mut unknown = Vec::new();
    let mut open: Vec<(String, &Entry)> = Vec::new();
    let entries = document.root().entries().iter().rev();
    open.extend(entries.map(|entry| (entry.key.clone(), entry)));
    while let Some((path, entry)) = open.pop() {
        let section = format!("{path}.");
        if known().any(|known| known.starts_with(&section)) {
            let entries = entry.node.entries().iter().rev();
            open.extend(entries.map(|entry| (format!("{section}{}", entry.key), entry)));
        } else if !known().any(|known| known == path) && unknown.len() < MOST {
            unknown.push((path, entry.key_span.clone()));
        }
    }
    unknown
}

struct Reader<'a> {
    document: &'a Document,
    problems: Diagnostics,
}

impl Reader<'_> {
    /// Reads all settings, so that all problems are reported at once.
    fn design(&mut self) -> Option<Design> {
        let [tile_b, tile_x, tile_y] =
            ["tile.tile_b", "tile.tile_x", "tile.tile_y"].map(|path| self.whole(path));
        let non_linearity = self.one_of("non_linearity", &[("gelu", "Gelu"), ("relu", "Relu")]);
        let [pe, lanes_per_pe, mac_per_lane, softmax_per_pe, batch_size] = [
            "pe",
            "lanes_per_pe",
            "mac_per_lane",
            "softmax_per_pe",
            "batch_size",
        ]
        .map(|path| self.whole(path));
        let [activation_buffer_size, weight_buffer_size, mask_buffer_size] =
            ["activation_buffer_size", "weight_buffer_size", "mask_buffer_size"]
                .map(|path| self.megabytes(path));
        let loop_unrolling = self.loop_order("loop_unrolling");
        let memory = self.memory();
        Some(Design {
            tile_b: tile_b?,
            tile_x: tile_x?,
            tile_y: tile_y?,
            non_linearity: non_linearity?,
            pe: pe?,
            lanes_per_pe: lanes_per_pe?,
            mac_per_lane: mac_per_lane?,
            softmax_per_pe: softmax_per_pe?,
            batch_size: batch_size?,
            activation_buffer_size: activation_buffer_size?,
            weight_buffer_size: weight_buffer_size?,
            mask_buffer_size: mask_buffer_size?,
            loop_unrolling: loop_unrolling?,
            memory: memory?,
        })
    }

    fn whole(&mut self, path: &'static str) -> Option<Setting<u64>> {
        self.read(path, "a whole number from 1", |text| {
            text.parse().ok().filter(|&number| number >= 1)
        })
    }

    fn megabytes(&mut self, path: &'static str) -> Option<Setting<f64>> {
        self.read(path, "a size in MB above 0", |text| {
            let number = f64::from_str(text).ok();
            number.filter(|&number| number > 0.0 && number.is_finite())
        })
    }

    fn loop_order(&mut self, path: &'static str) -> Option<Setting<LoopOrder>> {
        let accepted = "each of b, i, j and k once, outermost first, such as b_i_j_k";
        self.read(path, accepted, |text| text.replace('_', "").parse().ok())
    }

    fn one_of(
        &mut self,
        path: &'static str,
        words: &[(&'static str, &'static str)],
    ) -> Option<Setting<&'static str>> {
        let accepted: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.read(path, &accepted.join(" or "), |text| {
            let found = words.iter().find(|(word, _)| *word == text);
            found.map(|(_, meaning)| *meaning)
        })
    }

    /// The shipped memory for a technology and its bandwidth. Without a mode, the one of AccelTran's own machines.
    fn memory(&mut self) -> Option<Setting<&'static str>> {
        let kind = self.one_of(
            "main_memory.type",
            &[("dram", "dram"), ("rram", "rram"), ("hbm", "hbm")],
        );
        let mode = match self.document.find("main_memory.mode") {
            None => None,
            Some(_) => Some(
                self.one_of("main_memory.mode", &[("lb", "lb"), ("hb", "hb")])?
                    .value,
            ),
        };
        let kind = kind?;
        let value = match (kind.value, mode) {
            ("dram", Some("hb")) => {
                let problem = self
                    .document
                    .problem(&kind.span, "no DRAM that is shipped has a high bandwidth (`hb`)");
                self.problems
                    .push(problem.with_help("`type: 'hbm'` with `hb`, or `mode: 'lb'`, is accepted"));
                return None;
            }
            ("dram", _) => "lpddr3-1600",
            ("hbm", _) => "hbm2",
            (_, Some("lb")) => "rram",
            _ => "rram-m3d",
        };
        Some(Setting { value, ..kind })
    }

    fn read<T>(
        &mut self,
        path: &'static str,
        accepted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Setting<T>> {
        let Some(entry) = self.document.find(path) else {
            let missing = self.document.problem(&(0..0), format!("`{path}` is missing"));
            self.problems
                .push(missing.with_help(format!("{accepted} is accepted")));
            return None;
        };
        let span = entry.node.span.clone();
        let value = match &entry.node.value {
            Value::Scalar(text) => parse(text),
            Value::List | Value::Mapping(_) => None,
        };
        if value.is_none() {
            let (found, hint) = describe(&entry.node.value);
            let problem = self
                .document
                .problem(&entry.key_span, format!("`{path}` cannot be {found}"));
            self.problems
                .push(problem.with_help(format!("{accepted} is accepted{hint}")));
        }
        value.map(|value| Setting { path, span, value })
    }
}

/// What the user wrote, and a hint at what may be meant.
fn describe(value: &Value) -> (String, &'static str) {
    match value {
        Value::Scalar(text) => (format!("{text:?}"), ""),
        Value::List => (
            "a list".to_owned(),
            "; a design space has lists, the configuration of one accelerator has values",
        ),
        Value::Mapping(_) => ("a mapping".to_owned(), ""),
    }
}

impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
