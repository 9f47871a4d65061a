//! `--report`: pages that read without a network, in any browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{elector, err, out};

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
    let plots = page.matches("<svg class=\"plot").count();
    // The other drawings repeat a line beside its name.
    assert_eq!(
        page.matches("<svg class=\"key\"").count(),
        page.matches("<svg").count() - plots
    );
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
        assert_eq!(page.matches("<svg class=\"plot").count(), plots, "{scenario}");
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
    let digest = |text: &str| text.split("trace_digest").nth(1).unwrap()[..19].to_owned();
    assert_eq!(digest(&out(&run)), digest(&out(&plain)));
    // The path that the trace follows is that of the page.
    let page = fs::read_to_string(folder.path().join("run.html")).unwrap();
    let trace = fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
    assert!(page.contains("What decided the latency"));
    assert!(trace.contains(r#""track":"critical_path""#));
}

/// The lines of all plots of a measure: their names, and how many different heights each has.
fn lines_of<'a>(page: &'a str, measure: &str) -> Vec<(&'a str, usize)> {
    // A bar chart before the plots may have the same heading.
    let start = page.rfind(&format!("<h3>{measure}</h3>")).unwrap();
    let figure = &page[start..start + page[start..].find("</figure>").unwrap()];
    let (mut lines, mut name) = (Vec::new(), "");
    for element in figure.split('<') {
        if let Some(title) = element.strip_prefix("title>") {
            name = title;
        }
        if element.starts_with("polyline") && !element.contains("faint") {
            let points = attributes(element, "points")[0].split(' ');
            let heights: std::collections::BTreeSet<&str> =
                points.map(|point| point.split_once(',').unwrap().1).collect();
            lines.push((name, heights.len()));
        }
    }
    lines
}

const MEASURES: [&str; 4] = [
    "MAC lanes at work",
    "Bandwidth of main memory",
    "Fill of the activation buffer",
    "Power",
];

#[test]
fn a_comparison_has_all_its_runs() {
    let folder = tempfile::tempdir().unwrap();
    let compared = elector(&["compare", "contention", "--report", "side.html"], folder.path());
    assert!(compared.status.success(), "{}", err(&compared));
    let page = fs::read_to_string(folder.path().join("side.html")).unwrap();
    assert_stands_alone(&page);
    for name in [
        "lpddr3-1600",
        "hbm2",
        "rram-m3d",
        "contended",
        "What decided the latency",
    ] {
        assert!(page.contains(name), "{name}");
    }
    assert_eq!(page.matches("<circle").count(), 8);
    for measure in MEASURES {
        let lines = lines_of(&page, measure);
        assert_eq!(lines.len(), 8, "{measure}");
        for memory in ["lpddr3-1600", "ddr4-2400", "hbm2", "rram-m3d"] {
            for state in ["alone", "contended"] {
                let name = format!("{memory}, {state}");
                let line = lines.iter().find(|(line, _)| *line == name);
                assert!(
                    line.is_some_and(|(_, heights)| *heights > 5),
                    "{measure} of {name}: {line:?}"
                );
            }
        }
    }
}

/// Few runs share a plot, many have one each.
#[test]
fn candidates_are_plotted_over_time() {
    let folder = tempfile::tempdir().unwrap();
    let candidate = |number: u32| {
        let density = 1.0 - f64::from(number) * 0.1;
        format!("(name: \"candidate {number}\", changes: (sparsity: (activation_density: {density:.2})))")
    };
    for candidates in [3, 8] {
        let all: Vec<String> = (0..candidates).map(candidate).collect();
        let scenario = format!(
            "(base: \"bert-tiny-edge\", name: \"sweep\", compare: (candidates: [{}]))",
            all.join(", ")
        );
        fs::write(folder.path().join("sweep.ron"), scenario).unwrap();
        let arguments = [
            "compare",
            "sweep.ron",
            "--jobs",
            "2",
            "--force",
            "--report",
            "sweep.html",
        ];
        let compared = elector(&arguments, folder.path());
        assert!(compared.status.success(), "{}", err(&compared));
        let page = fs::read_to_string(folder.path().join("sweep.html")).unwrap();
        assert_stands_alone(&page);
        assert_eq!(page.contains("class=\"multiples\""), candidates > 6);
        for measure in MEASURES {
            let lines = lines_of(&page, measure);
            assert_eq!(lines.len(), candidates as usize, "{measure}");
            assert!(
                lines.iter().all(|(_, heights)| *heights > 5),
                "{measure}: {lines:?}"
            );
        }
        for number in 0..candidates {
            assert!(page.contains(&format!("candidate {number}")), "{number}");
        }
        let alone = elector(&["compare", "sweep.ron", "--json"], folder.path());
        let recorded = elector(
            &[
                "compare",
                "sweep.ron",
                "--json",
                "--force",
                "--report",
                "sweep.html",
            ],
            folder.path(),
        );
        let digests = |text: &str| -> Vec<String> {
            let after = text.split("trace_digest").skip(1);
            after.map(|rest| rest[..19].to_owned()).collect()
        };
        assert_eq!(digests(&out(&alone)), digests(&out(&recorded)));
    }
}

/// Memory without limits has no data bus: it is left out rather than shown as idle.
#[test]
fn what_cannot_be_told_has_no_line() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = [
        "compare",
        "tiny-trace",
        "--memory",
        "ideal,hbm2",
        "--report",
        "ideal.html",
    ];
    let compared = elector(&arguments, folder.path());
    assert!(compared.status.success(), "{}", err(&compared));
    let page = fs::read_to_string(folder.path().join("ideal.html")).unwrap();
    assert_stands_alone(&page);
    assert_eq!(lines_of(&page, "Bandwidth of main memory").len(), 1);
    assert_eq!(lines_of(&page, "Power").len(), 2);
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
