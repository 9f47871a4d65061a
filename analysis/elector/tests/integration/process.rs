//! The command as a process: what it prints, and how it exits.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders
        .find(|folder| folder.join("Cargo.lock").exists())
        .unwrap()
        .to_owned()
}

/// Runs the command in `folder`.
pub(crate) fn elector(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_elector"));
    command.args(arguments).current_dir(folder).output().unwrap()
}

/// Runs the command where the tests run.
pub(crate) fn here(arguments: &[&str]) -> Output {
    elector(arguments, Path::new("."))
}

/// Runs the command with `input` on standard input.
pub(crate) fn fed(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_elector"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// What it printed on standard output.
pub(crate) fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What it printed on standard error.
pub(crate) fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// What it printed as JSON; it has to succeed.
pub(crate) fn parsed(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", err(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the command prints as JSON.
pub(crate) fn json(arguments: &[&str]) -> Value {
    parsed(&here(arguments))
}
