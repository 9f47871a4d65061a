//! What a program holds can go from thread to thread: all of it but a simulation of a build with the engine `desim`, as this one
//! is, whose processes stay on their thread.

use analysis::critical_path::CriticalPathSink;
use analysis::result::RunResult;
use scenarios::system::{Measurements, Plan};
use sim_core::{Engine, SimError};
use tests::{plan, shipped_small, try_run};

const fn can_be_sent<T: Send>() {}

const _: () = {
    can_be_sent::<Plan>();
    can_be_sent::<Measurements>();
    can_be_sent::<RunResult>();
    can_be_sent::<CriticalPathSink>();
    can_be_sent::<SimError>();
};

/// A plan that is made here, computes with values and has tenants runs elsewhere as it does here, and so do its measurements come
/// back.
#[test]
fn a_plan_made_on_one_thread_runs_on_another() {
    for name in ["bert-tiny-values", "contention"] {
        let plan = plan(&shipped_small(name));
        let elsewhere = std::thread::scope(|scope| {
            let run = scope.spawn(|| plan.build(Engine::Wheel).unwrap().run(&plan).unwrap());
            run.join().unwrap()
        });
        let here = try_run(plan.clone(), Engine::Wheel).unwrap().measured;
        assert_eq!(elsewhere.digest, here.digest, "{name}");
        assert_eq!(elsewhere.machine.values, here.machine.values, "{name}");
    }
}
