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
//! let loaded = Scenario::parse("mine.ron", text, Disk)?;
//! assert_eq!(loaded.scenario().accelerator.tile.x, 8);
//! assert_eq!(loaded.scenario().accelerator.processing_elements, 64);
//!
//! let wrong = Diagnostics::at(&loaded, "accelerator.tile.x", "no lane holds such a tile", "make it smaller");
//! assert_eq!(wrong.to_string(), "mine.ron:3:29: no lane holds such a tile (make it smaller)");
//! # Ok::<(), Diagnostics>(())
//! ```
//!
//! A program starts from a file, a shipped scenario or a value ([`Scenario::open`], [`Scenario::parse`],
//! [`Loaded::from_value`]) and changes it by [`Loaded::with`], which checks it again. What is wrong can be iterated over:
//!
//! ```
//! use scenarios::Scenario;
//! use scenarios::system::Plan;
//!
//! let loaded = Scenario::open("bert-tiny-edge")?;
//! match loaded.with(|scenario| scenario.accelerator.processing_elements = 0) {
//!     Ok(changed) => println!("{} operations", Plan::load(&changed)?.machine.program.operations),
//!     Err(wrong) => {
//!         for problem in &wrong {
//!             assert_eq!(problem.path(), Some("accelerator.processing_elements"));
//!             println!("{}: {}", problem.message(), problem.help().unwrap_or_default());
//!         }
//!     }
//! }
//! # Ok::<(), scenarios::Diagnostics>(())
//! ```
//!
//! [`schema`] describes the fields, [`transformer`] the workload's model, [`load::library`] what is shipped. The feature `render`
//! adds the text of problems for a terminal; without it the crate needs no crate of terminals.

pub mod diagnostics;
pub mod load;
mod loaded;
pub mod mapper;
pub mod program;
mod resolved;
pub mod schema;
mod setting;
pub mod system;
pub mod tensors;
pub mod values;
pub mod weights;

pub use diagnostics::Diagnostics;
pub use loaded::Loaded;
pub use resolved::ContentHash;
pub use schema::{Scenario, transformer};
pub use setting::Setting;
