//! Changes of a scenario, a field at a time.

use std::collections::BTreeMap;

use components::background::AddressPattern;
use scenarios::Scenario;
use scenarios::schema::{
    Accelerator, AcceleratorFile, ActivationFunction, Arbitration, Arrivals, Background, BlockOrder,
    BlockSizes, BlocksByRole, BufferBandwidth, BufferPorts, Buffers, Candidate, CandidateFile, Changes,
    ChangesFile, Compare, CompareFile, Contention, DensitySource, Distribution, Dma, Embedding, Mapping,
    Number, OperandBroadcast, Optimizer, Phase, RoleSizes, ScenarioFile, Scheduling, SchedulingPolicy,
    Sparsity, Stages, Tenant, Tile, Traffic, Weights, Word, Workload,
};
use scenarios::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};

use super::dice::Dice;

/// Changes one to three fields.
pub(super) fn change(scenario: &mut Scenario, dice: &mut Dice) {
    for _ in 0..=dice.below(3) {
        field(scenario, dice);
    }
}

fn field(scenario: &mut Scenario, dice: &mut Dice) {
    let Scenario {
        name,
        workload: its_workload,
        accelerator: its_accelerator,
        memory,
        costs,
        sparsity: its_sparsity,
        scheduling: Scheduling { policy },
        contention: its_contention,
        compare: its_compare,
        seed,
        watchdog_us,
    } = scenario;
    match dice.below(21) {
        0 => *name = dice.name(),
        1..=4 => workload(its_workload, dice),
        5..=10 => accelerator(its_accelerator, dice),
        11 => *memory = dice.reference(),
        12 => *costs = dice.reference(),
        13 | 14 => sparsity(its_sparsity, dice),
        15 => *policy = dice.of(&[SchedulingPolicy::EqualPriority, SchedulingPolicy::StaggeredHeads]),
        16 | 17 => contention(its_contention, dice),
        18 => compare(its_compare, dice),
        19 => *seed = dice.long(),
        _ => *watchdog_us = dice.flip().then(|| dice.real()),
    }
}

fn workload(workload: &mut Workload, dice: &mut Dice) {
    let Workload {
        transformer: its_transformer,
        batch,
        batches,
        sequence_length,
        vocabulary,
        phase,
        weights,
        optimizer,
        learning_rate,
        activation_function,
        embedding,
    } = workload;
    match dice.below(13) {
        12 => *batches = dice.natural(),
        0..=2 => transformer(its_transformer, dice),
        3 => *batch = dice.natural(),
        4 => *sequence_length = dice.natural(),
        5 => *vocabulary = dice.natural(),
        6 => *phase = dice.of(&[Phase::Inference, Phase::Training]),
        7 => {
            *weights = match dice.flip() {
                true => Weights::Seed,
                false => Weights::File(dice.file()),
            }
        }
        8 => {
            *optimizer = match dice.flip() {
                true => Optimizer::Adam,
                false => Optimizer::Sgd {
                    momentum: dice.real(),
                },
            }
        }
        9 => *learning_rate = dice.real(),
        10 => *activation_function = dice.of(&[ActivationFunction::Gelu, ActivationFunction::Relu]),
        _ => *embedding = dice.of(&[Embedding::Gather, Embedding::WholeTable]),
    }
}

fn transformer(transformer: &mut Transformer, dice: &mut Dice) {
    let Transformer { layers } = transformer;
    match dice.below(8) {
        0 => layers.clear(),
        1 => layers.truncate(1),
        2 => layers.push(layer(dice)),
        3 => {
            let repeated = layer(dice);
            let count = dice.of(&[2, 1_024, 1_025]);
            *layers = vec![repeated; count];
        }
        _ => {
            let at = dice.below(layers.len());
            let Some(Layer {
                hidden,
                heads,
                feed_forward,
            }) = layers.get_mut(at)
            else {
                return;
            };
            match dice.below(6) {
                0 => *hidden = dice.natural(),
                1 => heads.clear(),
                2 => heads.push(head(dice)),
                3 => *heads = vec![head(dice); 1 + dice.below(1_100)],
                4 => *feed_forward = (0..dice.below(4)).map(|_| dice.natural()).collect(),
                _ => *feed_forward = vec![dice.natural(); dice.of(&[1, 64, 65])],
            }
        }
    }
}

fn layer(dice: &mut Dice) -> Layer {
    Layer {
        hidden: dice.natural(),
        heads: (0..dice.below(4)).map(|_| head(dice)).collect(),
        feed_forward: (0..dice.below(3)).map(|_| dice.natural()).collect(),
    }
}

