//! Results as text for a terminal.

mod check;
mod compare;
mod contention;
mod estimate;
mod inspect;
mod lower;
mod memory;
mod path;
mod profile;
mod replay;
mod run;
mod search;
mod table;
mod technology;

pub use check::check_report;
pub use compare::compare_report;
pub use estimate::estimate_report;
pub use inspect::{difference_report, inspect_report};
pub use lower::lower_report;
pub use profile::profile_report;
pub use replay::replay_report;
pub use run::run_report;
pub use search::{front_report, status_report};
pub use technology::{technologies_report, technology_report};

/// Whether text may carry colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// Headings and the main figure stand out.
    Coloured,
}

impl Style {
    /// Colours on a terminal, unless the environment says otherwise (`NO_COLOR`).
    #[must_use]
    pub fn of(terminal: bool) -> Self {
        if terminal && std::env::var_os("NO_COLOR").is_none() {
            Self::Coloured
        } else {
            Self::Plain
        }
    }

    fn bold(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\x1b[1m{text}\x1b[0m"),
        }
    }
}
