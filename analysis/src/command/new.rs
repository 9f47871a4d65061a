//! `elector new`: a scenario to start from.

use std::io::{Write as _, stderr};
use std::path::{Path, PathBuf};

use clap::Args;
use scenarios::load::library::TEMPLATE;
use tempfile::NamedTempFile;

use crate::Failure;

/// Write a commented scenario, every field with its default.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  elector new\n  elector new mine.ron && elector run mine.ron")]
pub struct New {
    /// The file to write.
    #[arg(default_value = "scenario.ron")]
    pub file: PathBuf,
    /// Overwrite a file that is there already.
    #[arg(long)]
    pub force: bool,
}

impl New {
    pub(super) fn execute(&self, quiet: bool) -> Result<(), Failure> {
        let file = if self.file == Path::new("-") {
            Path::new("scenario.ron")
        } else {
            &self.file
        };
        write_whole(file, TEMPLATE, self.force)?;
        if !quiet {
            writeln!(
                stderr().lock(),
                "wrote {0}; next: elector run {0}",
                file.display()
            )?;
        }
        Ok(())
    }
}

/// Writes a file whole or not at all.
pub(super) fn write_whole(file: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let wrong = |error: std::io::Error| Failure::Usage(format!("cannot write {}: {error}", file.display()));
    let mut temporary = NamedTempFile::new_in(folder).map_err(wrong)?;
    temporary.write_all(text.as_bytes()).map_err(wrong)?;
    allow_reading(&temporary).map_err(wrong)?;
    let written = if force {
        temporary.persist(file)
    } else {
        temporary.persist_noclobber(file)
    };
    match written {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(Failure::Usage(
            format!("{} is there already; --force overwrites it", file.display()),
        )),
        Err(error) => Err(wrong(error.error)),
    }
}

/// Temporary files are their owner's alone; what becomes of this one is for everyone to read.
fn allow_reading(file: &NamedTempFile) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
