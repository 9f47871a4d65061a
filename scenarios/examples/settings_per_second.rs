//! How many scenarios a second are made by setting fields: `cargo run --release -p elector-scenarios --example settings_per_second`.

use std::io::{self, Write as _};
use std::time::Instant;

use scenarios::load::Disk;
use scenarios::{Scenario, Setting};

const TIMES: u32 = 2000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = io::stdout().lock();
    for name in ["bert-tiny-edge", "bert-base-server", "dynaprop-sweep-values"] {
        let loaded = Scenario::shipped(name)?;
        for texts in [
            &["workload.batch=8"][..],
            &[
                "accelerator.tile.x=32",
                "accelerator.lanes_per_pe=8",
                "memory=hbm2",
                "workload.batch=2",
            ],
            &["workload.transformer=bert-mini"],
            &["workload.transformer.layers[0].feed_forward[0]=256"],
        ] {
            let settings = texts.iter().map(|text| Setting::parse(text));
            let settings: Vec<Setting> = settings.collect::<Result<_, _>>()?;
            let start = Instant::now();
            for _ in 0..TIMES {
                loaded.set(&settings)?;
            }
            let rate = f64::from(TIMES) / start.elapsed().as_secs_f64();
            writeln!(out, "{name:24} {rate:10.0}/s  {}", texts.join(" "))?;
        }
        let start = Instant::now();
        for _ in 0..TIMES {
            loaded.content_hash()?;
        }
        writeln!(
            out,
            "{name:24} {:10.0}/s  hashes",
            f64::from(TIMES) / start.elapsed().as_secs_f64()
        )?;
        let text = loaded.scenario().to_ron();
        let start = Instant::now();
        for _ in 0..TIMES {
            Scenario::parse("mine.ron", &text, Disk)?;
        }
        writeln!(
            out,
            "{name:24} {:10.0}/s  read from a text",
            f64::from(TIMES) / start.elapsed().as_secs_f64()
        )?;
    }
    Ok(())
}
