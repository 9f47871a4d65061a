//! Files made to hurt: as large as can be, nested without end, and things that are not files.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use scenarios::load::Disk;
use scenarios::schema::Scenario;
use scenarios::schema::limits::{MAX_FILE_BYTES, MAX_INCLUDE_DEPTH, MAX_MEMORY_BYTES};

/// `opening`, as many `pieces` as fit into a file, `closing`.
fn filled(opening: &str, piece: &str, closing: &str) -> String {
    let room = MAX_FILE_BYTES as usize - opening.len() - closing.len();
    [opening, &piece.repeat(room / piece.len()), closing].concat()
}

/// The most bytes that may be allocated in all for each byte of a file, freed ones included: work that grows faster than the file
/// allocates far more.
const ALLOCATED_PER_BYTE: u64 = 400;

#[test]
fn the_largest_files_are_refused_with_little_work_and_memory() {
    let head = "Convolution(kernel:5,dimension:0),";
    let scenarios = [
        filled("", "[", ""),
        filled("(name: ", "(", ""),
        filled("(name: ", "Some(", ""),
        filled("(name: \"", "x", ""),
        filled("(loop_order: \"", "x", "\")"),
        filled("(accelerator: (loop_order: \"", "x", "\"))"),
        filled("(base: \"", "../", "x.ron\")"),
        filled("(", "/*", ""),
        filled("(seed: ", "9", ")"),
        filled("(", "seed: 1, ", ")"),
        filled("", "\n", "x"),
        filled("", "\u{1f422}", ""),
        filled(
            "(workload:(transformer:Inline(layers:[(hidden:0,heads:[],feed_forward:[",
            "0,",
            "])])))",
        ),
        filled(
            "(workload:(transformer:Inline(layers:[(hidden:0,feed_forward:[],heads:[",
            head,
            "])])))",
        ),
        filled(
            "(workload:(transformer:Inline(layers:[",
            "(hidden:0,feed_forward:[],heads:[]),",
            "])))",
        ),
    ];
    let dictionaries = [
        filled("", "[", ""),
        filled(
            "{\"l\":1,\"o\":[[",
            "\"c_7_1\",",
            "\"c_7_1\"]],\"h\":[1],\"f\":[[1]]}",
        ),
        filled("{\"l\":1,\"o\":[[\"c_5_1\"]],\"h\":[1],\"f\":[[", "0,", "0]]}"),
        filled(
            "{\"l\":1,\"o\":[[\"c_5_1\"]],\"h\":[1],\"f\":[[1],",
            "[],",
            "[]]}",
        ),
        filled("{\"", "x", "\":1}"),
    ];
    let named = "(workload: (transformer: Dictionary(\"d.json\")))";
    let cases = scenarios.into_iter().map(|text| (text, String::new()));
    let cases = cases.chain(
        dictionaries
            .into_iter()
            .map(|dictionary| (named.to_owned(), dictionary)),
    );
    for (scenario, dictionary) in cases {
        let what = format!("{:.60} {:.60}", scenario, dictionary);
        let size = (scenario.len() + dictionary.len()) as u64;
        let files = BTreeMap::from([(PathBuf::from("d.json"), dictionary)]);
        let allocated = allocation_counter::measure(|| match Scenario::parse("s.ron", &scenario, files) {
            // The dictionary with too many lists is good, with a warning.
            Ok(loaded) => assert!(loaded.warnings().render().len() < 4096, "{what}"),
            Err(wrong) => assert!(wrong.render().len() < 64 << 10, "{what}"),
        });
        println!(
            "{} per byte, {} at most: {what}",
            allocated.bytes_total / size,
            allocated.bytes_max
        );
        assert!(
            allocated.bytes_total < ALLOCATED_PER_BYTE * size,
            "{what}: {} bytes allocated for {size}",
            allocated.bytes_total
        );
        assert!(
            allocated.bytes_max < MAX_MEMORY_BYTES,
            "{what}: {} bytes",
            allocated.bytes_max
        );
    }
}

#[test]
fn a_long_chain_of_files_is_refused() {
    let link = |index: usize| {
        (
            PathBuf::from(format!("{index}.ron")),
            format!("(base: \"{}.ron\")", index + 1),
        )
    };
    let files: BTreeMap<PathBuf, String> = (0..100).map(link).collect();
    let wrong = Scenario::load_with("0.ron", files)
        .expect_err("100 files are too many")
        .render();
    assert!(
        wrong.contains(&format!("[{}.ron:1:8]", MAX_INCLUDE_DEPTH - 1)),
        "{wrong}"
    );
}

fn refusal(path: &Path) -> String {
    Scenario::load(path).expect_err("this is not a scenario").render()
}

#[test]
fn what_is_no_file_of_text_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    fs::write(path("large.ron"), vec![b' '; MAX_FILE_BYTES as usize + 1]).expect("a file");
    fs::write(path("binary.ron"), b"(seed: 1, \xff\xfe\x00)").expect("a file");
    assert!(refusal(folder.path()).contains("it is a directory"));
    assert!(refusal(&path("large.ron")).contains("it is larger than 4 MiB"));
    let binary = refusal(&path("binary.ron"));
    assert!(
        binary.contains("binary.ron:1:11]") && binary.contains("not UTF-8"),
        "{binary}"
    );
    assert!(refusal(&path("missing.ron")).contains("there is no such file"));
    if cfg!(unix) {
        assert!(refusal(Path::new("/dev/zero")).contains("not a regular file"));
    }
}

#[test]
fn files_on_the_disk_are_found_from_any_directory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir(folder.path().join("models")).expect("a folder");
    fs::write(
        folder.path().join("models/d.json"),
        r#"{"l": 1, "o": [["c_5_8"]], "h": [8], "f": [[16]]}"#,
    )
    .expect("a file");
    fs::write(
        folder.path().join("s.ron"),
        r#"(workload: (transformer: Dictionary("models/d.json")))"#,
    )
    .expect("a file");
    let loaded = Scenario::load_with(folder.path().join("s.ron"), Disk).expect("a good scenario");
    assert_eq!(loaded.scenario().workload.transformer.layers[0].hidden, 8);
    assert_eq!(loaded.scenario().name, "s");
}
