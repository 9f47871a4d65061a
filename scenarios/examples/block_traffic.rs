//! scratch
use scenarios::Scenario;
use scenarios::system::Plan;
use sim_core::Engine;
fn main() {
    for name in std::env::args().skip(1) {
        let loaded = match Scenario::open(&name) {
            Ok(l) => l,
            Err(e) => {
                println!("{name}: {e:?}");
                continue;
            }
        };
        let began = std::time::Instant::now();
        let mut plan = match Plan::load(&loaded) {
            Ok(p) => p,
            Err(d) => {
                println!("{name}: {d:?}");
                continue;
            }
        };
        let planned = began.elapsed();
        if let Ok(text) = std::env::var("BLOCK") {
            let b = &mut plan.machine.blocks.blocking;
            for part in text.split(',') {
                let (k, v) = part.split_once('=').unwrap();
                let v: u32 = v.parse().unwrap();
                match k {
                    "segment" => b.segment = v,
                    "together" => b.together = v,
                    "rows" => b.rows = v,
                    "columns" => b.columns = v,
                    "panel" => b.panel = v,
                    "keys" => b.keys = v,
                    "chained" => b.chained = v > 0,
                    "outer" => b.panels_outermost = v > 0,
                    "eighths" => b.eighths = v as u8,
                    _ => panic!(),
                }
            }
        }
        let m = &plan.machine;
        let a = components::block_plan::PlanAccount::of(&mut m.block_plan(m.blocks.blocking));
        println!(
            "{name}: {} ; {:.0} cycles, {} B moved, spilled {} now {} peak {:?} steps {}",
            m.blocks.blocking,
            m.blocks.cycles,
            m.blocks.account.moved().0,
            m.blocks.account.spilled.0,
            a.moved().0,
            a.peak.0.map(|b| b.0),
            a.steps
        );
        if std::env::var("PLAN").is_ok() {
            println!("{name} planned in {planned:?}");
            continue;
        }
        let system = plan.build(Engine::default()).unwrap();
        match system.run(&plan) {
            Ok(r) => {
                let cycles = r.machine.duration().0 / m.clock.period().0;
                let bytes: u64 = r.machine.dma_requests.iter().sum::<u64>() * 64;
                println!(
                    "  {cycles} cycles, {bytes} bytes {:?}, spills {}, plan {planned:?} all {:?} values {:?}",
                    r.machine.dma_requests.map(|x| x * 64),
                    r.machine.spills,
                    began.elapsed(),
                    r.machine
                        .values
                        .as_ref()
                        .map(|v| format!("{v:?}").chars().take(300).collect::<String>())
                );
                let mm = &r.memory;
                println!(
                    "  hits {} {} misses {} conflicts {} act {} refresh {} dma busy {} stalls {:?}",
                    mm.read_row_hits,
                    mm.write_row_hits,
                    mm.row_misses,
                    mm.row_conflicts,
                    mm.activates,
                    mm.refreshes,
                    r.machine.dma_busy.0 / m.clock.period().0,
                    components::control_block::StallCause::ALL.map(|c| (
                        c.name(),
                        r.machine.stalls.lane_ticks(c) as u64 / m.clock.period().0 / m.tiling.lanes
                    ))
                );
                println!("  {:?}", scenarios::system::violations(&plan, &r));
            }
            Err(e) => println!("  {e:?}"),
        }
    }
}
