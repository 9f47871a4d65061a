//! README and docs show what the program prints.
//!
//! Before a block of `text` stands what makes it: a comment `<!-- elector run x -->`, run by `sh` in a folder with the files
//! that the page shows, or a block of `console` commands, of which the last is meant. The block is a part of what that prints;
//! lines `...` stand for any others. Figures that depend on the machine that simulates are not compared. `<!-- drawn -->` says
//! that a block is not output. `UPDATE_EXPECT=1` rewrites the blocks.
//!
//! A comment that begins with `slow:` is a minute of simulation in a release build. Such blocks are compared where there is one:
//! `ELECTOR=target/release/elector cargo test -p elector printed`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::{json, root};

/// A block of `text` on a page, without its fences.
struct Block {
    /// Number of its first line on the page, from 0.
    line: usize,
    lines: Vec<String>,
    /// What prints it.
    command: String,
    is_slow: bool,
}

/// The pages that show what the program prints.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![
        root().join("README.md"),
        root().join("ARCHITECTURE.md"),
        root().join("sim-core/README.md"),
    ];
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    pages.extend(docs.filter(|page| page.extension().is_some_and(|extension| extension == "md")));
    pages.sort();
    pages
}

/// The command to run: a release build, if `ELECTOR` names one.
fn release_build() -> Option<PathBuf> {
    let named = std::env::var_os("ELECTOR").map(PathBuf::from);
    named.map(|path| fs::canonicalize(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// The blocks of `text` of a page whose output is to be held, and in `folder` the files that it shows. Runs what is in blocks of
/// `console`, for later commands may need it.
fn blocks(page: &str, folder: &Path) -> Vec<Block> {
    let lines: Vec<&str> = page.lines().collect();
    let (mut blocks, mut file, mut made_by) = (Vec::new(), None, None);
    let mut place = 0;
    while place < lines.len() {
        let line = lines[place];
        place += 1;
        let comment = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(comment) = comment {
            made_by = Some(comment.to_owned());
        } else if let Some(name) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
            file = Some(name.to_owned());
        } else if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<&str> = lines[place..]
                .iter()
                .copied()
                .take_while(|line| *line != "```")
                .collect();
            let first = place;
            place += body.len() + 1;
            match kind {
                "ron" => {
                    if let Some(name) = file.take() {
                        fs::write(folder.join(name), body.join("\n")).unwrap();
                    }
                }
                "console" => {
                    for command in &body {
                        let command = command
                            .strip_prefix("$ ")
                            .unwrap_or_else(|| panic!("no command: {command}"));
                        made_by = Some(command.to_owned());
                    }
                    // The last is run for what it prints, if that is shown; guide.rs runs all.
                    let before = &body[..body.len().saturating_sub(1)];
                    before
                        .iter()
                        .for_each(|command| drop(printed(&command[2..], folder)));
                }
                "text" => {
                    let made_by = made_by.take();
                    let command =
                        made_by.unwrap_or_else(|| panic!("line {first}: nothing says what prints this"));
                    if command == "drawn" {
                        continue;
                    }
                    let slow = command.strip_prefix("slow: ").map(str::to_owned);
                    blocks.push(Block {
                        line: first,
                        lines: body.into_iter().map(str::to_owned).collect(),
                        is_slow: slow.is_some(),
                        command: slow.unwrap_or(command),
                    });
                }
                _ => {}
            }
        }
    }
    blocks
}

/// What a command prints: on standard error if it fails.
fn printed(command: &str, folder: &Path) -> Vec<String> {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_elector"));
    let elector = release_build().unwrap_or(built);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", elector.parent().unwrap().display());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env("PATH", path)
        .output()
        .unwrap();
    let printed = if output.status.success() {
        output.stdout
    } else {
        output.stderr
    };
    let text = String::from_utf8(printed).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A line without the figures that depend on the machine that simulates.
fn lasting(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let rate = |word: &&str| word.ends_with("events/s") || word.ends_with("tiles/s");
    if let Some(unit) = words.iter().position(rate) {
        return words[..unit.saturating_sub(1)].join(" ");
    }
    match words.as_slice() {
        ["wall", _, _, rest @ ..] => format!("wall {}", rest.join(" ")),
        _ => line.to_owned(),
    }
}

/// Whether `shown` is part of `printed`, lines `...` standing for any others; else the first line that is not.
fn first_wrong<'a>(shown: &'a [String], printed: &[String]) -> Option<&'a str> {
    let printed: Vec<String> = printed.iter().map(|line| lasting(line)).collect();
    let mut from = 0;
    for part in shown.split(|line| line.trim() == "...") {
        let wanted: Vec<String> = part.iter().map(|line| lasting(line)).collect();
        let starts = |start: usize| printed[start..].starts_with(&wanted);
        match (from..=printed.len()).find(|&start| starts(start)) {
            Some(start) => from = start + wanted.len(),
            None => {
                let missing = part.iter().find(|line| !printed[from..].contains(&lasting(line)));
                return missing.or(part.first()).map(String::as_str);
            }
        }
    }
    None
}

