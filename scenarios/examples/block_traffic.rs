//! scratch
use scenarios::Scenario;
use scenarios::system::Plan;
use sim_core::Engine;
fn main() {
    for name in std::env::args().skip(1) {
        let loaded = match Scenario::open(&name) { Ok(l) => l, Err(e) => { println!("{name}: {e:?}"); continue } };
        let began = std::time::Instant::now();
        let plan = match Plan::load(&loaded) { Ok(p) => p, Err(d) => { println!("{name}: {d:?}"); continue } };
        let planned = began.elapsed();
        let m = &plan.machine;
        println!("{name}: {} ; {:?}", m.blocks.blocking, m.blocks.account);
        let system = plan.build(Engine::default()).unwrap();
        match system.run(&plan) {
            Ok(r) => {
                let cycles = r.machine.duration().0 / m.clock.period().0;
                let bytes: u64 = r.machine.dma_requests.iter().sum::<u64>() * 64;
                println!("  {cycles} cycles, {bytes} bytes {:?}, spills {}, plan {planned:?} all {:?} values {:?}", r.machine.dma_requests.map(|x| x * 64), r.machine.spills, began.elapsed(), r.machine.values.as_ref().map(|v| format!("{v:?}").chars().take(300).collect::<String>()));
                println!("  {:?}", scenarios::system::violations(&plan, &r));
            }
            Err(e) => println!("  {e:?}"),
        }
    }
}
