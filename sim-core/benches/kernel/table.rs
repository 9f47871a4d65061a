//! The comparison: all kernels in one process, round by round, on the CPU clock.

use rustix::time::{ClockId, clock_gettime};

use crate::{Contender, Kernel, POPULATIONS, Population, contenders, variants};

/// CPU seconds that this process has used.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

/// M events per CPU second.
fn rate(kernel: &mut dyn Kernel, events: u64) -> f64 {
    let start = cpu_seconds();
    let delivered = kernel.run(events);
    delivered as f64 / (cpu_seconds() - start) / 1e6
}

/// The rates of all contenders in each round, after one round of warming up.
fn measure(contenders: &[Contender], population: Population, rounds: usize) -> Vec<Vec<f64>> {
    let mut kernels: Vec<_> = contenders
        .iter()
        .map(|contender| (contender.build)(population))
        .collect();
    let mut round = || -> Vec<f64> {
        let with_events = kernels.iter_mut().zip(contenders);
        with_events
            .map(|(kernel, contender)| rate(&mut **kernel, contender.events))
            .collect()
    };
    round();
    (0..rounds).map(|_| round()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn column(rounds: &[Vec<f64>], contender: usize) -> f64 {
    median(rounds.iter().map(|round| round[contender]).collect())
}

/// Prints the medians of `rounds` rounds, and the wheel's lead over desim as the median of the ratios within
/// each round.
pub(crate) fn print(rounds: usize) {
    let contenders = contenders();
    println!("\nM events per CPU second, median of {rounds} rounds\n");
    print!("| {:<28} |", "load");
    for contender in &contenders {
        print!(" {:>12} |", contender.name);
    }
    println!(" {:>11} |", "wheel/desim");
    println!(
        "|{:-<30}|{}{:-<12}:|",
        "",
        "-------------:|".repeat(contenders.len()),
        ""
    );
    let desim = contenders.iter().position(|contender| contender.name == "desim");
    for (name, population) in POPULATIONS {
        let measured = measure(&contenders, population, rounds);
        print!("| {name:<28} |");
        for contender in 0..contenders.len() {
            print!(" {:>12.2} |", column(&measured, contender));
        }
        let lead = desim.map(|desim| median(measured.iter().map(|round| round[0] / round[desim]).collect()));
        println!(" {:>11} |", lead.map_or("-".into(), |lead| format!("{lead:.2}")));
    }
    print_variants(rounds);
}

fn print_variants(rounds: usize) {
    let variants = variants();
    let (name, population) = POPULATIONS[1];
    println!("\nwheel on {name}, M events per CPU second\n");
    let measured = measure(&variants, population, rounds);
    for (place, variant) in variants.iter().enumerate() {
        println!("| {:<28} | {:>12.2} |", variant.name, column(&measured, place));
    }
}

/// Runs every kernel a little, and holds those of defined order against each other.
pub(crate) fn check() {
    for (name, population) in POPULATIONS {
        let mut checksums = Vec::new();
        for contender in contenders() {
            let mut kernel = (contender.build)(population);
            kernel.run(10_000);
            checksums.extend(kernel.checksum());
        }
        assert!(
            checksums.windows(2).all(|pair| pair[0] == pair[1]),
            "{name}: kernels of the same order end in the same state, not {checksums:x?}"
        );
        println!(
            "{name}: {} kernels agree on {:016x}",
            checksums.len(),
            checksums[0]
        );
    }
}
