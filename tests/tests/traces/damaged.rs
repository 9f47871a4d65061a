//! Perfetto traces that are cut off or changed are refused with a reason or read as far as they go; nothing panics.

use std::fs;
use std::path::Path;

use sim_core::Engine;
use tests::traced::{entries, run_traced, whole};
use tests::{plan, shipped_small};
use traces::Entry;
use traces::read::TraceReader;

/// All that can be read of a file, and why it is not more.
fn read(file: &Path) -> (Vec<Entry<'static>>, Option<String>) {
    let mut seen = Vec::new();
    let mut reader = match TraceReader::open(file) {
        Ok(reader) => reader,
        Err(error) => return (seen, Some(error.to_string())),
    };
    loop {
        match reader.next_entry() {
            Ok(Some(entry)) => seen.push(entry.into_owned()),
            Ok(None) => return (seen, None),
            Err(error) => return (seen, Some(error.to_string())),
        }
    }
}

/// A whole trace as bytes, and its records.
fn trace(file: &Path) -> (Vec<u8>, Vec<Entry<'static>>) {
    let plan = plan(&shipped_small("tiny-trace"));
    let _ = run_traced(&plan, Engine::Wheel, &whole(file.to_owned()));
    (fs::read(file).unwrap(), entries(file).1)
}

/// An error names the file, where it is damaged, and what to do.
fn is_clear(error: &str) -> bool {
    let told = [
        "cannot read ",
        "run.pftrace: ",
        "at byte ",
        "elector run ... --trace",
    ];
    told.iter().all(|part| error.contains(part))
}

#[test]
fn a_trace_that_is_cut_off_is_read_up_to_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pftrace");
    let (bytes, all) = trace(&file);
    let mut refused = 0;
    // A stride that is not a multiple of any packet's length.
    for end in (1..bytes.len()).step_by(bytes.len() / 293 + 1) {
        fs::write(&file, &bytes[..end]).unwrap();
        let (seen, error) = read(&file);
        assert!(all.starts_with(&seen), "cut off at {end}");
        if let Some(error) = error {
            assert!(is_clear(&error), "{error}");
            refused += 1;
        }
    }
    // Between two packets nothing shows that there were more.
    assert!(refused > 250, "{refused}");
}

#[test]
fn changed_bytes_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pftrace");
    let (bytes, _) = trace(&file);
    let mut refused = 0;
    for place in (0..bytes.len()).step_by(bytes.len() / 400 + 1) {
        for mask in [0x01, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[place] ^= mask;
            fs::write(&file, &changed).unwrap();
            if let (_, Some(error)) = read(&file) {
                assert!(is_clear(&error), "{place} {mask}: {error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn lengths_and_numbers_that_no_trace_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pftrace");
    let (bytes, all) = trace(&file);
    for (tail, said) in [
        // A packet of 2 to the power of 62 bytes, and one whose length has no end.
        (
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f][..],
            "longer than any",
        ),
        (&[0x0a, 0xff], "ends within a packet"),
        // Not a packet.
        (&[0x12, 0x00], "no packet begins"),
        // The root once more: two traces, one behind the other.
        (&bytes, "out of turn"),
        // A beginning without an end, an end without a beginning, an event of no type.
        (&[0x0a, 6, 0x5a, 4, 0x48, 1, 0x58, 2], "a span has no end"),
        (&[0x0a, 6, 0x5a, 4, 0x48, 2, 0x58, 2], "neither span nor instant"),
        (&[0x0a, 4, 0x5a, 2, 0x58, 2], "neither span nor instant"),
        // An instant on a track that is not there.
        (&[0x0a, 7, 0x5a, 5, 0x48, 3, 0x58, 0xff, 0x7f], "no known track"),
        // A message that is longer than what it is in.
        (&[0x0a, 2, 0x5a, 9], "cut off"),
    ] {
        fs::write(&file, [&bytes, tail].concat()).unwrap();
        let (seen, error) = read(&file);
        let error = error.unwrap();
        assert!(is_clear(&error) && error.contains(said), "{error}");
        assert_eq!(seen.len(), all.len());
    }
}
