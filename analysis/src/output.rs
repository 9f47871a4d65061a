//! Files that are written completely or not at all: under a temporary name next to the target, renamed when complete.

use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Error;

/// The folder of a file.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes a file completely or not at all.
///
/// # Errors
/// It cannot be written, or it exists already and `force` is not set.
pub fn write_whole(file: &Path, content: impl AsRef<[u8]>, force: bool) -> Result<(), Error> {
    let wrong = |error: io::Error| Error::Unwritable {
        file: file.to_owned(),
        source: error,
    };
    let mut temporary = NamedTempFile::new_in(folder_of(file)).map_err(wrong)?;
    temporary.write_all(content.as_ref()).map_err(wrong)?;
    put_in_place(temporary, file, force)
}

/// Gives a temporary file its name.
///
/// # Errors
/// As [`write_whole`].
pub fn put_in_place(temporary: NamedTempFile, file: &Path, force: bool) -> Result<(), Error> {
    let wrong = |error: io::Error| Error::Unwritable {
        file: file.to_owned(),
        source: error,
    };
    allow_reading(&temporary).map_err(wrong)?;
    let written = if force {
        temporary.persist(file)
    } else {
        temporary.persist_noclobber(file)
    };
    match written {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Error::Exists(file.to_owned()))
        }
        Err(error) => Err(wrong(error.error)),
    }
}

/// Temporary files are readable by their owner only; the final file should be readable by everyone.
fn allow_reading(file: &NamedTempFile) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        file.as_file()
            .set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    let _ = file;
    Ok(())
}