fn head(dice: &mut Dice) -> Head {
    let dimension = dice.natural();
    match dice.below(3) {
        0 => Head::Attention {
            kind: dice.of(&[
                AttentionKind::ScaledDotProduct,
                AttentionKind::WeightedMultiplicative,
            ]),
            dimension,
        },
        1 => Head::LinearTransform {
            kind: dice.of(&[TransformKind::Fourier, TransformKind::Cosine]),
            dimension,
        },
        _ => Head::Convolution {
            kernel: dice.of(&[0, 4, 5, 9, 13, u32::MAX]),
            dimension,
        },
    }
}

fn accelerator(accelerator: &mut Accelerator, dice: &mut Dice) {
    let Accelerator {
        clock_mhz,
        processing_elements,
        lanes_per_pe,
        multipliers_per_lane,
        softmax_per_pe,
        tile: Tile { b, x, y },
        buffers: Buffers {
            activation_mb,
            weight_mb,
            mask_mb,
        },
        word: Word {
            integer_bits,
            fraction_bits,
        },
        loop_order,
        mapping: its_mapping,
        operand_fifo_tiles,
        operand_bus_bytes,
        operand_broadcast: OperandBroadcast { rows, columns },
        buffer_bandwidth:
            BufferBandwidth {
                activation,
                weight,
                mask,
            },
        stages:
            Stages {
                dynaprop_cycles,
                pre_compute_cycles,
                post_compute_cycles,
            },
        dma: Dma { outstanding_requests },
        prefetch_operations,
        power_gating,
    } = accelerator;
    let natural = match dice.below(28) {
        0 => processing_elements,
        1 => lanes_per_pe,
        2 => multipliers_per_lane,
        3 => softmax_per_pe,
        4 => b,
        5 => x,
        6 => y,
        7 => integer_bits,
        8 => fraction_bits,
        9 => operand_fifo_tiles,
        10 => dynaprop_cycles,
        11 => pre_compute_cycles,
        12 => post_compute_cycles,
        13 => outstanding_requests,
        14 => prefetch_operations,
        other => {
            match other {
                15 => *clock_mhz = dice.real(),
                16 => *activation_mb = dice.real(),
                17 => *weight_mb = dice.real(),
                18 => *mask_mb = dice.real(),
                19 => {
                    *loop_order = dice
                        .of(&["bijk", "kjib", "ibkj", "bkij", "Auto", "Auto(Time)"])
                        .parse()
                        .unwrap_or_default();
                }
                20 | 21 => mapping(its_mapping, dice),
                22 => *rows = dice.of(&[1, 2, 4, 3, 128]),
                23 => *columns = dice.of(&[1, 2, 4, 3, 128]),
                24 | 25 => {
                    let BufferPorts { banks, width_bits } = match dice.below(3) {
                        0 => activation,
                        1 => weight,
                        _ => mask,
                    };
                    *banks = dice.flip().then(|| dice.natural());
                    *width_bits = dice.flip().then(|| dice.natural());
                }
                26 => *operand_bus_bytes = dice.flip().then(|| dice.natural()),
                _ => *power_gating = dice.flip(),
            }
            return;
        }
    };
    *natural = dice.natural();
}

fn mapping(mapping: &mut Mapping, dice: &mut Dice) {
    let Mapping {
        blocks: BlockSizes { b, i, j, k },
        order,
        by_role:
            BlocksByRole {
                attention_projections,
                attention_scores,
                feed_forward,
                convolution,
                linear_transform,
            },
    } = mapping;
    let size = match dice.below(6) {
        0 => b,
        1 => i,
        2 => j,
        3 => k,
        4 => {
            let of_role = match dice.below(5) {
                0 => attention_projections,
                1 => attention_scores,
                2 => feed_forward,
                3 => convolution,
                _ => linear_transform,
            };
            let RoleSizes { i, j, k } = of_role;
            match dice.below(3) {
                0 => i,
                1 => j,
                _ => k,
            }
        }
        _ => {
            *order = BlockOrder(dice.of(&["", "bijk", "kjib", "ibkj", "bkij"]).parse().ok());
            return;
        }
    };
    *size = dice.flip().then(|| dice.natural());
}

fn sparsity(sparsity: &mut Sparsity, dice: &mut Dice) {
    let Sparsity {
        source,
        activation_density,
        weight_density,
        gradient_density,
        constant_density,
        dynaprop,
    } = sparsity;
    match dice.below(7) {
        0 | 1 => *source = density_source(dice),
        2 => *activation_density = dice.real(),
        3 => *weight_density = dice.real(),
        4 => *gradient_density = dice.real(),
        5 => *constant_density = dice.real(),
        _ => *dynaprop = dice.flip(),
    }
}

