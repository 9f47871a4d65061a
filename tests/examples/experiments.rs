//! The experiments of the papers, on this machine: the tables of `docs/experiments.md`.
//!
//! `cargo run --release -p tests --example experiments`

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use components::energy_part::EnergyPart;
use scenarios::Scenario;
use scenarios::schema::Reference;
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
    println!("| all buffers, MB | 32 PEs | 64 PEs | 128 PEs |");
    println!("|---:|---:|---:|---:|");
    for megabytes in [0.5, 1.0, 2.0, 4.0, 10.0, 11.0, 12.0, 13.0, 14.0, 16.0] {
        let cycles = [32, 64, 128].map(|pes| {
            let outcome = Outcome::of("bert-tiny-edge", |scenario| {
                scenario.workload.batch = 32;
                scenario.accelerator.processing_elements = pes;
                // As the edge machine divides its 13 MB.
                let buffers = &mut scenario.accelerator.buffers;
                buffers.activation_mb = megabytes * 4.0 / 13.0;
                buffers.weight_mb = megabytes * 8.0 / 13.0;
                buffers.mask_mb = megabytes / 13.0;
            });
            match outcome.spills {
                0 => format!("{}", outcome.cycles),
                spills => format!("{} ({spills} blocks spilled)", outcome.cycles),
            }
        });
        println!("| {megabytes} | {} | {} | {} |", cycles[0], cycles[1], cycles[2]);
    }
}

fn server(change: impl FnOnce(&mut Scenario)) -> Outcome {
    let bert_tiny = Transformer::shipped("bert-tiny").unwrap_or_else(|wrong| panic!("{wrong}"));
    Outcome::of("bert-base-server", |scenario| {
        scenario.workload.transformer = bert_tiny;
        change(scenario);
    })
}

/// AccelTran, BERT-Tiny on the server machine: sequences per second by memory.
fn memories() {
    println!("\n### Memories, BERT-Tiny on the server machine: sequences per second\n");
    println!("| memory | batch of 4 | batch of 128 |");
    println!("|---|---:|---:|");
    for memory in [
        "rram-m3d",
        "hbm2",
        "published/dram_16_2_2",
        "lpddr3-1600",
        "ideal",
    ] {
        let rates = [4, 128].map(|batch| {
            server(|scenario| {
                scenario.workload.batch = batch;
                scenario.memory = Reference::Preset(memory.to_owned());
            })
            .sequences_per_second()
        });
        println!("| `{memory}` | {:.0} | {:.0} |", rates[0], rates[1]);
    }
}

/// AccelTran, BERT-Tiny on the server machine, a batch of 128: what each feature is worth.
fn ablations() {
    println!("\n### Ablations, BERT-Tiny on the server machine, batch of 128\n");
    println!("| without | sequences per second, theirs | ours | energy, theirs | ours |");
    println!("|---|---:|---:|---:|---:|");
    let batch = |scenario: &mut Scenario| scenario.workload.batch = 128;
    let whole = server(batch);
    let rows: [(&str, [&str; 2], fn(&mut Scenario)); 5] = [
        ("DynaProp", ["0.54", "1.08"], |scenario| {
            scenario.sparsity.dynaprop = false;
        }),
        ("weight pruning", ["0.95", "1.44"], |scenario| {
            scenario.sparsity.weight_density = 1.0;
        }),
        ("any sparsity", ["0.53", "1.93"], |scenario| {
            scenario.sparsity.dynaprop = false;
            scenario.sparsity.weight_density = 1.0;
        }),
        ("monolithic 3D (DRAM)", ["0.52", "1.24"], |scenario| {
            scenario.memory = Reference::Preset("published/dram_16_2_2".to_owned());
        }),
        ("monolithic 3D (LPDDR3)", ["0.52", "1.24"], |scenario| {
            scenario.memory = Reference::Preset("lpddr3-1600".to_owned());
        }),
    ];
    for (name, [rate, energy], change) in rows {
        let outcome = server(|scenario| {
            batch(scenario);
            change(scenario);
        });
        println!(
            "| {name} | {rate} | {:.2} | {energy} | {:.2} |",
            outcome.sequences_per_second() / whole.sequences_per_second(),
            outcome.energy / whole.energy,
        );
    }
    println!(
        "\nAll of it: {:.0} sequences per second, {:.3} mJ each, {:.0} W, {:.0} W of them leakage; theirs: 172,000, 0.140 mJ, 24 W.",
        whole.sequences_per_second(),
        whole.energy_each(),
        whole.watts(),
        whole.leakage * 1e-3 / whole.seconds,
    );
}
