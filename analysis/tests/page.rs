//! `--report`: pages that read without a network, in any browser.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use process::{elector, err, out};

/// The attribute `name` of every element that has it.
fn attributes<'a>(page: &'a str, name: &str) -> Vec<&'a str> {
    let pattern = format!(" {name}=\"");
    let after = page.split(pattern.as_str()).skip(1);
    after.map(|rest| rest.split('"').next().unwrap()).collect()
}

/// Made whole, asks for nothing, and says in words what it draws.
fn assert_stands_alone(page: &str) {
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>"));
    for asks in ["http:", "https:", "<script", "@import", "url(", " src="] {
        assert!(!page.contains(asks), "the page has {asks}");
    }
    assert_eq!(attributes(page, "href"), ["data:,"]);
    let plots = page.matches("<svg").count();
    assert_eq!(page.matches("role=\"img\" aria-label=\"").count(), plots);
    assert_eq!(page.matches("<desc>").count(), plots);
    assert!(!page.contains("NaN") && !page.contains("inf"), "a number is none");
    for points in attributes(page, "points") {
        assert!(points.split(' ').count() > 1, "a line of one point: {points}");
    }
}

#[test]
fn a_run_has_its_plots() {
    let folder = tempfile::tempdir().unwrap();
    for (scenario, plots) in [("tiny-trace", 9), ("bert-tiny-train", 9), ("contention", 9)] {
        let name = format!("{scenario}.html");
        let run = elector(&["run", scenario, "--report", &name], folder.path());
        assert!(run.status.success(), "{}", err(&run));
        let page = fs::read_to_string(folder.path().join(&name)).unwrap();
        assert_stands_alone(&page);
        assert_eq!(page.matches("<svg").count(), plots, "{scenario}");
        for part in [
            "Roofline",
            "Stalls by cause",
            "What decided the latency",
            "Activity of the PEs",
            "Latencies",
            "The scenario",
        ] {
            assert!(page.contains(part), "{scenario} has no {part}");
        }
        assert_eq!(page.contains("Phases of the step"), scenario == "bert-tiny-train");
    }
}

#[test]
fn a_page_that_is_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.html"), "mine").unwrap();
    let run = elector(&["run", "tiny-trace", "--report", "mine.html"], folder.path());
    assert_eq!(run.status.code(), Some(2));
    assert!(err(&run).contains("--force"), "{}", err(&run));
    assert_eq!(
        fs::read_to_string(folder.path().join("mine.html")).unwrap(),
        "mine"
    );
    let forced = elector(
        &["run", "tiny-trace", "--report", "mine.html", "--force"],
        folder.path(),
    );
    assert!(forced.status.success());
    let missing = elector(
        &["run", "tiny-trace", "--report", "no/such/folder.html"],
        folder.path(),
    );
    assert_eq!(missing.status.code(), Some(2), "{}", err(&missing));
}

#[test]
fn a_trace_and_a_page_come_from_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = elector(
        &[
            "run",
            "tiny-trace",
            "--json",
            "--report",
            "run.html",
            "--trace",
            "run.jsonl",
        ],
        folder.path(),
    );
    let plain = elector(&["run", "tiny-trace", "--json"], folder.path());
    let digest = |text: &str| text.split("trace_digest").nth(1).unwrap()[..24].to_owned();
    assert_eq!(digest(&out(&run)), digest(&out(&plain)));
    assert!(folder.path().join("run.html").exists() && folder.path().join("run.jsonl").exists());
}

#[test]
fn a_comparison_has_all_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let compared = elector(&["compare", "contention", "--report", "side.html"], folder.path());
    assert!(compared.status.success(), "{}", err(&compared));
    let page = fs::read_to_string(folder.path().join("side.html")).unwrap();
    assert_stands_alone(&page);
    for name in ["lpddr3-1600", "hbm2", "rram-m3d", "contended"] {
        assert!(page.contains(name), "{name}");
    }
    assert_eq!(page.matches("<circle").count(), 8);
}

/// A browser, if there is one.
fn browser() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders = std::env::split_paths(&std::env::var_os("PATH")?).collect::<Vec<_>>();
    let all = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    all.into_iter().find(|file| file.is_file())
}

/// Opens `page` without a display: what the browser complains of, and the screenshot.
fn opened(browser: &Path, page: &Path, folder: &Path) -> (String, Vec<u8>) {
    let picture = folder.join("page.png");
    let run = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        .args(["--window-size=900,1600", "--enable-logging=stderr"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("--screenshot={}", picture.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    (said, fs::read(picture).unwrap_or_default())
}

/// Only where Chromium is installed; elsewhere it says that it was not looked at.
#[test]
fn a_browser_shows_the_page_without_complaint() {
    let Some(browser) = browser() else {
        println!("no Chromium here: the page was not opened");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let run = elector(&["run", "bert-tiny-edge", "--report", "run.html"], folder.path());
    assert!(run.status.success(), "{}", err(&run));
    fs::write(
        folder.path().join("blank.html"),
        "<!DOCTYPE html><title>blank</title>",
    )
    .unwrap();
    let (said, picture) = opened(&browser, &folder.path().join("run.html"), folder.path());
    assert!(!said.contains("CONSOLE"), "{said}");
    let (_, blank) = opened(&browser, &folder.path().join("blank.html"), folder.path());
    // A picture of nothing compresses to nearly nothing.
    assert!(
        !blank.is_empty() && picture.len() > 10 * blank.len(),
        "{} bytes",
        picture.len()
    );
}