fn density_source(dice: &mut Dice) -> DensitySource {
    match dice.below(4) {
        0 => DensitySource::Uniform,
        1 => DensitySource::Sampled {
            distribution: Distribution::Beta {
                concentration: dice.real(),
            },
        },
        2 => DensitySource::Values {
            activation_threshold: dice.real(),
            weight_threshold: dice.real(),
            gradient_threshold: dice.real(),
        },
        _ => DensitySource::Wanted {
            curves: dice.reference(),
            activation_sparsity: dice.real(),
            weight_sparsity: dice.real(),
            gradient_sparsity: dice.real(),
        },
    }
}

fn contention(contention: &mut Contention, dice: &mut Dice) {
    let Contention {
        tenants,
        background: sources,
        arbitration: its_arbitration,
    } = contention;
    match dice.below(7) {
        0 => tenants.push(tenant(dice)),
        1 => *tenants = vec![tenant(dice); dice.of(&[1, 16, 17])],
        2 => drop(tenants.drain(..dice.below(tenants.len() + 1))),
        3 => sources.push(background(dice)),
        4 => *sources = vec![background(dice); dice.of(&[1, 64, 65])],
        5 => drop(sources.drain(..dice.below(sources.len() + 1))),
        _ => *its_arbitration = arbitration(dice),
    }
}

fn tenant(dice: &mut Dice) -> Tenant {
    Tenant {
        name: dice.name(),
        scenario: match dice.below(3) {
            0 => None,
            1 => Some("bert-tiny-edge".to_owned()),
            _ => Some(dice.file()),
        },
        start_us: dice.real(),
    }
}

fn background(dice: &mut Dice) -> Background {
    Background {
        name: dice.name(),
        traffic: match dice.below(4) {
            0 => Traffic::Trace(dice.file()),
            _ => Traffic::Generated {
                addresses: match dice.below(3) {
                    0 => AddressPattern::Stream,
                    1 => AddressPattern::Strided { stride: dice.long() },
                    _ => AddressPattern::Random,
                },
                arrivals: match dice.below(4) {
                    0 => Arrivals::Saturating,
                    1 => Arrivals::Steady { gb_s: dice.real() },
                    2 => Arrivals::Poisson { gb_s: dice.real() },
                    _ => Arrivals::Bursty {
                        gb_s: dice.real(),
                        on_us: dice.real(),
                        off_us: dice.real(),
                    },
                },
                write_share: dice.real(),
            },
        },
        outstanding_requests: dice.natural(),
        start_us: dice.real(),
        stop_us: dice.flip().then(|| dice.real()),
        region_mb: dice.real(),
    }
}

fn arbitration(dice: &mut Dice) -> Arbitration {
    match dice.below(4) {
        0 => Arbitration::AsMemory,
        1 => Arbitration::InTurn,
        2 => Arbitration::Priority((0..dice.below(4)).map(|_| dice.name()).collect()),
        _ => {
            let shares = (0..dice.below(4)).map(|_| (dice.name(), dice.natural()));
            Arbitration::Shares(shares.collect::<BTreeMap<_, _>>())
        }
    }
}

fn compare(compare: &mut Compare, dice: &mut Dice) {
    let Compare { memories, candidates } = compare;
    match dice.below(6) {
        0 => memories.push(dice.reference()),
        1 => *memories = vec![dice.reference(); dice.of(&[1, 64, 65])],
        2 => drop(candidates.drain(..dice.below(candidates.len() + 1))),
        3 => *candidates = vec![candidate(dice); dice.of(&[1, 256, 257])],
        _ => candidates.push(candidate(dice)),
    }
}

fn candidate(dice: &mut Dice) -> Candidate {
    let mut changes = ScenarioFile {
        base: (dice.below(6) == 0).then(|| dice.file()),
        memory: dice.flip().then(|| dice.reference()),
        seed: dice.flip().then(|| Number::Real(dice.real())),
        accelerator: Some(AcceleratorFile {
            preset: (dice.below(6) == 0).then(|| dice.file()),
            processing_elements: Some(Number::Whole(
                i128::from(dice.long()) - i128::from(dice.natural()),
            )),
            ..AcceleratorFile::default()
        }),
        ..ScenarioFile::default()
    };
    for _ in 0..dice.of(&[0, 0, 0, 1, 200]) {
        changes = ScenarioFile {
            compare: Some(CompareFile {
                candidates: Some(vec![CandidateFile {
                    changes: Some(ChangesFile(Box::new(changes))),
                    ..CandidateFile::default()
                }]),
                ..CompareFile::default()
            }),
            ..ScenarioFile::default()
        };
    }
    Candidate {
        name: dice.name(),
        changes: Changes(Box::new(changes)),
    }
}
