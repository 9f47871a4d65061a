//! Files of what was found: each written by one process, a line at a time.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::StoreError;
use super::outcome::Outcome;

/// The file of one process. It is made with its first line.
#[derive(Debug)]
pub struct ShardWriter {
    folder: PathBuf,
    open: Option<(PathBuf, File)>,
}

impl ShardWriter {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, open: None }
    }

    /// Appends a line, whole, and waits until the disk has it.
    ///
    /// # Errors
    /// It cannot be written, as when the disk is full.
    pub fn append(&mut self, outcome: &Outcome) -> Result<(), StoreError> {
        let (path, file) = match &mut self.open {
            Some(open) => open,
            none => none.insert(create(&self.folder)?),
        };
        let mut line =
            serde_json::to_vec(outcome).map_err(|error| StoreError::unwritable(path, error.into()))?;
        line.push(b'\n');
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        written.map_err(|error| StoreError::unwritable(path, error))
    }
}

/// A new file that no other process has: host, process, time, and a number if even that is taken.
fn create(folder: &Path) -> Result<(PathBuf, File), StoreError> {
    let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let name = format!("{}-{}-{}", host(), std::process::id(), began.as_nanos());
    for nonce in 0_u32.. {
        let path = folder.join(format!("{name}-{nonce}.jsonl"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::unwritable(&path, error)),
        }
    }
    Err(StoreError::unwritable(
        folder,
        io::ErrorKind::AlreadyExists.into(),
    ))
}

/// The name of this host, as far as a file's name can hold it.
pub(crate) fn host() -> String {
    let stated = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let stated = stated
        .or_else(|| std::env::var("HOSTNAME").ok())
        .unwrap_or_default();
    let known = |char: &char| char.is_ascii_alphanumeric() || "-_.".contains(*char);
    let name: String = stated.trim().chars().filter(known).take(64).collect();
    if name.is_empty() { "host".to_owned() } else { name }
}

/// All lines of all files, by id. A last line that is torn is left out; a design that was evaluated twice has to have the same
/// figures.
pub(super) fn read_all(folder: &Path) -> Result<BTreeMap<String, Outcome>, StoreError> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(|error| StoreError::unreadable(folder, &error))?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    let mut found: BTreeMap<String, Outcome> = BTreeMap::new();
    for file in files {
        let bytes = fs::read(&file).map_err(|error| StoreError::unreadable(&file, &error))?;
        for line in whole_lines(&bytes) {
            // A process that was killed leaves a line that does not parse, and the next one begins a file of its own.
            let Ok(outcome) = serde_json::from_slice::<Outcome>(line) else {
                continue;
            };
            match found.get(&outcome.id) {
                Some(known) if known.found != outcome.found => {
                    return Err(StoreError::Differs { id: outcome.id, file });
                }
                Some(_) => {}
                None => drop(found.insert(outcome.id.clone(), outcome)),
            }
        }
    }
    Ok(found)
}

/// The lines that end.
fn whole_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = bytes
        .iter()
        .rposition(|&byte| byte == b'\n')
        .map_or(0, |last| last + 1);
    bytes[..end]
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
}