/// What a line is about: all up to its first gap.
fn topic(line: &str) -> &str {
    let indent = line.len() - line.trim_start().len();
    let end = line[indent..].find("  ").map_or(line.len(), |gap| indent + gap);
    let topic = &line[..end];
    // A headline of figures begins with a number.
    if topic
        .trim_start()
        .starts_with(|first: char| first.is_ascii_digit())
    {
        "0"
    } else {
        topic
    }
}

/// The block with the figures of `printed`: line by line by topic, or as it is printed if the block shows all of it.
fn rewritten(shown: &[String], printed: &[String]) -> Vec<String> {
    let is_whole = !shown.iter().any(|line| line.trim() == "...")
        && shown.first().map(|line| topic(line)) == printed.first().map(|line| topic(line))
        && shown.last().map(|line| topic(line)) == printed.last().map(|line| topic(line));
    if is_whole {
        let same = |line: &String| {
            shown
                .iter()
                .find(|known| lasting(known) == lasting(line))
                .unwrap_or(line)
                .clone()
        };
        return printed.iter().map(same).collect();
    }
    let (mut new, mut from, mut elided): (Vec<String>, usize, bool) = (Vec::new(), 0, true);
    for line in shown {
        if line.trim() == "..." || line.is_empty() {
            elided |= !line.is_empty();
            new.push(line.clone());
            continue;
        }
        let place = printed[from..]
            .iter()
            .position(|printed| topic(printed) == topic(line));
        // A topic that was renamed is where it was: after the one before.
        let place = from + place.unwrap_or(0);
        assert!(place < printed.len(), "nothing is printed like {line:?}");
        let skipped = printed[from..place].iter().any(|printed| !printed.is_empty());
        if skipped && !elided {
            new.push("  ...".to_owned());
        }
        let same = lasting(&printed[place]) == lasting(line);
        new.push(if same {
            line.clone()
        } else {
            printed[place].clone()
        });
        (from, elided) = (place + 1, false);
    }
    new
}

#[test]
fn blocks_of_output_are_what_is_printed() {
    let updates = std::env::var_os("UPDATE_EXPECT").is_some();
    let (mut held, mut wrong) = (0, Vec::new());
    for path in pages() {
        let folder = tempfile::tempdir().unwrap();
        let page = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<String> = page.lines().map(str::to_owned).collect();
        // From the last to the first, so that numbers of lines hold.
        for block in blocks(&page, folder.path()).iter().rev() {
            if block.is_slow && release_build().is_none() {
                continue;
            }
            held += 1;
            let printed = printed(&block.command, folder.path());
            let Some(line) = first_wrong(&block.lines, &printed) else {
                continue;
            };
            if updates {
                let new = rewritten(&block.lines, &printed);
                drop(lines.splice(block.line..block.line + block.lines.len(), new));
            } else {
                wrong.push(format!(
                    "{}:{}: `{}` does not print\n{line}",
                    path.display(),
                    block.line + 1,
                    block.command
                ));
            }
        }
        let written = lines.join("\n") + "\n";
        if updates && written != page {
            fs::write(&path, written).unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_EXPECT=1 writes the blocks anew\n{}",
        wrong.join("\n")
    );
    assert!(held >= 9, "{held} blocks were held against what is printed");
}

#[test]
fn parts_of_an_output_are_found_and_brought_up_to_date() {
    let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let printed =
        lines("Title\n47 cycles  1 us\n\nEnergy\n  memory  5 uJ\n  total   9 uJ\n  events  7  2.1 Mevents/s");
    assert_eq!(first_wrong(&printed, &printed), None);
    let shown = lines("Title\n...\n  total   9 uJ\n  events      7  30.0 kevents/s");
    assert_eq!(
        first_wrong(&shown, &printed),
        None,
        "rates of events are not compared"
    );
    for wrong in [
        "Title\n  total   9 uJ",
        "Title\n...\n  total   8 uJ",
        "  events  8  2.1 Mevents/s",
        "  total   9 uJ\n...\nEnergy",
    ] {
        assert!(first_wrong(&lines(wrong), &printed).is_some(), "{wrong}");
    }
    let stale = lines("Title\n46 cycles  1 us\n...\n  total   8 uJ");
    let new = rewritten(&stale, &printed);
    assert_eq!(new, lines("Title\n47 cycles  1 us\n...\n  total   9 uJ"));
    assert_eq!(first_wrong(&new, &printed), None);
    assert_eq!(
        rewritten(&lines("Title\n  events  6  9 Mevents/s"), &printed),
        printed,
        "all of it is shown"
    );
}

/// A whole number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let places = digits.chars().enumerate();
    let apart = places.flat_map(|(place, digit)| {
        let comma = place > 0 && (digits.len() - place).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    });
    apart.collect()
}

