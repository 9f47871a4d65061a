//! The experiments of the papers, on this machine: the tables of `docs/experiments.md`.
//!
//! `cargo run --release -p tests --example experiments`

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use components::energy_part::EnergyPart;
use scenarios::Scenario;
use scenarios::schema::{Embedding, Reference};
use scenarios::transformer::Transformer;
use tests::{plan, run, shipped};

fn main() {
    activation_sparsity();
    buffers_and_pes();
    memories();
    ablations();
}

/// What a run comes to.
struct Outcome {
    cycles: u64,
    seconds: f64,
    sequences: u32,
    /// All energy, and that which leaks, in mJ.
    energy: f64,
    leakage: f64,
    /// Blocks written to main memory to make room.
    spills: u64,
}

impl Outcome {
    fn of(base: &str, change: impl FnOnce(&mut Scenario)) -> Self {
        let run = run(plan(&shipped(base, change)));
        let machine = run.measured.machine.energy(&run.plan.machine, run.plan.timebase);
        let memory = run.measured.memory.energy.total().0 * 1e-3;
        Self {
            cycles: run.cycles(),
            seconds: run.seconds(),
            sequences: run.plan.machine.scenario.workload.batch,
            energy: (machine.total().0 + memory) * 1e-6,
            leakage: machine.by_part()[EnergyPart::Leakage].0 * 1e-6,
            spills: run.measured.machine.spills,
        }
    }

    fn sequences_per_second(&self) -> f64 {
        f64::from(self.sequences) / self.seconds
    }

    fn energy_each(&self) -> f64 {
        self.energy / f64::from(self.sequences)
    }

    fn watts(&self) -> f64 {
        self.energy * 1e-3 / self.seconds
    }
}

/// AccelTran, BERT-Tiny on the edge machine: what a few more zeros in activations bring.
fn activation_sparsity() {
    println!("\n### Activation sparsity from 30 to 34 %, BERT-Tiny on the edge machine\n");
    println!("| memory | throughput | energy |");
    println!("|---|---:|---:|");
    println!("| the paper | +5 % | -2 % |");
    for memory in ["ideal", "lpddr3-1600"] {
        let [before, after] = [0.30, 0.34].map(|sparsity| {
            Outcome::of("bert-tiny-edge", |scenario| {
                scenario.sparsity.activation_density = 1.0 - sparsity;
                scenario.memory = Reference::Preset(memory.to_owned());
            })
        });
        let change = |after: f64, before: f64| 100.0 * (after / before - 1.0);
        println!(
            "| `{memory}` | {:+.1} % | {:+.1} % |",
            change(after.sequences_per_second(), before.sequences_per_second()),
            change(after.energy, before.energy),
        );
    }
}

/// AccelTran, the edge machine with a batch of 32: where more buffer stops to help, and what more PEs bring.
fn buffers_and_pes() {
    println!("\n### Buffers and PEs, BERT-Tiny, batch of 32, edge machine: cycles\n");
    println!("| all buffers, MB | 32 PEs | 64 PEs | 128 PEs | ideal memory, 32 PEs | 64 PEs | 128 PEs |");
    println!("|---:|---:|---:|---:|---:|---:|---:|");
    for megabytes in [0.5, 1.0, 2.0, 4.0, 10.0, 13.0, 16.0] {
        let machines = ["lpddr3-1600", "ideal"].map(|memory| [32, 64, 128].map(|pes| (memory, pes)));
        let cells = machines.as_flattened().iter().map(|&(memory, pes)| {
            let outcome = Outcome::of("bert-tiny-edge", |scenario| {
                scenario.workload.batch = 32;
                scenario.accelerator.processing_elements = pes;
                // As the edge machine divides its 13 MB.
                let buffers = &mut scenario.accelerator.buffers;
                buffers.activation_mb = megabytes * 4.0 / 13.0;
                buffers.weight_mb = megabytes * 8.0 / 13.0;
                buffers.mask_mb = megabytes / 13.0;
                scenario.memory = Reference::Preset(memory.to_owned());
            });
            match outcome.spills {
                0 => format!(" {} |", outcome.cycles),
                spills => format!(" {} ({spills} blocks spilled) |", outcome.cycles),
            }
        });
        println!("| {megabytes} |{}", cells.collect::<String>());
    }
}

fn server(change: impl FnOnce(&mut Scenario)) -> Outcome {
    let bert_tiny = Transformer::shipped("bert-tiny").unwrap_or_else(|wrong| panic!("{wrong}"));
    Outcome::of("bert-base-server", |scenario| {
        scenario.workload.transformer = bert_tiny;
        change(scenario);
    })
}

