//! Weights and inputs from files.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use std::fs;
use std::path::Path;

use scenarios::load::Disk;
use scenarios::system::{Plan, ValueCheck};
use scenarios::tensors::{Numbers, read_tensors, write_safetensors};
use scenarios::weights::Precision;
use scenarios::{Loaded, Scenario};
use sim_core::{Digest, Engine};
use tempfile::TempDir;

/// Name, shape and numbers.
type Tensor = (String, Vec<usize>, Numbers);

/// A scenario that computes in training, in `folder`, with these further fields of its workload.
fn loaded(folder: &Path, workload: &str) -> Loaded {
    let source = "sparsity: (source: Values(activation_threshold: 0.1, weight_threshold: 0.02))";
    let text =
        format!("(base: \"tiny-trace\", {source}, workload: (phase: Training, vocabulary: 60,\n{workload}))");
    let name = folder.join("scenario.ron");
    Scenario::parse(&name.display().to_string(), &text, Disk)
        .unwrap_or_else(|wrong| panic!("{}", wrong.render()))
}

fn run(loaded: &Loaded) -> (Digest, ValueCheck) {
    let plan = Plan::load(loaded).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    let system = plan.build(Engine::default());
    let measured = system
        .and_then(|system| system.run(&plan))
        .unwrap_or_else(|error| panic!("{error}"));
    let check = measured.machine.values.expect("the machine computes");
    (measured.digest, check)
}

fn file(precision: Precision) -> (TempDir, Loaded) {
    let folder = TempDir::new().unwrap();
    let seeded = loaded(folder.path(), "");
    let plan = Plan::load(&seeded).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    let bytes = plan.machine.weights_file(precision).unwrap();
    fs::write(folder.path().join("mine.safetensors"), bytes).unwrap();
    (folder, seeded)
}

const MINE: &str = "weights: File(\"mine.safetensors\")";

#[test]
fn a_file_of_the_seeds_weights_computes_as_the_seed_does() {
    let (folder, seeded) = file(Precision::Double);
    let by_seed = run(&seeded);
    assert!(by_seed.1.is_right());
    assert_eq!(by_seed, run(&loaded(folder.path(), MINE)));
    let (folder, _) = file(Precision::Single);
    let single = run(&loaded(folder.path(), MINE));
    assert!(single.1.is_right());
    let losses = [by_seed.1, single.1].map(|check| check.loss.unwrap());
    assert!((losses[0] / losses[1] - 1.0).abs() < 1e-3, "{losses:?}");
}

#[test]
fn numbers_of_the_file_are_computed_with() {
    let (folder, seeded) = file(Precision::Double);
    let mut tensors = tensors(&folder.path().join("mine.safetensors"));
    for (name, _, numbers) in &mut tensors {
        if let (true, Numbers::Double(numbers)) = (name == "target", numbers) {
            numbers.iter_mut().for_each(|number| *number = 0.5);
        }
    }
    write(folder.path(), &tensors);
    let (before, after) = (run(&seeded).1, run(&loaded(folder.path(), MINE)).1);
    assert!(after.is_right());
    assert_ne!(before.loss, after.loss);
}

#[test]
fn wrong_tensors_are_named_with_what_is_expected() {
    let (folder, _) = file(Precision::Single);
    let good = tensors(&folder.path().join("mine.safetensors"));
    let position = |name: &str| good.iter().position(|(known, _, _)| known == name).unwrap();
    let changed = |change: &dyn Fn(&mut Vec<Tensor>)| {
        let mut tensors = good.clone();
        change(&mut tensors);
        write(folder.path(), &tensors);
        let wrong = Plan::load(&loaded(folder.path(), MINE)).unwrap_err();
        let rendered = wrong.render();
        let words = rendered.split_whitespace().filter(|word| *word != "│");
        let text = words.collect::<Vec<_>>().join(" ");
        assert!(text.contains("scenario.ron:2:"), "{text}");
        text
    };
    let key = position("layer.0.head.0.key");
    let shape = good[key]
        .1
        .iter()
        .map(usize::to_string)
        .collect::<Vec<_>>()
        .join(" x ");
    let missing = changed(&|tensors| drop(tensors.remove(key)));
    assert!(
        missing.contains(&format!("\"layer.0.head.0.key\" of {shape} is missing")),
        "{missing}"
    );
    let extra = changed(&|tensors| tensors[key].0 = "layer.0.head.0.kay".to_owned());
    assert!(
        extra.contains("no tensor \"layer.0.head.0.kay\"") && extra.contains("`layer.0.head.0.key`"),
        "{extra}"
    );
    let turned = changed(&|tensors| tensors[key].1 = vec![1, tensors[key].1.iter().product()]);
    assert!(
        turned.contains("tensor \"layer.0.head.0.key\"") && turned.contains(&format!(", not {shape}")),
        "{turned}"
    );
    let tokens = position("tokens");
    let unknown = changed(&|tensors| {
        if let Numbers::Whole(numbers) = &mut tensors[tokens].2 {
            numbers[3] = 60;
        }
    });
    assert!(
        unknown.contains("token 3 is 60") && unknown.contains("0 to 59"),
        "{unknown}"
    );
    fs::remove_file(folder.path().join("mine.safetensors")).unwrap();
    let wrong = Plan::load(&loaded(folder.path(), MINE)).unwrap_err().render();
    assert!(wrong.contains("cannot read"), "{wrong}");
}

#[test]
fn a_machine_that_does_not_compute_reads_no_weights_and_says_so() {
    let text = format!("(workload: ({MINE}))");
    let loaded = Scenario::parse("s.ron", &text, Disk).unwrap();
    let warned = loaded.warnings().render();
    assert!(
        warned.contains("s.ron:1:22") && warned.contains("is not read"),
        "{warned}"
    );
    assert!(Plan::load(&loaded).is_ok());
}

/// The tensors of a file, whole numbers and others.
fn tensors(path: &Path) -> Vec<Tensor> {
    let mut all = Vec::new();
    let read = read_tensors(path, &mut |tensor| {
        let mut numbers = Vec::new();
        tensor.for_each(|number| numbers.push(number))?;
        let shape = tensor.shape.iter().map(|&extent| extent as usize).collect();
        let numbers = match tensor.is_whole {
            true => Numbers::Whole(numbers.into_iter().map(|number| number as i64).collect()),
            false => Numbers::Double(numbers),
        };
        all.push((tensor.name.to_owned(), shape, numbers));
        Ok(())
    });
    read.unwrap_or_else(|wrong| panic!("{}", wrong.message()));
    all
}

fn write(folder: &Path, tensors: &[Tensor]) {
    fs::write(
        folder.join("mine.safetensors"),
        write_safetensors(tensors).unwrap(),
    )
    .unwrap();
}
