//! What is known of a design before anything is evaluated.

use scenarios::system::{MachineSizes, area_of, leakage_power, peak_power};

use crate::problem::Problem;
use crate::space::{Design, Variable};

/// What is known of a design. Where axes change the machine, it is that of the machine without them, and the rest is learnt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Known {
    /// Area, in mm^2.
    pub(super) area_mm2: f64,
    /// Power with all parts at work, in W.
    pub(super) peak_power_w: f64,
    /// Power of a machine that is switched on and idle, in W.
    pub(super) leakage_w: f64,
    /// Sequences that run at once.
    pub(super) sequences: f64,
    /// Accuracy, less the study's risk.
    pub(super) accuracy: Option<f64>,
}

impl Known {
    pub(super) fn of(problem: &Problem<'_>, design: &Design) -> Self {
        let (scenario, costs) = (problem.base.scenario(), problem.base.costs());
        let mut sizes = MachineSizes::of(scenario);
        let mut sequences = scenario.workload.batch;
        if let Some(accelerator) = &design.accelerator {
            let value = |variable| accelerator.value(variable);
            let megabytes = |variable| f64::from(value(variable));
            let side = value(Variable::TileSide);
            (sizes.tile.b, sizes.tile.x, sizes.tile.y) = (value(Variable::TileBatch), side, side);
            sizes.processing_elements = value(Variable::ProcessingElements);
            sizes.lanes_per_pe = value(Variable::Lanes);
            sizes.multipliers_per_lane = value(Variable::Multipliers);
            sizes.softmax_per_pe = value(Variable::Softmax);
            sizes.activation_mb = megabytes(Variable::ActivationBuffer);
            sizes.weight_mb = megabytes(Variable::WeightBuffer);
            sizes.mask_mb = megabytes(Variable::MaskBuffer);
            sequences = value(Variable::Batch);
        }
        Self {
            area_mm2: area_of(&sizes, costs).total().0,
            peak_power_w: peak_power(&sizes, costs).0 * 1e-3,
            leakage_w: leakage_power(&sizes, costs).0 * 1e-3,
            sequences: sequences.into(),
            accuracy: accuracy(problem, design),
        }
    }
}

fn accuracy(problem: &Problem<'_>, design: &Design) -> Option<f64> {
    let (mean, sd) = problem.accuracy?.predict(problem.space, design).ok()?;
    Some(mean - problem.risk * sd)
}

#[cfg(test)]
mod tests {
    use scenarios::Scenario;
    use scenarios::system::{Plan, area};

    use super::*;
    use crate::draws::Draws;
    use crate::features::Features;
    use crate::objective::Objective;
    use crate::space::Space;

    #[test]
    fn what_is_known_is_what_the_plan_says() {
        let base = Scenario::open("bert-tiny-edge").unwrap();
        let (space, features) = (Space::published(), Features::new(&base).unwrap());
        let problem = Problem {
            space: &space,
            features: &features,
            accuracy: None,
            risk: 0.0,
            objective: &Objective::Published,
            limits: &[],
            base: &base,
            seed: 1,
            refuse: &|_| None,
        };
        let mut draws = Draws::new(1, 0, 0);
        let designs = (0..40).map(|_| space.random(&mut draws));
        let mut held = 0;
        for design in designs {
            let known = Known::of(&problem, &design);
            let loaded = base.with(|scenario| space.apply(&design, scenario)).unwrap();
            let scenario = loaded.scenario();
            let sizes = MachineSizes::of(scenario);
            assert_eq!(known.area_mm2, area_of(&sizes, loaded.costs()).total().0);
            assert_eq!(known.sequences, f64::from(scenario.workload.batch));
            if held < 2
                && let Ok(plan) = Plan::load(&loaded)
            {
                assert_eq!(known.area_mm2, area(&plan.machine).total().0);
                held += 1;
            }
        }
        assert_eq!(held, 2);
    }
}
