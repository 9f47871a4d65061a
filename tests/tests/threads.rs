//! What a program holds can go from thread to thread: all of it but the engine `desim`, whose processes stay on their thread.

use analysis::critical_path::CriticalPathSink;
use analysis::result::RunResult;
use scenarios::system::{Measurements, Plan, System};
use sim_core::{Engine, SimError, Simulation};
use tests::{plan, shipped_small, try_run};

const fn can_be_sent<T: Send>() {}

const _: () = {
    can_be_sent::<Plan>();
    can_be_sent::<Measurements>();
    can_be_sent::<RunResult>();
    can_be_sent::<CriticalPathSink>();
    can_be_sent::<SimError>();
    can_be_sent::<System>();
    can_be_sent::<Simulation<components::Component>>();
};

/// A system that is built here, computes with values and has tenants runs elsewhere as it does here.
#[test]
fn a_system_is_built_on_one_thread_and_runs_on_another() {
    for name in ["bert-tiny-values", "contention"] {
        let plan = plan(&shipped_small(name));
        let system = plan.build(Engine::Wheel).unwrap();
        let elsewhere = std::thread::scope(|scope| {
            let run = scope.spawn(|| system.run(&plan).unwrap());
            run.join().unwrap()
        });
        let here = try_run(plan.clone(), Engine::Wheel).unwrap().measured;
        assert_eq!(elsewhere.digest, here.digest, "{name}");
        assert_eq!(elsewhere.machine.values, here.machine.values, "{name}");
    }
}
