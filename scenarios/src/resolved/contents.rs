//! What a scenario consists of, without its words: what is hashed.

use components::memory::MemoryDescription;
use serde_json::{Map, Value, json};

use super::hash::ContentHash;
use crate::diagnostics::{Diagnostics, Problem};
use crate::load::Document;
use crate::load::library::Shelf;
use crate::loaded::Loaded;
use crate::schema::{
    Compare, Contention, CurvesFile, DensitySource, Reference, Scenario, Stated as _, Traffic, Weights,
};

/// The contents of a scenario and of all files that it names.
pub(super) fn of(loaded: &Loaded) -> Result<Value, Diagnostics> {
    let stated = loaded.scenario();
    let mut contents = machine(loaded)?;
    let mut contention = stated.contention.clone();
    let (mut tenants, mut traces) = (Vec::new(), Vec::new());
    for (index, tenant) in contention.tenants.iter_mut().enumerate() {
        if let Some(scenario) = &mut tenant.scenario {
            scenario.clear();
            tenants.push(Value::Object(machine(&loaded.tenant(index)?)?));
        }
    }
    for (index, source) in contention.background.iter_mut().enumerate() {
        if let Traffic::Trace(file) = &mut source.traffic {
            let field = format!("contention.background[{index}].traffic");
            traces.push(Value::String(file_hash(loaded, &field, file)?));
            file.clear();
        }
    }
    contents.insert("memory".to_owned(), memory(loaded)?);
    contents.insert("contention".to_owned(), value(&contention.to_form()));
    contents.insert("tenants".to_owned(), Value::Array(tenants));
    contents.insert("traces".to_owned(), Value::Array(traces));
    Ok(Value::Object(contents))
}

/// The contents of one machine, without main memory and what else uses it.
fn machine(loaded: &Loaded) -> Result<Map<String, Value>, Diagnostics> {
    let mut scenario = Scenario {
        name: String::new(),
        memory: nothing(),
        costs: nothing(),
        contention: Contention::default(),
        compare: Compare::default(),
        ..loaded.scenario().clone()
    };
    let mut contents = Map::new();
    if let DensitySource::Wanted { curves, .. } = &mut scenario.sparsity.source {
        contents.insert("curves".to_owned(), curves_of(loaded, curves)?);
        *curves = nothing();
    }
    let computes = scenario.sparsity.source.computes();
    if let Weights::File(file) = &mut scenario.workload.weights {
        match computes {
            true => {
                let hash = file_hash(loaded, "workload.weights", file)?;
                contents.insert("weights".to_owned(), Value::String(hash));
                file.clear();
            }
            // Nothing reads it.
            false => scenario.workload.weights = Weights::Seed,
        }
    }
    contents.insert("costs".to_owned(), value(loaded.costs()));
    contents.insert("scenario".to_owned(), value(&scenario.to_form()));
    Ok(contents)
}

fn memory(loaded: &Loaded) -> Result<Value, Diagnostics> {
    match &loaded.scenario().memory {
        Reference::Preset(name) if name == "ideal" => Ok(Value::Null),
        _ => Ok(value(&loaded.memory::<MemoryDescription>()?.value)),
    }
}

/// The curves with all numbers as real ones, however they are written.
fn curves_of(loaded: &Loaded, curves: &Reference) -> Result<Value, Diagnostics> {
    let source = loaded.referenced_text("sparsity.source.curves", curves, Shelf::Curves)?;
    let file = Document::<CurvesFile>::parse(source)?.value;
    let curves = file.curves.iter().map(|curve| {
        let points = curve.points.iter();
        let points: Vec<[f64; 2]> = points.map(|(x, y)| [x.as_real(), y.as_real()]).collect();
        json!([curve.operations, curve.tensors, points])
    });
    Ok(Value::Array(curves.collect()))
}

/// The hash of the file that the field `path` names.
fn file_hash(loaded: &Loaded, path: &str, file: &str) -> Result<String, Diagnostics> {
    let found = loaded.file_beside(path, file);
    let bytes = found.ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound));
    let bytes = bytes.and_then(std::fs::read).map_err(|error| {
        let problem = Problem::new(format!("cannot read {file}: {error}"));
        loaded.layers.blame(path, problem)
    })?;
    Ok(ContentHash::of_bytes(&bytes).to_string())
}

fn nothing() -> Reference {
    Reference::Preset(String::new())
}

fn value(contents: &impl serde::Serialize) -> Value {
    // Nothing here fails to be written; were it otherwise, it would count as absent.
    serde_json::to_value(contents).unwrap_or_default()
}
