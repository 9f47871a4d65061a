//! What `elector compare` sets side by side.

use super::Reference;
use super::rule::each;
use super::section::section;

section! {
    /// What a scenario is compared over. It changes nothing of the scenario itself.
    Compare, CompareFile {
        /// The main memories, each `Preset("name")` or `File("file.ron")`. Default: none, the scenario's own.
        memories: Vec<Reference> => each(64),
    }
}
