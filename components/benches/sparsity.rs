//! The sparsity modules on values: a tile operation of 16 x 16 x 16, half of each operand zero.
//!
//! `cargo bench -p elector-components --bench sparsity`

use std::hint::black_box;

use components::sparsity::compressed::{CompressedTile, Extents};
use components::sparsity::product::ProductTile;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sim_core::random;

const SIDE: usize = 16;
const EXTENTS: Extents = Extents {
    batch: 1,
    rows: SIDE,
    columns: SIDE,
};

/// Words of 4 + 16 bits, evenly within (-1, 1).
fn words(seed: u64) -> Vec<f64> {
    let word = |index| f64::from((random::draw(seed, index) % 131_071) as i32 - 65_535) / 65_536.0;
    (0..(SIDE * SIDE) as u64).map(word).collect()
}

fn modules(criterion: &mut Criterion) {
    let (left, right) = (words(1), words(2));
    let mut tile = CompressedTile::default();
    let mut pruned = |values: &[f64]| {
        tile.refill_from(values, EXTENTS, [0, 0, 0], EXTENTS, 0.5);
        tile.clone()
    };
    let (a, b) = (pruned(&left), pruned(&right));
    let product = ProductTile::new(&a, &b);

    let mut group = criterion.benchmark_group("sparsity");
    group.throughput(Throughput::Elements((SIDE * SIDE) as u64));
    let mut tile = CompressedTile::default();
    group.bench_function("prune and compress", |bencher| {
        bencher.iter(|| tile.refill_from(black_box(&left), EXTENTS, [0, 0, 0], EXTENTS, 0.5));
    });
    group.throughput(Throughput::Elements(product.dense_pairs()));
    group.bench_function("count pairs", |bencher| {
        bencher.iter(|| black_box(&product).surviving_pairs());
    });
    let mut sums = vec![0.0; SIDE * SIDE];
    group.bench_function("multiply", |bencher| {
        bencher.iter(|| black_box(&product).accumulate(&mut sums));
    });
    group.bench_function("list pairs", |bencher| {
        let matched = product.matched();
        bencher.iter(|| {
            let pairs = matched.elements().flat_map(|(_, pairs)| pairs);
            pairs.map(|pair| pair.left * pair.right).sum::<f64>()
        });
    });
    group.finish();
}

criterion_group!(benches, modules);
criterion_main!(benches);
