//! A scenario from the two files that AccelTran (github.com/jha-lab/acceltran) runs: a model dictionary in JSON and
//! the configuration of an accelerator in YAML.

use std::path::Path;
use std::sync::Arc;

use scenarios::diagnostics::{Problem, Source};
use scenarios::load::{Disk, Resolver};
use scenarios::system::Plan;
use scenarios::transformer::Transformer;
use scenarios::{Diagnostics, Scenario};

use super::Imported;
use super::design::{Design, WITHOUT_COUNTERPART, unknown};
use super::text::ScenarioText;
use super::yaml::Document;

/// Makes a scenario from the model dictionary at `model` and the configuration at `config`.
///
/// # Errors
/// A file cannot be read, something in it is wrong, or the accelerator cannot hold the transformer; each at its place.
pub fn import(model: &Path, config: &Path, resolver: &dyn Resolver) -> Result<Imported, Diagnostics> {
    let document = Document::parse(read(config, resolver)?)?;
    let design = Design::read(&document)?;
    let (transformer, warnings) = Transformer::load(model, resolver)?;
    let mut notes = warnings;
    let without = without_counterpart(&document);
    notes.extend(without.iter().map(|(_, problem)| problem.clone()));

    let name = format!("{} on {}", stem(model), stem(config));
    let mut heading = vec![format!(
        "{name}, imported from AccelTran's {} and {}.",
        file_name(model),
        file_name(config)
    )];
    heading.push(
        "The comment behind each value names the setting it comes from; defaults have no setting in AccelTran."
            .to_owned(),
    );
    if !without.is_empty() {
        heading.push(String::new());
        heading.push("Settings without a counterpart:".to_owned());
        heading.extend(without.into_iter().map(|(comment, _)| format!("- {comment}")));
    }
    let scenario = ScenarioText::new(&name, &heading, &design, &transformer);
    notes.extend(check(&scenario, model, &document)?);
    Ok(Imported {
        text: scenario.text,
        notes,
    })
}

fn read(path: &Path, resolver: &dyn Resolver) -> Result<Arc<Source>, Problem> {
    let unreadable = |reason: String| Problem::new(format!("cannot read {}: {reason}", path.display()));
    let bytes = resolver
        .read(path)
        .map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| unreadable("it is not text: the bytes are not UTF-8".to_owned()))?;
    Ok(Arc::new(Source::new(path.display().to_string(), text)))
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// The settings of `document` that have no counterpart: each group as a comment, and as a warning where it first occurs.
fn without_counterpart(document: &Document) -> Vec<(String, Problem)> {
    let known = WITHOUT_COUNTERPART.iter().filter_map(|(paths, why)| {
        let stated = paths
            .iter()
            .filter_map(|path| Some((*path, document.find(path)?)));
        let stated: Vec<_> = stated.collect();
        let (_, first) = stated.first()?;
        let names: Vec<String> = stated.iter().map(|(path, _)| format!("`{path}`")).collect();
        Some((names.join(", "), first.key_span.clone(), *why))
    });
    let unknown = unknown(document).into_iter().map(|(path, span)| {
        let short: String = path.chars().take(60).collect();
        (format!("`{short}`"), span, "no setting of this name is known")
    });
    let settings = known.chain(unknown);
    settings
        .map(|(names, span, why)| {
            let message = format!("without a counterpart: {names}");
            let warning = document.problem(&span, message).with_help(why).as_warning();
            (format!("{names}: {why}"), warning)
        })
        .collect()
}

/// Checks the scenario as `elector check` does. Errors and warnings point to the setting they come from.
fn check(scenario: &ScenarioText, model: &Path, document: &Document) -> Result<Diagnostics, Diagnostics> {
    let at_origin = |problems: Diagnostics| -> Diagnostics {
        let problems = problems.into_iter();
        problems
            .map(|problem| origin(problem, scenario, model, document))
            .collect()
    };
    let loaded = Scenario::parse("imported.ron", &scenario.text, Disk).map_err(at_origin)?;
    Plan::load(&loaded).map_err(at_origin)?;
    Ok(at_origin(loaded.warnings().clone()))
}

fn origin(problem: Problem, scenario: &ScenarioText, model: &Path, document: &Document) -> Problem {
    let Some(place) = problem.place() else {
        return problem;
    };
    let line = place.line - 1;
    let setting = scenario.origins.iter().find(|(known, _)| *known == line);
    let moved = match setting {
        Some((_, span)) => document.problem(span, problem.message()),
        None if scenario.transformer.contains(&line) => {
            Problem::new(format!("{}: {}", model.display(), problem.message()))
        }
        // A default that does not fit the settings.
        None => document.problem(&(0..0), problem.message()),
    };
    let moved = moved.with_help(problem.help().unwrap_or_default());
    if problem.is_warning() {
        moved.as_warning()
    } else {
        moved
    }
}
