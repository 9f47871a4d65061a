//! The commands of the user's guide run, page by page, in the order in which they stand there.

use std::fs;
use std::path::Path;

use crate::process::{elector, err, out, root};

/// Runs a page's commands in a folder of its own, after writing the files that it shows: a block of RON under a line with the
/// file's name. How many commands there were.
fn follow(page: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let (mut commands, mut name) = (0, None);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let block = || -> Vec<&str> { lines.clone().take_while(|line| *line != "```").collect() };
        if let Some(file) = line.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")) {
            name = Some(file.to_owned());
        } else if line == "```ron" {
            if let Some(name) = name.take() {
                fs::write(folder.path().join(name), block().join("\n")).unwrap();
            }
        } else if line == "```console" {
            for command in block() {
                run(command, folder.path());
                commands += 1;
            }
        }
    }
    commands
}

fn run(command: &str, folder: &Path) {
    let words: Vec<&str> = command.split_whitespace().collect();
    let ["$", "elector", arguments @ ..] = words.as_slice() else {
        panic!("no command: {command}");
    };
    let output = elector(arguments, folder);
    assert!(output.status.success(), "{command}\n{}", err(&output));
}

#[test]
fn every_command_of_the_guide_runs() {
    let docs = root().join("docs");
    let mut commands = 0;
    for page in fs::read_dir(docs).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_some_and(|extension| extension == "md") {
            commands += follow(&fs::read_to_string(page).unwrap());
        }
    }
    assert!(commands >= 15, "{commands}");
}

/// Every page is in the table of contents, and everything there is a page.
#[test]
fn the_table_of_contents_is_complete() {
    let docs = root().join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let linked = contents
        .split("](")
        .skip(1)
        .map(|rest| rest.split(')').next().unwrap().to_owned());
    let mut linked: Vec<String> = linked.collect();
    linked.sort();
    let mut pages: Vec<String> = fs::read_dir(docs)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md") && name != "SUMMARY.md")
        .collect();
    pages.sort();
    assert_eq!(linked, pages);
}

/// The reference of fields is what `elector new` writes; `UPDATE_EXPECT=1` writes it again.
#[test]
fn the_reference_of_fields_is_that_of_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let new = |arguments: &[&str]| {
        let run = elector(&[&["new", "-"], arguments].concat(), folder.path());
        assert!(run.status.success(), "{}", err(&run));
        out(&run)
    };
    let page = format!(
        "# Every field\n\nThe template of a scenario, as `elector new` writes it: each field with its default, its unit and its meaning.\n\n\
         ```ron\n{}```\n\n## Memories\n\nA memory technology, as `elector new --memory ddr4-2400` writes it; \
         [Comparing memories](memory.md) says how to make one.\n\n```ron\n{}```\n",
        new(&[]),
        new(&["--memory", "ddr4-2400"]),
    );
    expect_test::expect_file!["../../../../docs/fields.md"].assert_eq(&page);
}
