//! The curves on which a wanted sparsity is looked up, and warnings of what they lack.

use std::sync::Arc;

use components::sparsity::threshold::{OperationClass, TensorKind, ThresholdCalculator};

use super::library::Shelf;
use super::place::Resolver;
use super::{Document, Layers, read_from};
use crate::diagnostics::Diagnostics;
use crate::schema::transformer::Head;
use crate::schema::{Checks, CurvesFile, DensitySource, Phase, Scenario};

/// The field that names the curves.
const CURVES: &str = "sparsity.source.curves";

/// The curves that the scenario names; what is wrong with them is noted, and what they cannot do.
pub(super) fn read_curves(
    scenario: &Scenario,
    known: Option<Arc<ThresholdCalculator>>,
    layers: &Layers,
    resolver: &dyn Resolver,
    problems: &mut Diagnostics,
) -> Option<Arc<ThresholdCalculator>> {
    let DensitySource::Wanted { curves, .. } = &scenario.sparsity.source else {
        return None;
    };
    let read = || -> Result<Arc<ThresholdCalculator>, Diagnostics> {
        if let Some(known) = known {
            return Ok(known);
        }
        let source = read_from(layers, CURVES, curves, Shelf::Curves, resolver)?;
        let calculator = Document::<CurvesFile>::parse(source)?.calculator()?;
        Ok(Arc::new(calculator))
    };
    let calculator = read().map_err(|wrong| problems.extend(wrong)).ok()?;
    let mut checks = Checks::default();
    check(scenario, &calculator, &mut checks);
    problems.extend(layers.problems(checks.into_findings()));
    Some(calculator)
}

/// Looks up every threshold that the transformer's operations need.
fn check(scenario: &Scenario, calculator: &ThresholdCalculator, checks: &mut Checks) {
    let pruned = pruned(scenario);
    for (kind, field) in [
        (TensorKind::Activations, "activation_sparsity"),
        (TensorKind::Weights, "weight_sparsity"),
        (TensorKind::Gradients, "gradient_sparsity"),
    ] {
        let wanted = scenario.sparsity.source.wanted(kind).unwrap_or(0.0);
        if wanted == 0.0 {
            continue;
        }
        let classes = pruned.iter().filter(|(_, of_class)| *of_class == kind);
        checks.within("sparsity", |checks| {
            checks.within("source", |checks| {
                checks.within(field, |checks| {
                    for (class, _) in classes {
                        look_up(calculator, *class, kind, wanted, checks);
                    }
                });
            });
        });
    }
}

fn look_up(
    calculator: &ThresholdCalculator,
    class: OperationClass,
    kind: TensorKind,
    wanted: f64,
    checks: &mut Checks,
) {
    match calculator.threshold(class, kind, wanted) {
        None => checks.warn(
            format!("there is no curve for {kind} of {class} operations: they are not pruned"),
            "name curves that have one; `elector profile` makes them",
        ),
        Some(found) if found.sparsity < wanted => checks.warn(
            format!(
                "the curve for {kind} of {class} operations reaches a sparsity of {}, not of {wanted}",
                found.sparsity
            ),
            "want less, or name curves that reach further; `elector profile` makes them",
        ),
        Some(_) => {}
    }
}

/// The operations and tensors of the scenario's transformer that DynaProp prunes.
fn pruned(scenario: &Scenario) -> Vec<(OperationClass, TensorKind)> {
    let layers = &scenario.workload.transformer.layers;
    let heads = || layers.iter().flat_map(|layer| &layer.heads);
    let classes = OperationClass::ALL.into_iter().filter(|class| match class {
        OperationClass::Attention => heads().any(|head| matches!(head, Head::Attention { .. })),
        OperationClass::FeedForward => true,
        OperationClass::Convolution => heads().any(|head| matches!(head, Head::Convolution { .. })),
        OperationClass::LinearTransform => heads().any(|head| matches!(head, Head::LinearTransform { .. })),
        OperationClass::Other => false,
    });
    let trains = scenario.workload.phase == Phase::Training;
    let kinds = TensorKind::PRUNED
        .into_iter()
        .filter(move |kind| trains || *kind != TensorKind::Gradients);
    classes
        .flat_map(|class| kinds.clone().map(move |kind| (class, kind)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use crate::schema::Scenario;

    fn load(source: &str, curves: &str) -> Result<String, String> {
        let files = BTreeMap::from([(PathBuf::from("sub/mine.ron"), curves.to_owned())]);
        let text = format!("(\n    sparsity: (\n        source: Wanted({source}),\n    ),\n)");
        let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Scenario::parse("sub/s.ron", &text, files)
            .map(|loaded| flat(loaded.warnings().render()))
            .map_err(|wrong| flat(wrong.render()))
    }

    const HALF: &str = "(name: \"x\", source: \"y\", curves: [
        (operations: Attention, tensors: Weights, points: [(0, 0), (1, 0.5)]),
        (operations: FeedForward, tensors: Weights, points: [(0, 0), (1, 1)]),
    ])";

    #[test]
    fn what_the_curves_cannot_do_is_a_warning_at_its_place() {
        assert_eq!(load("", HALF).unwrap(), "");
        let of = |source: &str| load(&format!("curves: File(\"mine.ron\"), {source}"), HALF).unwrap();
        assert_eq!(of("activation_sparsity: 0, weight_sparsity: 0.5"), "");
        let warned = of("activation_sparsity: 0,\nweight_sparsity: 0.7");
        assert!(warned.contains("sub/s.ron:4:18"), "{warned}");
        assert!(
            warned
                .contains("curve for weights of attention operations reaches a sparsity of 0.5, not of 0.7"),
            "{warned}"
        );
        let warned = of("activation_sparsity: 0.25, weight_sparsity: 0");
        for class in ["attention", "feed forward"] {
            let message = format!("no curve for activations of {class} operations: they are not pruned");
            assert!(warned.contains(&message), "{warned}");
        }
        assert!(!warned.contains("gradients"), "{warned}");
    }

    #[test]
    fn what_is_wrong_is_answered_at_its_place() {
        for (source, curves, place, message) in [
            ("weight_sparsity: 1.5", HALF, "sub/s.ron:3:41", "cannot be 1.5"),
            ("curves: File(\"no.ron\")", HALF, "sub/s.ron:3:32", "no such file"),
            (
                "curves: Preset(\"bert\")",
                HALF,
                "sub/s.ron:3:32",
                "no set of curves called",
            ),
            ("curves: File(\"mine.ron\")", "(", "sub/mine.ron:1", "mine.ron"),
            ("weight_sparsty: 0.5", HALF, "sub/s.ron:3:24", "weight_sparsty"),
        ] {
            let wrong = load(source, curves).unwrap_err();
            assert!(
                wrong.contains(place) && wrong.contains(message),
                "{source}: {wrong}"
            );
        }
    }
}
