//! probe
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "probe")]
use scenarios::system::*;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let loaded = scenarios::Scenario::load(&path)
        .map_err(|d| println!("{}", d.render_in_colour()))
        .unwrap();
    let plan = Plan::load(&loaded, &scenarios::load::Disk)
        .map_err(|d| println!("{}", d.render_in_colour()))
        .unwrap();
    let t = std::time::Instant::now();
    let system = plan.build(sim_core::Engine::Wheel, None).unwrap();
    println!("built {:?}", t.elapsed());
    let (m, _) = system.run(&plan).unwrap();
    let wall = t.elapsed();
    println!("{:?}", m.memory);
    println!(
        "cycles {} events {} wall {:?} {:.1} Mev/s tiles {} adds {}",
        plan.clock
            .cycles_spanning(m.finished.since(sim_core::Tick::ZERO))
            .0,
        m.events,
        wall,
        m.events as f64 / wall.as_secs_f64() / 1e6,
        m.tile_operations(),
        m.add_tile_operations()
    );
    println!("violations {:?}", violations(&plan, &m));
    println!("{:?} {:?}", energy(&plan, &m), area(&plan).total());
    let n = plan.scenario.accelerator.lanes() as f64 * plan.clock.period().0 as f64;
    for c in components::control_block::StallCause::ALL {
        println!("{:?} {:.0}", c, m.stalls.lane_ticks(c) as f64 / n);
    }
    println!("busy {:.0}", m.lanes.busy.0 as f64 / n);
}
