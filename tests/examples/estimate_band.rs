//! How far the corrected estimate is from the simulation, over pairs drawn from the two design spaces: the table of
//! `docs/conventions.md`.
//!
//! `cargo run --release -p tests --example estimate_band [training] [PAIRS [FIRST [MOST_TILES]]]`: so many pairs from number
//! FIRST on, those with more than MOST_TILES tile operations left out. Every fourth shares its memory with other traffic. With
//! `training`, they are training steps, each alone on its memory.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use std::time::Instant;

use tests::band::{Class, Compared, compare, quantile, share_within};
use tests::pairs::{pair, training_pair};

fn main() {
    let mut arguments = std::env::args().skip(1).peekable();
    let training = arguments.next_if(|word| word == "training").is_some();
    let mut argument = |otherwise: u64| {
        let stated = arguments.next();
        stated.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (pairs, first, most) = (argument(300), argument(1), argument(150_000));
    let began = Instant::now();
    let drawn = (first..).filter_map(|seed| match training {
        true => training_pair(seed, most),
        false => pair(seed, seed % 4 == 0, most),
    });
    let compared: Vec<Compared> = drawn.take(pairs as usize).map(compare).collect();
    println!(
        "{} pairs, of numbers {first} to {}, in {:.0} s",
        compared.len(),
        compared.last().map_or(first, |last| last.seed),
        began.elapsed().as_secs_f64()
    );
    print_cycles(&compared);
    print_energies(&compared);
    print_worst(&compared);
}

fn sorted(ratios: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut ratios: Vec<f64> = ratios.collect();
    ratios.sort_by(f64::total_cmp);
    ratios
}

fn print_cycles(compared: &[Compared]) {
    println!(
        "\n| cycles, estimated / simulated | pairs | min | 5 % | 25 % | median | 75 % | 95 % | max | within 5 % | within 15 % |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for class in Class::ALL {
        let of_class = compared.iter().filter(|pair| pair.class == class);
        let ratios = sorted(of_class.map(|pair| pair.cycles));
        if ratios.is_empty() {
            continue;
        }
        print!("| {} | {} |", class.name(), ratios.len());
        for share in [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0] {
            print!(" {:.3} |", quantile(&ratios, share));
        }
        println!(
            " {:.0} % | {:.0} % |",
            100.0 * share_within(&ratios, 0.05),
            100.0 * share_within(&ratios, 0.15)
        );
    }
}

fn print_energies(compared: &[Compared]) {
    let alone: Vec<&Compared> = compared
        .iter()
        .filter(|pair| pair.class != Class::Contended)
        .collect();
    println!("\n| energy, estimated / simulated, not contended | min | 5 % | median | 95 % | max |");
    println!("|---|---:|---:|---:|---:|---:|");
    let names = alone.first().map_or(&[][..], |pair| &pair.energies);
    for (index, (name, _)) in names.iter().enumerate() {
        let ratios = sorted(alone.iter().map(|pair| pair.energies[index].1));
        print!("| {name} |");
        for share in [0.0, 0.05, 0.5, 0.95, 1.0] {
            print!(" {:.4} |", quantile(&ratios, share));
        }
        println!();
    }
}

fn print_worst(compared: &[Compared]) {
    println!("\nFarthest off:");
    for class in Class::ALL {
        let mut of_class: Vec<&Compared> = compared.iter().filter(|pair| pair.class == class).collect();
        of_class.sort_by(|a, b| (b.cycles - 1.0).abs().total_cmp(&(a.cycles - 1.0).abs()));
        for pair in of_class.iter().take(5) {
            println!(
                "{}: pair {}, {:.3} of {} cycles, {} spills",
                class.name(),
                pair.seed,
                pair.cycles,
                pair.simulated,
                pair.spills
            );
        }
    }
}
