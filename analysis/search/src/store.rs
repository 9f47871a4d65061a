//! A study's folder: what was proposed, and what was found.
//!
//! - `search.ron`: the study with all that it names.
//! - `batches/N.json`: what was proposed, written once, by temporary name and link. It is the truth: resuming reads it and never
//!   computes it again.
//! - `shards/WORKER.jsonl`: what was found, a line each; every process has a file of its own, so that nothing needs a lock.
//! - `done`: there is nothing left to do.
//!
//! Processes may be killed at any moment, and several may work in one folder, also over a network: a line that is torn is no line,
//! and a design that two of them evaluated has the same figures twice.

mod batch;
mod error;
mod outcome;
mod row;
mod shards;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub use batch::{Batch, Fidelity, Member, StoredDesign};
pub use error::StoreError;
pub use outcome::{Found, Outcome, State};
pub use row::Row;
pub use shards::ShardWriter;
pub(crate) use shards::host;

use crate::study::{Frozen, Study};

/// A study's folder.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The folder at `path`, which need not be there.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { folder: path.into() }
    }

    /// Its path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a study was laid out in it.
    #[must_use]
    pub fn is_laid_out(&self) -> bool {
        self.study_file().exists()
    }

    /// Lays the folder out for a study, or raises the budget of the study that is there.
    ///
    /// # Errors
    /// It holds another study, or cannot be written.
    pub fn lay_out(&self, frozen: &Frozen) -> Result<(), StoreError> {
        if self.is_laid_out() {
            let known = self.frozen()?;
            let differences = known.differences(frozen);
            if !differences.is_empty() {
                return Err(StoreError::OtherStudy {
                    folder: self.folder.clone(),
                    differences: differences.join("; "),
                });
            }
            let grows =
                (known.study.budget, known.study.simulate) != (frozen.study.budget, frozen.study.simulate);
            if !grows {
                return Ok(());
            }
            // What was laid out stays, but for the two numbers.
            let mut raised = known;
            raised.study.budget = frozen.study.budget;
            raised.study.simulate = frozen.study.simulate;
            self.forget_done()?;
            return self.replace(&self.study_file(), raised.to_ron().as_bytes());
        }
        for folder in [self.batches_folder(), self.shards_folder()] {
            fs::create_dir_all(&folder).map_err(|error| StoreError::unwritable(&folder, error))?;
        }
        self.replace(&self.study_file(), frozen.to_ron().as_bytes())
    }

    /// The study of the folder.
    ///
    /// # Errors
    /// No study was laid out, or the file is damaged.
    pub fn open(&self) -> Result<Study, StoreError> {
        Ok(self.frozen()?.study()?)
    }

    fn frozen(&self) -> Result<Frozen, StoreError> {
        let file = self.study_file();
        let text = fs::read_to_string(&file).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::NoStudy(self.folder.clone()),
            _ => StoreError::unreadable(&file, &error),
        })?;
        ron::from_str(&text).map_err(|error| StoreError::unreadable(&file, &error))
    }

    /// All batches, in order.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn batches(&self) -> Result<Vec<Batch>, StoreError> {
        let mut batches = Vec::new();
        loop {
            let file = self.batch_file(batches.len());
            let text = match fs::read_to_string(&file) {
                Ok(text) => text,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(batches),
                Err(error) => return Err(StoreError::unreadable(&file, &error)),
            };
            batches.push(serde_json::from_str(&text).map_err(|error| StoreError::unreadable(&file, &error))?);
        }
    }

    /// Writes the next batch, unless another process was faster; then that one's stands.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_batch(&self, batch: &Batch) -> Result<(), StoreError> {
        let file = self.batch_file(batch.number as usize);
        let wrong = |error| StoreError::unwritable(&file, error);
        let text = serde_json::to_string_pretty(batch).map_err(|error| wrong(error.into()))? + "\n";
        let mut temporary = NamedTempFile::new_in(self.batches_folder()).map_err(wrong)?;
        temporary.write_all(text.as_bytes()).map_err(wrong)?;
        temporary.as_file().sync_all().map_err(wrong)?;
        match temporary.persist_noclobber(&file) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(wrong(error.error)),
        }
    }

    /// What was found so far, by id.
    ///
    /// # Errors
    /// A shard cannot be read, or two figures of one design differ.
    pub fn outcomes(&self) -> Result<BTreeMap<String, Outcome>, StoreError> {
        shards::read_all(&self.shards_folder())
    }

    /// A file of this process for what it finds.
    #[must_use]
    pub fn shard(&self) -> ShardWriter {
        ShardWriter::new(self.shards_folder())
    }

    /// Notes that there is nothing left to do.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_done(&self) -> Result<(), StoreError> {
        let file = self.folder.join("done");
        match file.exists() {
            true => Ok(()),
            false => self.replace(&file, b""),
        }
    }

    /// Whether it was noted that there is nothing left to do.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.folder.join("done").exists()
    }

    fn forget_done(&self) -> Result<(), StoreError> {
        let file = self.folder.join("done");
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::unwritable(&file, error))
            }
            _ => Ok(()),
        }
    }

    /// Writes a file of the folder whole, in place of what is there.
    fn replace(&self, file: &Path, content: &[u8]) -> Result<(), StoreError> {
        analysis::output::write_whole(file, content, true)
            .map_err(|error| StoreError::unwritable(file, io::Error::other(error)))
    }

    fn study_file(&self) -> PathBuf {
        self.folder.join("search.ron")
    }

    fn batches_folder(&self) -> PathBuf {
        self.folder.join("batches")
    }

    fn shards_folder(&self) -> PathBuf {
        self.folder.join("shards")
    }

    fn batch_file(&self, number: usize) -> PathBuf {
        self.batches_folder().join(format!("{number:06}.json"))
    }
}
