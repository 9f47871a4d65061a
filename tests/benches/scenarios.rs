//! Whole scenarios from an empty machine to the last tile: tile operations a second.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use scenarios::Loaded;
use tests::{plan, run, shipped};

fn whole_scenarios(criterion: &mut Criterion) {
    let as_it_is = |name| (name, shipped(name, |_| {}));
    let one_layer = shipped("bert-base-server", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 4;
    });
    let cases: [(&str, Loaded); 4] = [
        as_it_is("tiny-trace"),
        as_it_is("bert-tiny-edge"),
        as_it_is("flexibert-mixed"),
        ("bert-base-server, one layer, batch 4", one_layer),
    ];
    let mut group = criterion.benchmark_group("scenarios");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(4));
    for (name, loaded) in cases {
        let plan = plan(&loaded);
        group.throughput(Throughput::Elements(plan.machine.program.tile_operations));
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(run(plan.clone()).measured.events))
        });
    }
    group.finish();
}

criterion_group!(benches, whole_scenarios);
criterion_main!(benches);
