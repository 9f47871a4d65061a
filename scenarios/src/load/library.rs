//! The files that are shipped, in the binary itself.

/// Path under `scenarios/library`, and text.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/library.rs"));

/// The scenario that `elector new` writes: every field with its default, unit and meaning.
pub const TEMPLATE: &str = include_str!("../../library/template.ron");

/// The folders of the shipped library, by kind of file: the one list of what is shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// Whole scenarios.
    Scenarios,
    /// Accelerators, for `preset`.
    Accelerators,
    /// Memory technologies.
    Memories,
    /// Cost tables.
    Costs,
    /// FlexiBERT model dictionaries.
    Models,
    /// DynaProp's curves of threshold and sparsity.
    Curves,
    /// Studies: searches over designs.
    Studies,
}

impl Shelf {
    /// The names of the shipped files of this kind, sorted.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let (folder, extension) = self.layout();
        FILES.iter().filter_map(move |(path, _)| {
            let name = path.strip_prefix(folder)?.strip_suffix(extension)?;
            let scenario = self == Self::Scenarios;
            (!scenario || !name.contains('/') && name != "template").then_some(name)
        })
    }

    /// Whether a file of this kind and name is shipped.
    #[must_use]
    pub fn holds(self, name: &str) -> bool {
        self.names().any(|known| known == name)
    }

    /// The path of a shipped file under the library's root.
    pub(crate) fn path(self, name: &str) -> String {
        let (folder, extension) = self.layout();
        format!("{folder}{name}{extension}")
    }

    /// What messages call a file of this kind.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Scenarios => "scenario",
            Self::Accelerators => "accelerator",
            Self::Memories => "memory",
            Self::Costs => "cost table",
            Self::Models => "transformer",
            Self::Curves => "set of curves",
            Self::Studies => "study",
        }
    }

    fn layout(self) -> (&'static str, &'static str) {
        match self {
            Self::Scenarios => ("", ".ron"),
            Self::Accelerators => ("accelerators/", ".ron"),
            Self::Memories => ("memory/", ".ron"),
            Self::Costs => ("costs/", ".ron"),
            Self::Models => ("models/", ".json"),
            Self::Curves => ("curves/", ".ron"),
            Self::Studies => ("studies/", ".ron"),
        }
    }
}

/// The text of a shipped file by its path under the library's root.
#[must_use]
pub fn text(path: &str) -> Option<&'static str> {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_lists_its_own_files() {
        let scenarios: Vec<_> = Shelf::Scenarios.names().collect();
        assert!(
            scenarios.contains(&"bert-tiny-edge") && !scenarios.contains(&"template"),
            "{scenarios:?}"
        );
        assert!(Shelf::Models.names().any(|name| name == "bert-base"));
        assert!(
            Shelf::Accelerators
                .names()
                .all(|name| text(&Shelf::Accelerators.path(name)).is_some())
        );
    }
}
