//! Requests a second of a memory alone, on the request patterns that DRAMsim3 was measured with.
//!
//! `cargo bench -p elector-memory --bench memory`. The throughput shown is in requests; DRAMsim3 does 218 / 73 / 30
//! thousand a second on LPDDR3 sequential / random / sparse random, Ramulator 2.1 163 / 51 / 84 thousand
//! (2.3 GHz Xeon, CPU time).

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use memory::pattern::{Geometry, Pattern};
use memory::{MemoryDescription, MemoryPlan, replay};
use ron::extensions::Extensions;
use sim_core::Engine;

fn plan(name: &str) -> MemoryPlan {
    let path = format!(
        "{}/../../scenarios/library/memory/{name}.ron",
        env!("CARGO_MANIFEST_DIR")
    );
    let text = std::fs::read_to_string(path).expect("the library is beside the crate");
    let description: MemoryDescription = ron::Options::default()
        .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES)
        .from_str(&text)
        .expect("shipped memories parse");
    MemoryPlan::new(description).expect("shipped memories are valid")
}

fn geometry(name: &str) -> Geometry {
    let (capacity, row_stride, page) = match name {
        "lpddr3-1600" | "dramsim3/lpddr3-1600" => (2 << 30, 64 << 10, 8192),
        "ddr4-2400" => (16 << 30, 256 << 10, 8192),
        _ => (4 << 30, 256 << 10, 2048),
    };
    Geometry {
        capacity,
        row_stride,
        page,
    }
}

fn replays(criterion: &mut Criterion) {
    let patterns = [
        ("sequential", Pattern::Sequential, 100_000),
        ("random", Pattern::Random { seed: 1 }, 100_000),
        ("sparse", Pattern::SparseRandom { seed: 3, period: 200 }, 20_000),
        (
            "two reads, one write",
            Pattern::SequentialTwoReadsOneWrite,
            100_000,
        ),
    ];
    for name in ["dramsim3/lpddr3-1600", "lpddr3-1600", "ddr4-2400", "hbm2", "rram"] {
        let plan = plan(name);
        let mut group = criterion.benchmark_group(name);
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(2));
        for (label, pattern, requests) in patterns {
            group.throughput(Throughput::Elements(requests));
            group.bench_function(BenchmarkId::from_parameter(label), |bencher| {
                bencher.iter(|| {
                    let records = pattern.records(geometry(name), requests);
                    black_box(replay(&plan, records, 1, Engine::Wheel).expect("the replay ends"))
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, replays);
criterion_main!(benches);
