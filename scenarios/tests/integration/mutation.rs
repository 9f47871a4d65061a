//! Shipped scenarios, damaged in every way we could think of: the answer is a valid scenario or a message that
//! names the file, never a panic.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use scenarios::load::library::{self, Shelf};
use scenarios::schema::Scenario;

/// Numbers that a field may not like.
const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "-0.0",
    "1",
    "3",
    "0.5",
    "2.0",
    "1e400",
    "-1e400",
    "1e-400",
    "NaN",
    "-NaN",
    "inf",
    "-inf",
    "4294967296",
    "18446744073709551615",
    "18446744073709551616",
    "340282366920938463463374607431768211456",
    "1e308",
    "0x7fffffffffffffff",
    "1_000_000_000",
    "1GHz",
    "\"1\"",
    "true",
    "None",
    "()",
    "[]",
    "1048576",
    "65536",
];

/// Words and signs that may appear anywhere.
const PIECES: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
    "'",
    "#",
    "/*",
    "*/",
    "//",
    "\\",
    "r#\"",
    "\u{0}",
    "\u{feff}",
    "é",
    "🐢",
    "Some(",
    "None",
    "-",
    ".",
    "..",
    "base: \"s.ron\",",
    "base: \"bert-tiny-edge\",",
    "preset: \"server\",",
    "((((((((((((((((",
    "\u{1b}[2J",
    "Inline(layers: [",
    "Preset(\"x\")",
    "Training",
    "WholeTable",
    "\r",
    "\t",
];

/// One damage.
#[derive(Clone, Debug)]
enum Damage {
    Number { which: Index, with: Index },
    Byte { at: Index, with: u8 },
    Insert { at: Index, piece: Index },
    Cut { at: Index, length: usize },
    Double { at: Index, length: usize },
    DropLine { which: Index },
    SwapLines { first: Index, second: Index },
    Rename { which: Index, letter: u8 },
    Truncate { at: Index },
}

fn damage() -> impl Strategy<Value = Damage> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), index()).prop_map(|(which, with)| Damage::Number { which, with }),
        2 => (index(), any::<u8>()).prop_map(|(at, with)| Damage::Byte { at, with }),
        2 => (index(), index()).prop_map(|(at, piece)| Damage::Insert { at, piece }),
        1 => (index(), 1..40usize).prop_map(|(at, length)| Damage::Cut { at, length }),
        1 => (index(), 1..200usize).prop_map(|(at, length)| Damage::Double { at, length }),
        2 => index().prop_map(|which| Damage::DropLine { which }),
        1 => (index(), index()).prop_map(|(first, second)| Damage::SwapLines { first, second }),
        2 => (index(), any::<u8>()).prop_map(|(which, letter)| Damage::Rename { which, letter }),
        1 => index().prop_map(|at| Damage::Truncate { at }),
    ]
}

impl Damage {
    fn apply(&self, text: &mut Vec<u8>) {
        if text.is_empty() {
            return;
        }
        match *self {
            Self::Number { which, with } => {
                replace_run(text, which, NUMBERS[with.index(NUMBERS.len())], |byte| {
                    byte.is_ascii_digit() || byte == b'.'
                })
            }
            Self::Byte { at, with } => {
                let at = at.index(text.len());
                text[at] = with;
            }
            Self::Insert { at, piece } => {
                let at = at.index(text.len());
                text.splice(at..at, PIECES[piece.index(PIECES.len())].bytes());
            }
            Self::Cut { at, length } => {
                let at = at.index(text.len());
                text.drain(at..(at + length).min(text.len()));
            }
            Self::Double { at, length } => {
                let at = at.index(text.len());
                let piece = text[at..(at + length).min(text.len())].to_vec();
                text.splice(at..at, piece);
            }
            Self::DropLine { which } => edit_lines(text, |lines| {
                lines.remove(which.index(lines.len()));
            }),
            Self::SwapLines { first, second } => edit_lines(text, |lines| {
                let (first, second) = (first.index(lines.len()), second.index(lines.len()));
                lines.swap(first, second);
            }),
            Self::Rename { which, letter } => {
                let name = format!("w{}", char::from(b'a' + letter % 26));
                replace_run(text, which, &name, |byte| {
                    byte.is_ascii_alphabetic() || byte == b'_'
                });
            }
            Self::Truncate { at } => text.truncate(at.index(text.len())),
        }
    }
}

/// Replaces one of the runs of bytes that belong together.
fn replace_run(text: &mut Vec<u8>, which: Index, with: &str, belongs: impl Fn(u8) -> bool) {
    let starts: Vec<usize> = (0..text.len())
        .filter(|&at| belongs(text[at]) && (at == 0 || !belongs(text[at - 1])))
        .collect();
    if starts.is_empty() {
        return;
    }
    let start = starts[which.index(starts.len())];
    let length = text[start..].iter().take_while(|&&byte| belongs(byte)).count();
    text.splice(start..start + length, with.bytes());
}

