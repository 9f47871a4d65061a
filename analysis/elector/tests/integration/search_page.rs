//! The page of a study, and its rows as files for other programs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;

use crate::process::{elector, err, out, parsed};

/// Axes over a small machine: a row takes milliseconds.
const STUDY: &str = r#"(
    seed: 1, budget: 16, strategy: Random, simulate: 1,
    base: "bert-tiny-edge",
    space: (axes: [
        (path: "accelerator.clock_mhz", values: [500, 700]),
        (path: "accelerator.buffers.weight_mb", from: 2, to: 64, times: 2),
        (path: "memory", values: ["hbm2", "lpddr3-1600"]),
    ]),
    objective: Front([
        (metric: "latency_s", best: 3e-6, worst: 4e-3, log: true),
        (metric: "energy_j", best: 5e-4, worst: 0.5, log: true),
        (metric: "area_mm2", best: 30.0, worst: 24000.0, log: true),
    ]),
)"#;

/// A study that was carried out in the folder `out` of another.
struct Carried {
    at: tempfile::TempDir,
}

impl Carried {
    fn out(study: &str) -> Self {
        let at = tempfile::tempdir().unwrap();
        fs::write(at.path().join("study.ron"), study).unwrap();
        let carried = Self { at };
        carried.printed(&["run", "study.ron", "--dir", "out"]);
        carried
    }

    fn path(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    fn printed(&self, arguments: &[&str]) -> String {
        let output = elector(&[&["search"], arguments].concat(), self.at.path());
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        out(&output)
    }

    fn front(&self) -> Vec<Value> {
        let output = elector(&["search", "front", "out", "--json"], self.at.path());
        parsed(&output)["front"].as_array().unwrap().clone()
    }
}

/// The data that the page's script draws.
fn data(page: &str) -> Value {
    let (_, after) = page
        .split_once("<script type=\"application/json\" id=\"data\">")
        .unwrap();
    serde_json::from_str(after.split("</script>").next().unwrap()).unwrap()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap()
}

#[test]
fn the_page_has_all_designs_and_asks_for_nothing() {
    let study = Carried::out(STUDY);
    let page = read(&study.path("out/page.html"));
    for asks in ["http", "@import", "url(", " src="] {
        assert!(!page.contains(asks), "the page has {asks}");
    }
    let (drawn, _) = page.split_once("<script").unwrap();
    assert!(!drawn.contains("NaN"), "a number is none");
    let front = study.front();
    assert!(!front.is_empty());
    for row in &front {
        let id = row["id"].as_str().unwrap();
        assert!(page.contains(&format!("<tr data-id=\"{id}\">")), "{id}");
        let (again, how) = match row["simulated"]["id"].as_str() {
            Some(simulated) => (simulated, "run"),
            None => (id, "estimate"),
        };
        assert!(
            page.contains(&format!("{again} --scenario | elector {how} -")),
            "{id}"
        );
    }
    let data = data(&page);
    let points = data["points"].as_array().unwrap();
    assert_eq!(points.len(), 16);
    assert_eq!(data["canvas"], false);
    let on_front = points.iter().filter(|point| point["front"] == true).count();
    assert_eq!(on_front, front.len());
    let names: Vec<&str> = (data["axes"].as_array().unwrap().iter())
        .map(|axis| axis["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "accelerator.buffers.weight_mb",
            "accelerator.clock_mhz",
            "memory",
            "latency",
            "energy",
            "area"
        ]
    );
    assert_eq!(page.matches("class=\"cloud\"").count(), 3, "a plot for each pair");
    assert!(
        page.contains("16 designs are evaluated; 24 are needed"),
        "why nothing matters yet"
    );
}

#[test]
fn the_page_is_the_same_whoever_makes_it() {
    let (one, two) = (Carried::out(STUDY), Carried::out(STUDY));
    let page = read(&one.path("out/page.html"));
    assert!(page == read(&two.path("out/page.html")));
    one.printed(&["front", "out", "--html", "again.html"]);
    assert!(page == read(&one.path("again.html")));
    let exists = elector(&["search", "front", "out", "--html", "again.html"], one.at.path());
    assert!(
        !exists.status.success() && err(&exists).contains("--force"),
        "{}",
        err(&exists)
    );
}

#[test]
fn what_matters_is_told_of_enough_designs() {
    let all = STUDY
        .replace("budget: 16", "budget: 24")
        .replace("Random", "Grid");
    let page = read(&Carried::out(&all).path("out/page.html"));
    assert!(page.contains("of its logarithm, over 24 designs"));
    let (_, after) = page.split_once("What latency depends on").unwrap();
    let first = after.split("<th scope=\"row\">").nth(1).unwrap();
    assert!(
        first.starts_with("accelerator.clock_mhz") || first.starts_with("memory"),
        "{first:.60}"
    );
}

#[test]
fn rows_come_as_csv_and_parquet() {
    let study = Carried::out(STUDY);
    let front = study.printed(&["front", "out", "--csv"]);
    let ids: Vec<String> = (study.front().iter())
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    let of_csv: Vec<&str> = front
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap())
        .collect();
    assert_eq!(of_csv, ids);
    let all = study.printed(&["front", "out", "--csv", "--all"]);
    let rows = study.printed(&["rows", "out"]).lines().count();
    assert_eq!(all.lines().count(), 1 + rows);
    let names = all.lines().next().unwrap();
    for name in [
        "state",
        "fidelity",
        "latency_s",
        "accelerator.clock_mhz",
        "memory",
        "reason",
        "field",
        "host",
    ] {
        assert!(
            names.split(',').any(|known| known == name),
            "{names} has no {name}"
        );
    }
    for (more, expected) in [(&[][..], ids.len()), (&["--all"], rows)] {
        let file = format!("rows{}.parquet", more.len());
        study.printed(&[&["front", "out", "--parquet", &file], more].concat());
        let reader = SerializedFileReader::new(File::open(study.path(&file)).unwrap()).unwrap();
        let counted = reader.metadata().file_metadata().num_rows();
        assert_eq!(counted, i64::try_from(expected).unwrap());
        let read: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        assert_eq!(read.len(), expected);
        assert!(read[0].to_string().contains("latency_s"), "{}", read[0]);
    }
}
