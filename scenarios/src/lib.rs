//! Scenarios: what a user writes to describe a transformer, the accelerator that runs it and its memory.
//!
//! A scenario is a RON file of which every field is optional, so `()` is the smallest. [`Scenario::load`] reads one,
//! lays it over the scenario and the accelerator that it names, and checks every value; what is wrong comes back
//! as [`Diagnostics`], each problem with its file, line and column. Later stages point into the same files by the
//! path of a field:
//!
//! ```
//! use scenarios::load::Disk;
//! use scenarios::{Diagnostics, Scenario};
//!
//! let text = "(\n    base: \"bert-tiny-edge\",\n    accelerator: (tile: (x: 8)),\n)";
//! let loaded = Scenario::parse("mine.ron", text, &Disk)?;
//! assert_eq!(loaded.scenario.accelerator.tile.x, 8);
//! assert_eq!(loaded.scenario.accelerator.processing_elements, 64);
//!
//! let wrong = Diagnostics::at(&loaded, "accelerator.tile.x", "no lane holds such a tile", "make it smaller");
//! assert!(wrong.render().contains("mine.ron:3:29"));
//! # Ok::<(), Diagnostics>(())
//! ```
//!
//! [`schema`] describes the fields, [`transformer`] the workload's model, [`load::library`] what is shipped.

pub mod diagnostics;
pub mod load;
pub mod mapper;
pub mod program;
pub mod schema;
pub mod system;
pub mod tensors;
pub mod transformer;
pub mod values;
pub mod weights;

pub use diagnostics::Diagnostics;
pub use load::Loaded;
pub use schema::Scenario;
