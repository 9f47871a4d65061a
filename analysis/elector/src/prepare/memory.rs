//! From what the user names to a memory alone.

use std::path::Path;
use std::sync::Arc;

use analysis::result::memory::NamedMemory;
use components::memory::MemoryDescription;
use scenarios::Diagnostics;
use scenarios::diagnostics::{Problem, Source};
use scenarios::load::library::Shelf;
use scenarios::load::{Disk, Document};

use super::read_stdin;

/// Reads the memory description at `path` and checks it. `-` is standard input; if there is no such file, the name of
/// a shipped technology is accepted.
///
/// # Errors
/// Everything that is wrong with the description, each at its place; or there is no such memory.
pub fn prepare_memory(path: &Path) -> Result<NamedMemory, Diagnostics> {
    let document = document(path)?;
    Ok(NamedMemory {
        name: path.display().to_string(),
        plan: document.plan()?,
    })
}

/// The text of the shipped memory description with this name.
///
/// # Errors
/// There is no such memory.
pub fn shipped_memory_text(name: &str) -> Result<String, Diagnostics> {
    Ok(shipped(name)?.source().text().to_owned())
}

fn document(path: &Path) -> Result<Document<MemoryDescription>, Diagnostics> {
    if path == Path::new("-") {
        return Document::parse(Arc::new(Source::new("<stdin>", read_stdin()?)));
    }
    match path.to_str() {
        Some(name) if !path.is_file() && is_shipped(name) => shipped(name),
        Some(name) if !path.exists() && !name.ends_with(".ron") => {
            shipped(name).map_err(|unknown| with_the_ending(&unknown))
        }
        Some(name) if !path.exists() && is_shipped(without_ending(name)) => {
            let help = format!(
                "`{}` is shipped: name it without the ending",
                without_ending(name)
            );
            let problem = Problem::new(format!("cannot read {name}: there is no such file"));
            Err(problem.with_help(help).into())
        }
        _ => Document::load(path, &Disk),
    }
}

fn is_shipped(name: &str) -> bool {
    Shelf::Memories.names().any(|known| known == name)
}

fn without_ending(name: &str) -> &str {
    name.strip_suffix(".ron").unwrap_or(name)
}

fn shipped(name: &str) -> Result<Document<MemoryDescription>, Diagnostics> {
    if name == "ideal" {
        let message = "the memory `ideal` has no channels and no banks: its bandwidth has no limit, it answers at once, and \
                       it uses no energy";
        let help = "name one that has, such as `lpddr3-1600` or `hbm2`; `elector memory --list` shows all";
        return Err(Problem::new(message).with_help(help).into());
    }
    Document::shipped(Shelf::Memories, name)
}

/// The problems of an unknown name, with a hint how to name a file.
fn with_the_ending(unknown: &Diagnostics) -> Diagnostics {
    let problems = unknown.problems().iter().map(|problem| {
        let help = problem.help().unwrap_or_default();
        Problem::new(problem.message()).with_help(format!("{help}; a file is named with its ending, `.ron`"))
    });
    problems.collect()
}