/// Tables of embeddings of which the rows that are needed are gathered, or that are loaded whole.
const EMBEDDINGS: [Embedding; 2] = [Embedding::Gather, Embedding::WholeTable];

/// AccelTran, BERT-Tiny on the server machine: sequences per second by memory.
fn memories() {
    println!("\n### Memories, BERT-Tiny on the server machine: sequences per second\n");
    println!("| memory | batch of 4, gathered | whole table | batch of 128, gathered | whole table |");
    println!("|---|---:|---:|---:|---:|");
    for memory in [
        "rram-m3d",
        "hbm2",
        "published/dram_16_2_2",
        "lpddr3-1600",
        "ideal",
    ] {
        let cases = [4, 128].map(|batch| EMBEDDINGS.map(|embedding| (batch, embedding)));
        let cells = cases.as_flattened().iter().map(|&(batch, embedding)| {
            let outcome = server(|scenario| {
                scenario.workload.batch = batch;
                scenario.workload.embedding = embedding;
                scenario.memory = Reference::Preset(memory.to_owned());
            });
            format!(" {:.0} |", outcome.sequences_per_second())
        });
        println!("| `{memory}` |{}", cells.collect::<String>());
    }
}

/// Without something: what it is called, and the factors that the paper gives.
struct Ablation {
    without: &'static str,
    rate: &'static str,
    energy: &'static str,
    change: fn(&mut Scenario),
}

const ABLATIONS: [Ablation; 4] = [
    Ablation {
        without: "DynaProp",
        rate: "0.54",
        energy: "1.08",
        change: |scenario| scenario.sparsity.dynaprop = false,
    },
    Ablation {
        without: "weight pruning",
        rate: "0.95",
        energy: "1.44",
        change: |scenario| scenario.sparsity.weight_density = 1.0,
    },
    Ablation {
        without: "any sparsity",
        rate: "0.53",
        energy: "1.93",
        change: |scenario| {
            scenario.sparsity.dynaprop = false;
            scenario.sparsity.weight_density = 1.0;
        },
    },
    Ablation {
        without: "monolithic 3D (`published/dram_16_2_2`)",
        rate: "0.52",
        energy: "1.24",
        change: |scenario| scenario.memory = Reference::Preset("published/dram_16_2_2".to_owned()),
    },
];

/// Where ablations are made: the machine as it is shipped, with whole tables of embeddings, and on a memory without time.
const SETTINGS: [fn(&mut Scenario); 3] = [
    |_| {},
    |scenario| scenario.workload.embedding = Embedding::WholeTable,
    |scenario| scenario.memory = Reference::Preset("ideal".to_owned()),
];

/// AccelTran, BERT-Tiny on the server machine, a batch of 128: what each feature is worth.
fn ablations() {
    println!(
        "\n### Ablations, BERT-Tiny on the server machine, batch of 128: factors on sequences per second, energy\n"
    );
    println!("| without | theirs | gathered rows | whole table | ideal memory |");
    println!("|---|---:|---:|---:|---:|");
    let whole = SETTINGS.map(|setting| server(|scenario| of_batch(scenario, setting)));
    for ablation in &ABLATIONS {
        print!(
            "| {} | {}, {} |",
            ablation.without, ablation.rate, ablation.energy
        );
        for (setting, whole) in SETTINGS.iter().zip(&whole) {
            let outcome = server(|scenario| {
                of_batch(scenario, *setting);
                (ablation.change)(scenario);
            });
            print!(
                " {:.2}, {:.2} |",
                outcome.sequences_per_second() / whole.sequences_per_second(),
                outcome.energy / whole.energy,
            );
        }
        println!();
    }
    println!("\n| all of it | sequences per second | mJ each | W | of them leakage |");
    println!("|---|---:|---:|---:|---:|");
    println!("| theirs | 172000 | 0.140 | 24 | |");
    for (name, outcome) in ["gathered rows", "whole table", "ideal memory"]
        .iter()
        .zip(&whole)
    {
        println!(
            "| {name} | {:.0} | {:.3} | {:.0} | {:.0} |",
            outcome.sequences_per_second(),
            outcome.energy_each(),
            outcome.watts(),
            outcome.leakage * 1e-3 / outcome.seconds,
        );
    }
}

fn of_batch(scenario: &mut Scenario, setting: fn(&mut Scenario)) {
    scenario.workload.batch = 128;
    setting(scenario);
}
