//! Setting fields by path.
//!
//! The value is written into a file that states this field alone, `(accelerator: (tile: (x: VALUE)))`, which is read as any
//! file is and laid over the rest: so every type and every message is that of files. A field inside a value (an item of a list,
//! a field of a variant) is replaced in the text of that value.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fields::{self, Kind};
use super::layers::{FileLayer, Layers, TRANSFORMER};
use super::place::{Place, Resolver};
use crate::diagnostics::{Diagnostics, Problem, Source, locate};
use crate::schema::transformer::TransformerFile;
use crate::schema::{Checks, Overlay as _, Scenario, ScenarioFile, Stated as _};
use crate::setting::Setting;

mod path;
mod reading;

use path::Path;
use reading::Hole;

/// A scenario with fields that were set, before it is checked.
pub(crate) struct Settled {
    /// What states its fields.
    pub(crate) layers: Layers,
    /// What they state.
    pub(crate) form: ScenarioFile,
}

/// The scenario `form` with all `settings`, one after the other.
pub(crate) fn settle(
    layers: Layers,
    form: ScenarioFile,
    settings: &[Setting],
    resolver: &dyn Resolver,
) -> Result<Settled, Diagnostics> {
    let mut settled = Settled { layers, form };
    for setting in settings {
        settled = settled.with(setting, resolver)?;
    }
    Ok(settled)
}

/// The field that names an accelerator to be laid below.
const PRESET: &str = "accelerator.preset";

impl Settled {
    fn with(mut self, setting: &Setting, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let path = Path::parse(setting)?;
        let (field, within) = self.split(&path, setting)?;
        if !within.is_empty() && field == TRANSFORMER {
            self.name_layers(resolver)?;
        }
        let source = Arc::new(Source::new(setting.place(), setting.value()));
        let hole = match within.is_empty() {
            true => Hole::whole(&field),
            false => match self.hole_within(&field, within) {
                Some(hole) => hole,
                None => {
                    self.state_defaults()?;
                    let hole = self.hole_within(&field, within);
                    hole.ok_or_else(|| self.unknown(&path, setting))?
                }
            },
        };
        let file = hole.read(&source)?;
        let layer = FileLayer {
            place: Place::Disk(std::path::PathBuf::new()),
            source,
            root: path.text().to_owned().into(),
        };
        if field == PRESET {
            return self.with_preset(layer, file, resolver);
        }
        Ok(Self {
            layers: self.layers.under_setting(layer),
            form: file.over(self.form),
        })
    }

    /// The field that a file can state alone, and the rest of the path, which leads into its value.
    fn split<'a>(&self, path: &'a Path, setting: &Setting) -> Result<(String, &'a str), Diagnostics> {
        if path.text() == "base" {
            let help = "name that scenario itself, in place of this one";
            return Err(path.problem(setting, "`base` cannot be set", help).into());
        }
        let known = fields::of_every_scenario();
        let mut ends = path.ends();
        let mut last = None;
        for end in ends.by_ref() {
            let field = &path.text()[..end];
            match known.get(field) {
                Some(Kind::Section) => last = Some(end),
                Some(Kind::Value) => return Ok((field.to_owned(), &path.text()[end..])),
                None => return Err(self.unknown(path, setting).into()),
            }
        }
        match last {
            Some(end) => Ok((path.text()[..end].to_owned(), "")),
            None => Err(self.unknown(path, setting).into()),
        }
    }

    /// A path that leads nowhere.
    fn unknown(&self, path: &Path, setting: &Setting) -> Problem {
        let paths: BTreeSet<String> = fields::paths(&self.form);
        let message = format!("there is no field `{}`", path.text());
        path.problem(setting, &message, &fields::suggestion(path.text(), &paths))
    }

    /// The place of what is `within` the value of `field`, in the text of that value; `None` if it is not there.
    fn hole_within(&self, field: &str, within: &str) -> Option<Hole> {
        let text = fields::text_of(&self.form);
        let value = locate(&text, field).filter(|found| found.complete)?;
        let value = &text[value.value];
        let within = within.trim_start_matches('.');
        let found = locate(value, within)?;
        if found.complete {
            return Some(Hole::inside(field, value, found.value));
        }
        // What a candidate does not change yet.
        let (_, change) = within.split_once("].changes.")?;
        let is_known = fields::of_every_scenario().contains_key(change);
        let is_section = value[found.value.clone()].starts_with('(');
        let missing = Path::behind(within, found.steps);
        (is_known && is_section).then(|| Hole::new_field(field, value, found.value, &missing))
    }

    /// States what earlier settings leave to defaults, such as those of a new item of a list.
    fn state_defaults(&mut self) -> Result<(), Diagnostics> {
        let mut checks = Checks::default();
        let scenario = Scenario::read(self.form.clone(), &mut checks);
        match checks.errors() {
            0 => self.form = scenario.to_form(),
            _ => return Err(self.layers.problems(checks.into_findings()).collect()),
        }
        Ok(())
    }

    /// Puts the layers of a transformer that an earlier setting names in its place.
    fn name_layers(&mut self, resolver: &dyn Resolver) -> Result<(), Diagnostics> {
        let transformer = self.form.workload.as_ref();
        let transformer = transformer.and_then(|workload| workload.transformer.as_ref());
        if matches!(transformer, None | Some(TransformerFile::Inline { .. })) {
            return Ok(());
        }
        let mut problems = Diagnostics::default();
        let layers = std::mem::take(&mut self.layers);
        self.layers = layers.take_in_transformer(&mut self.form, resolver, &mut problems);
        match problems.has_errors() {
            true => Err(problems),
            false => Ok(()),
        }
    }

    /// Lays the accelerator that `file` names over the scenario's.
    fn with_preset(
        mut self,
        layer: FileLayer,
        file: ScenarioFile,
        resolver: &dyn Resolver,
    ) -> Result<Self, Diagnostics> {
        let named = file.accelerator.and_then(|accelerator| accelerator.preset);
        let Some(named) = named else {
            return Ok(self);
        };
        let mut layers = Layers::default();
        layers.files.push(layer);
        let accelerator = layers.read_presets(0, named, resolver)?;
        for file in layers.files.into_iter().skip(1).rev() {
            self.layers = self.layers.under_setting(file);
        }
        self.form.accelerator = match self.form.accelerator {
            Some(below) => Some(accelerator.over(below)),
            None => Some(accelerator),
        };
        Ok(self)
    }
}
