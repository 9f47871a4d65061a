//! What ranking a population and measuring a front cost on this machine, by number of objectives.
//!
//! Run with `cargo run --release -p elector-search --example hypervolume`.

#![allow(clippy::print_stdout, reason = "an example prints its findings")]

use std::hint::black_box;
use std::time::Instant;

use search::draws::Draws;
use search::front::hypervolume::{Covered, choose, hypervolume};
use search::front::selection::survivors;

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
        let population: Vec<Vec<f64>> = (0..240)
            .map(|_| (0..objectives).map(|_| draws.uniform()).collect())
            .collect();
        let reference = vec![1.0; objectives];
        let mut covered = Covered::new(&reference);
        front.iter().for_each(|point| covered.add(point));

        let all = microseconds(|| {
            candidates
                .iter()
                .map(|candidate| covered.gain(candidate))
                .sum::<f64>()
        });
        let whole = microseconds(|| hypervolume(&front, &reference));
        let choice = microseconds(|| choose(&mut covered, &candidates, 7));
        let selection = microseconds(|| survivors(&population, 120));
        println!(
            "{objectives} objectives: one gain over a front of 60 {:.1} us, its volume {whole:.0} us, 7 of 240 chosen \
             {choice:.0} us; survivors of 240 {selection:.0} us",
            all / 240.0
        );
    }
}

/// How long `work` takes.
fn microseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_secs_f64() * 1e6
}