/// The cycles of scenarios, from the golden table that `tests` holds.
fn golden_cycles(name: &str) -> u64 {
    let table = fs::read_to_string(root().join("tests/golden/shipped.txt")).unwrap();
    let mut lines = table.lines().skip_while(|line| *line != name);
    let run = lines
        .nth(1)
        .unwrap_or_else(|| panic!("{name} is not in the golden table"));
    let cycles = run
        .split("cycles ")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    cycles
        .and_then(|cycles| cycles.parse().ok())
        .unwrap_or_else(|| panic!("{name}: {run}"))
}

#[test]
fn scenarios_that_pages_name_have_their_cycles_there() {
    let all: String = pages()
        .iter()
        .map(|page| fs::read_to_string(page).unwrap())
        .collect();
    for name in ["bert-tiny-edge", "bert-base-server", "bert-tiny-train"] {
        let cycles = grouped(golden_cycles(name));
        assert!(
            !all.contains(name) || all.contains(&cycles),
            "{name} takes {cycles} cycles"
        );
    }
}

/// Cells of the table of `page` whose rows begin with `head`, for each row that `rows` has figures of.
fn hold_table(page: &str, rows: &[(&str, Vec<String>)]) {
    let path = root().join(page);
    let mut text = fs::read_to_string(&path).unwrap();
    for (head, cells) in rows {
        let start = format!("| {head} |");
        let line = text.lines().find(|line| line.starts_with(&start));
        let line = line
            .unwrap_or_else(|| panic!("{page} has no row {head}"))
            .to_owned();
        let expected = format!("{start} {} |", cells.join(" | "));
        if line != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
            text = text.replace(&line, &expected);
            fs::write(&path, &text).unwrap();
        } else {
            assert_eq!(line, expected, "{page}: UPDATE_EXPECT=1 writes the table anew");
        }
    }
}

#[test]
fn the_table_of_bert_tiny_is_that_of_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [
        ("as shipped: LPDDR3-1600, only the tokens' embedding rows", ""),
        (
            "`embedding: WholeTable`, as AccelTran does",
            "workload: (embedding: WholeTable)",
        ),
        ("on HBM2", "memory: Preset(\"hbm2\")"),
        ("on the ideal memory", "memory: Preset(\"ideal\")"),
    ];
    let rows = runs.map(|(head, change)| {
        let file = folder.path().join("run.ron");
        fs::write(&file, format!("(base: \"bert-tiny-edge\", {change})")).unwrap();
        let result = json(&["run", file.to_str().unwrap(), "--json"]);
        let cycles = |value: &Value| grouped(value.as_f64().unwrap().round() as u64);
        let cells = [
            &result["cycles"],
            &result["busy_cycles"],
            &result["stalls"]["memory"],
        ]
        .map(cycles);
        (head, cells.to_vec())
    });
    hold_table("docs/bert-tiny.md", &rows);
}

/// A minute in a build without optimisation, so this, too, is for release builds.
#[test]
fn the_table_of_wanted_sparsities_is_that_of_the_comparison() {
    let Some(elector) = release_build() else {
        return;
    };
    let output = Command::new(elector)
        .args(["compare", "dynaprop-sweep-values", "--json"])
        .output()
        .unwrap();
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let percent = |share: &Value| format!("{:.1}%", share.as_f64().unwrap_or(0.0) * 100.0);
    let wanted = ["0%", "20%", "40%", "60%", "80%", "90%"];
    let rows = wanted.map(|wanted| {
        let mut cells = result["cells"].as_array().unwrap().iter();
        let cell = cells.find(|cell| cell["candidate"] == wanted).unwrap();
        let run = &cell["result"];
        let per_second = run["batch"].as_f64().unwrap() / run["seconds"].as_f64().unwrap();
        let values = &run["values"];
        let cells = [
            percent(&values["pruned"]["activations"]["zero_share"]),
            grouped(per_second.round() as u64),
            format!("{:.1} uJ", run["energy_nj"]["total"].as_f64().unwrap() * 1e-3),
            percent(&values["pruning_error"]),
        ];
        (wanted, cells.to_vec())
    });
    hold_table("docs/sparsity.md", &rows);
}