fn edit_lines(text: &mut Vec<u8>, edit: impl FnOnce(&mut Vec<Vec<u8>>)) {
    let mut lines: Vec<Vec<u8>> = text
        .split_inclusive(|&byte| byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    edit(&mut lines);
    *text = lines.concat();
}

/// The files that are damaged, and how a scenario comes to read each: as itself, or by naming it.
fn victims() -> Vec<(String, &'static str)> {
    let shelf = |shelf: Shelf, folder: &str, ending: &str| -> Vec<(String, &'static str)> {
        let paths = shelf.names().map(|name| format!("{folder}{name}{ending}"));
        paths
            .filter_map(|path| library::text(&path).map(|text| (path, text)))
            .collect()
    };
    let mut victims = shelf(Shelf::Scenarios, "", ".ron");
    victims.push(("template.ron".to_owned(), library::TEMPLATE));
    let full = Scenario::shipped("flexibert-mixed")
        .map(|loaded| loaded.scenario().to_ron())
        .unwrap_or_default();
    victims.push(("full.ron".to_owned(), full.leak()));
    victims.extend(shelf(Shelf::Accelerators, "accelerators/", ".ron"));
    victims.extend(shelf(Shelf::Costs, "costs/", ".ron"));
    victims.extend(shelf(Shelf::Models, "models/", ".json"));
    victims
}

/// Bytes that may not be text, at one path; the rest is the library's.
struct Damaged {
    path: PathBuf,
    bytes: Vec<u8>,
    others: BTreeMap<PathBuf, String>,
}

impl scenarios::load::Resolver for Damaged {
    fn read(&self, path: &std::path::Path) -> std::io::Result<Vec<u8>> {
        if path == self.path {
            Ok(self.bytes.clone())
        } else {
            self.others.read(path)
        }
    }
}

fn check(path: &str, bytes: Vec<u8>) {
    let mut others: BTreeMap<PathBuf, String> = [
        "bert-tiny-edge.ron",
        "bert-base-server.ron",
        "models/flexibert-mixed.json",
    ]
    .into_iter()
    .map(|name| (name.into(), library::text(name).unwrap_or_default().to_owned()))
    .collect();
    let scenario = match path.split('/').next() {
        Some("accelerators") => format!("(accelerator: (preset: {path:?}))"),
        Some("costs") => format!("(costs: File({path:?}))"),
        Some("models") => format!("(workload: (transformer: Dictionary({path:?})))"),
        _ => format!("(base: {path:?})"),
    };
    others.insert("outer.ron".into(), scenario);
    let top = if path.contains('/') { "outer.ron" } else { path };
    let damaged = Damaged {
        path: path.into(),
        bytes,
        others,
    };
    let damaged = Arc::new(damaged);
    match Scenario::load_with(top, Arc::clone(&damaged)) {
        Ok(loaded) => {
            let again = Scenario::parse("again.ron", &loaded.scenario().to_ron(), damaged);
            if let Ok(again) = again {
                // As text: a candidate that is yet to be read may state NaN, which equals nothing.
                assert_eq!(
                    format!("{:?}", again.scenario()),
                    format!("{:?}", loaded.scenario()),
                    "what is valid is written and read without a change"
                );
            }
            assert!(!loaded.warnings().has_errors());
        }
        Err(wrong) => {
            assert!(wrong.has_errors());
            let text = wrong.render();
            let file = path.rsplit('/').next().unwrap_or(path);
            assert!(
                text.contains(file) || text.contains(".ron") || text.contains(".json"),
                "no file is named:\n{text}"
            );
            assert!(text.len() < 64 << 10, "{} bytes of message", text.len());
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{0}'),
                "control characters in {text:?}"
            );
        }
    }
}

#[test]
fn damaged_files_are_valid_or_answered_with_a_message() {
    let victims = victims();
    let config = Config {
        cases: 6000,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let case = (any::<Index>(), prop::collection::vec(damage(), 1..5));
    let outcome = runner.run(&case, |(which, damages)| {
        let (path, text) = &victims[which.index(victims.len())];
        let mut bytes = text.as_bytes().to_vec();
        damages.iter().for_each(|damage| damage.apply(&mut bytes));
        check(path, bytes);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn every_number_of_every_file_may_be_any_other() {
    for (path, text) in victims() {
        let digit = |at: usize| text.as_bytes()[at].is_ascii_digit();
        let starts: Vec<usize> = (0..text.len())
            .filter(|&at| digit(at) && (at == 0 || !digit(at - 1)))
            .collect();
        let length = |start: usize| text[start..].bytes().take_while(u8::is_ascii_digit).count();
        let step = starts.len().div_ceil(60);
        for &start in starts.iter().step_by(step.max(1)) {
            for number in NUMBERS {
                let damaged = [&text[..start], number, &text[start + length(start)..]].concat();
                check(&path, damaged.into_bytes());
            }
        }
    }
}
