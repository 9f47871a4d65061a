//! What the parts of a search cost that are run most often, in microseconds on this machine.
//!
//! Run with `cargo run --release -p elector-search --example hypervolume`.

#![allow(clippy::print_stdout, reason = "an example prints its findings")]

use std::hint::black_box;
use std::time::Instant;

use search::draws::Draws;
use search::front::hypervolume::{Covered, choose, hypervolume};

fn on_the_sphere(count: usize, objectives: usize, draws: &mut Draws) -> Vec<Vec<f64>> {
    let point = |draws: &mut Draws| {
        let direction: Vec<f64> = (0..objectives).map(|_| draws.normal().abs()).collect();
        let length = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        direction.iter().map(|x| 1.0 - x / length).collect()
    };
    (0..count).map(|_| point(draws)).collect()
}

fn main() {
    let mut draws = Draws::new(1, 0, 0);
    for objectives in 2..=6 {
        let front = on_the_sphere(60, objectives, &mut draws);
        let candidates = on_the_sphere(240, objectives, &mut draws);
        let reference = vec![1.0; objectives];
        let mut covered = Covered::new(&reference);
        front.iter().for_each(|point| covered.add(point));
        let start = Instant::now();
        let total: f64 = candidates.iter().map(|candidate| covered.gain(candidate)).sum();
        let gain = start.elapsed().as_secs_f64() * 1e6 / 240.0;
        black_box(total);
        let start = Instant::now();
        let volume = hypervolume(&front, &reference);
        let whole = start.elapsed().as_secs_f64() * 1e6;
        let start = Instant::now();
        let chosen = choose(&mut covered, &candidates, 7).len();
        let choice = start.elapsed().as_secs_f64() * 1e6;
        println!(
            "{objectives} objectives, front of 60: one gain {gain:.2} us; volume {volume:.3} {whole:.0} us; \
             {chosen} of 240 chosen {choice:.0} us"
        );
    }
}
