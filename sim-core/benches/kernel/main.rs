//! The event kernels side by side: ours, desim, NeXosim, and a plain loop over a `BinaryHeap`.
//!
//! `cargo bench -p elector-sim-core --features desim` shows criterion's figures (wall time), then one table in M events
//! per second of CPU time, measured with the kernels interleaved in every round.
//! `cargo bench -p elector-sim-core --features desim -- --table` shows the table alone.

#![allow(clippy::print_stdout, reason = "a bench prints what it measured")]

mod load;
mod nexosim;
mod ours;
#[cfg(feature = "desim")]
mod raw_desim;
mod std_heap;
mod table;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use load::Load;
use sim_core::Engine;

/// Kernels whose order is defined stop only at multiples of so many ticks, all at the same one.
const CHUNK: u64 = 4096;

/// A kernel with a load on it.
trait Kernel {
    /// Delivers at least so many messages; says how many they were.
    fn run(&mut self, at_least: u64) -> u64;

    /// A number that depends on every delivery and its order, where the order is defined.
    fn checksum(&self) -> Option<u64>;
}

/// A load and its size.
#[derive(Clone, Copy)]
struct Population {
    load: Load,
    actors: u32,
}

const POPULATIONS: [(&str, Population); 6] = {
    const fn of(load: Load, actors: u32) -> Population {
        Population { load, actors }
    }
    [
        ("PHOLD, 64 actors", of(Load::Phold, 64)),
        ("PHOLD, 1,024 actors", of(Load::Phold, 1024)),
        ("PHOLD, 16,384 actors", of(Load::Phold, 16_384)),
        ("ring of clients and servers", of(Load::Ring, 1024)),
        ("ring of eight kinds", of(Load::MixedRing, 1024)),
        ("clocks of 40 and 35 ticks", of(Load::Clocks, 1024)),
    ]
};

/// A kernel with its name, and a number of events that takes a tenth of a second or more.
struct Contender {
    name: &'static str,
    build: Box<dyn Fn(Population) -> Box<dyn Kernel>>,
    events: u64,
}

fn contenders() -> Vec<Contender> {
    fn of(
        name: &'static str,
        events: u64,
        build: impl Fn(Population) -> Box<dyn Kernel> + 'static,
    ) -> Contender {
        let build = Box::new(build);
        Contender { name, build, events }
    }
    vec![
        of("wheel", 2_000_000, ours::on(Engine::Wheel)),
        #[cfg(feature = "desim")]
        of("desim", 1_000_000, raw_desim::build),
        of("BinaryHeap", 1_000_000, std_heap::build),
        of("NeXosim", 200_000, nexosim::build),
        of("heap engine", 1_000_000, ours::on(Engine::Heap)),
        #[cfg(feature = "desim")]
        of("desim engine", 500_000, ours::on(Engine::Desim)),
    ]
}

/// What a feature of the kernel costs: the wheel with and without it.
fn variants() -> Vec<Contender> {
    let of = |name, build: fn(Population) -> Box<dyn Kernel>| Contender {
        name,
        build: Box::new(build),
        events: 2_000_000,
    };
    vec![
        of("no tracing in the model", |population| {
            ours::on(Engine::Wheel)(population)
        }),
        of("traced, no sink", ours::unheard),
        of("traced into a ring", ours::traced),
        of("with digest", ours::digested),
    ]
}

fn bench(criterion: &mut Criterion) {
    for (name, population) in POPULATIONS {
        let mut group = criterion.benchmark_group(name);
        for contender in contenders() {
            let events = contender.events / 20;
            let mut kernel = (contender.build)(population);
            kernel.run(events);
            group.throughput(Throughput::Elements(events));
            group.bench_function(BenchmarkId::from_parameter(contender.name), |bencher| {
                bencher.iter_custom(|rounds| time(&mut *kernel, rounds * events));
            });
        }
        group.finish();
    }
}

/// How long `events` take, by the rate over a number as near to it as the kernel can stop.
fn time(kernel: &mut dyn Kernel, events: u64) -> Duration {
    let start = Instant::now();
    let delivered = kernel.run(events);
    start.elapsed().mul_f64(events as f64 / delivered as f64)
}

fn main() {
    if !std::env::args().any(|argument| argument == "--table") {
        let mut criterion = Criterion::default()
            .sample_size(10)
            .warm_up_time(Duration::from_millis(100))
            .measurement_time(Duration::from_millis(400))
            .configure_from_args();
        bench(&mut criterion);
        criterion.final_summary();
    }
    // `cargo test` and CI pass `--test`, to see that everything runs: no figures then.
    if std::env::args().any(|argument| argument == "--test") {
        table::check();
    } else {
        table::print(5);
    }
}
