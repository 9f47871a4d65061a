//! Random small machines and transformers whose buffers hold little more than the least, or much more: every one runs, moves
//! what its plan says, keeps all invariants, and with values computes the right tensors.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use components::block_plan::{PlanAccount, least_capacities};
use components::message::Traffic;
use components::tile::LoopOrder;
use scenarios::schema::{
    BlockOrder, BlockSizes, BlocksByRole, DensitySource, Distribution, Embedding, Goal, LoopOrderRule,
    OperandBroadcast, Optimizer, Phase, Reference, RoleSizes, SchedulingPolicy, Tile,
};
use scenarios::system::{Measurements, Plan, violations};
use scenarios::transformer::{AttentionKind, Head, Layer, TransformKind, Transformer};
use scenarios::{Loaded, Scenario};
use sim_core::{Engine, random};

/// Bytes of a megabyte, as buffers are stated.
const MEGABYTE: f64 = 1_048_576.0;

/// What came of all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Machines drawn.
    pub(crate) cases: u64,
    /// Those with no room beyond the least in some buffer.
    pub(crate) least: u64,
    /// Those that state blocks, or the order of their parts.
    pub(crate) stated: u64,
    /// Those that trained, and those that computed with values.
    pub(crate) trained: u64,
    pub(crate) computed: u64,
    /// Blocks written to main memory for lack of room.
    pub(crate) spills: u64,
    /// What must not be, by the number of the case.
    pub(crate) faults: Vec<(u64, String)>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cases,
            least,
            stated,
            trained,
            computed,
            spills,
            faults,
        } = self;
        writeln!(
            f,
            "{cases} machines, {least} with the least room, {stated} with stated blocks, {trained} trained, {computed} computed with values; \
             {spills} blocks spilled; {} faults",
            faults.len()
        )?;
        faults
            .iter()
            .try_for_each(|(case, fault)| writeln!(f, "case {case}: {fault}"))
    }
}

struct Dice {
    seed: u64,
    thrown: u64,
}

impl Dice {
    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        self.thrown += 1;
        choices[(random::draw(self.seed, self.thrown) % choices.len() as u64) as usize]
    }
}

/// Runs the machines of these numbers.
pub(crate) fn run(cases: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        tally.cases += 1;
        let outcome = catch_unwind(AssertUnwindSafe(|| run_one(case, &mut tally)));
        let fault = match outcome {
            Ok(Ok(())) => continue,
            Ok(Err(fault)) => fault,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                format!("panicked: {}", text.unwrap_or_default())
            }
        };
        tally.faults.push((case, fault));
    }
    tally
}

fn run_one(case: u64, tally: &mut Tally) -> Result<(), String> {
    let mut dice = Dice {
        seed: case,
        thrown: 0,
    };
    let roomy = draw(&mut dice)?;
    let roomy = match case % 3 {
        0 => state_blocks(&roomy, case)?,
        _ => roomy,
    };
    let roomy = match case % 4 {
        1 | 2 => state_by_role(&roomy, case)?,
        _ => roomy,
    };
    let roomy = match case % 2 {
        0 => broadcast(&roomy, case)?,
        _ => roomy,
    };
    let roomy = match case % 5 {
        0 => choose_orders(&roomy, case)?,
        _ => roomy,
    };
    let plan = Plan::load(&roomy).map_err(|wrong| format!("with much room: {wrong}"))?;
    let machine = &plan.machine;
    let least = least_capacities(
        machine.plan_parameters(),
        &machine.stated_blocks(),
        &machine.stage_source(),
    )
    .map_err(|error| error.to_string())?;
    // Each buffer holds the least, a little more, or plenty.
    let factors = [0; 3].map(|_| dice.of(&[1.0, 1.0, 1.1, 1.5, 2.0, 4.0, 1000.0]));
    tally.stated += u64::from(!machine.stated_blocks().is_none());
    tally.least += u64::from(factors.contains(&1.0));
    let tight = roomy
        .with(|scenario| {
            let buffers = &mut scenario.accelerator.buffers;
            let size =
                |buffer: usize| (least.0[buffer].0 as f64 * factors[buffer]).ceil().max(64.0) / MEGABYTE;
            buffers.activation_mb = size(0);
            buffers.weight_mb = size(1);
            buffers.mask_mb = size(2);
        })
        .map_err(|wrong| wrong.to_string())?;
    let plan =
        Plan::load(&tight).map_err(|wrong| format!("with {factors:?} times the least {least:?}: {wrong}"))?;
    tally.trained += u64::from(plan.machine.trains());
    let measured = plan
        .build(Engine::default())
        .and_then(|system| system.run(&plan))
        .map_err(|error| {
            format!(
                "{factors:?} times the least, {}: {error}",
                plan.machine.blocks.blocking
            )
        })?;
    tally.spills += measured.machine.spills;
    tally.computed += u64::from(measured.machine.values.is_some());
    check(&plan, &measured).map_err(|fault| {
        format!(
            "{factors:?} times the least, {}: {fault}",
            plan.machine.blocks.blocking
        )
    })
}

fn check(plan: &Plan, measured: &Measurements) -> Result<(), String> {
    let violated = violations(plan, measured);
    if !violated.is_empty() {
        return Err(violated.join("; "));
    }
    let machine = &plan.machine;
    let account = PlanAccount::of(&mut machine.block_plan(machine.blocks.blocking));
    let requests = |traffic: Traffic| measured.machine.dma_requests[traffic as usize];
    let moved = (requests(Traffic::Spills) + requests(Traffic::Kept)) * 64;
    let planned = (account.reloaded + account.spilled).0;
    if moved != planned {
        return Err(format!(
            "{moved} B of activations were spilled and reloaded, {planned} B planned"
        ));
    }
    if let Some(values) = &measured.machine.values
        && values.wrong_words > 0
    {
        return Err(format!(
            "{} words of {} are wrong: {:?}",
            values.wrong_words, values.words, values.wrong
        ));
    }
    Ok(())
}

/// A machine with as much room as anything could need.
fn draw(dice: &mut Dice) -> Result<Loaded, String> {
    let base = Scenario::shipped("tiny-trace").map_err(|wrong| wrong.to_string())?;
    let training = dice.of(&[false, false, true]);
    base.with(|scenario| {
        let workload = &mut scenario.workload;
        workload.transformer = Transformer {
            layers: (0..dice.of(&[1, 1, 2])).map(|_| layer(dice)).collect(),
        };
        workload.batch = dice.of(&[1, 2, 3, 5, 8]);
        workload.sequence_length = dice.of(&[8, 16, 20, 48, 64]);
        workload.vocabulary = dice.of(&[10, 100]);
        workload.embedding = dice.of(&[Embedding::Gather, Embedding::Gather, Embedding::WholeTable]);
        if training {
            workload.phase = Phase::Training;
            workload.optimizer = dice.of(&[
                Optimizer::Sgd { momentum: 0.0 },
                Optimizer::Sgd { momentum: 0.9 },
                Optimizer::Adam,
            ]);
        }
        scenario.sparsity.source = match dice.of(&[0, 1, 2, 2]) {
            0 => DensitySource::Uniform,
            1 => DensitySource::Sampled {
                distribution: Distribution::Beta { concentration: 4.0 },
            },
            _ => {
                workload.embedding = Embedding::Gather;
                DensitySource::Values {
                    activation_threshold: dice.of(&[0.0, 0.1]),
                    weight_threshold: dice.of(&[0.0, 0.02]),
                    gradient_threshold: 0.0,
                }
            }
        };
        scenario.sparsity.activation_density = dice.of(&[0.25, 0.5, 1.0]);
        scenario.sparsity.weight_density = dice.of(&[0.25, 0.5, 1.0]);
        let accelerator = &mut scenario.accelerator;
        accelerator.tile = Tile {
            b: dice.of(&[1, 1, 2]),
            x: dice.of(&[8, 16]),
            y: dice.of(&[8, 16]),
        };
        let orders: Vec<LoopOrder> = LoopOrder::all().collect();
        accelerator.loop_order = dice.of(&orders).into();
        accelerator.processing_elements = dice.of(&[1, 2, 4]);
        accelerator.lanes_per_pe = dice.of(&[1, 2, 8]);
        scenario.scheduling.policy =
            dice.of(&[SchedulingPolicy::StaggeredHeads, SchedulingPolicy::EqualPriority]);
        let buffers = &mut accelerator.buffers;
        (buffers.activation_mb, buffers.weight_mb, buffers.mask_mb) = (64.0, 64.0, 64.0);
        scenario.memory = Reference::Preset(dice.of(&["ideal", "lpddr3-1600", "hbm2"]).to_owned());
    })
    .map_err(|wrong| wrong.to_string())
}

/// The machine with some sizes of blocks stated, an order of their parts, or both.
fn state_blocks(roomy: &Loaded, case: u64) -> Result<Loaded, String> {
    let mut dice = Dice {
        seed: case | 1 << 40,
        thrown: 0,
    };
    roomy
        .with(|scenario| {
            let (workload, accelerator) = (&scenario.workload, &mut scenario.accelerator);
            let layers = &workload.transformer.layers;
            let widest = layers
                .iter()
                .flat_map(|layer| layer.feed_forward.iter().copied())
                .max()
                .unwrap_or(1);
            let Tile { b, x, y } = accelerator.tile;
            let mut size = |extent: u32, edge: u32| {
                let tiles: Vec<u32> = (1..=extent.div_ceil(edge)).collect();
                let tiles = dice.of(&tiles);
                dice.of(&[true, false]).then_some(tiles * edge)
            };
            accelerator.mapping.blocks = BlockSizes {
                b: size(workload.batch, b),
                i: size(workload.sequence_length, x),
                j: size(widest, y),
                k: size(widest, y),
            };
            let orders: Vec<LoopOrder> = LoopOrder::all().collect();
            accelerator.mapping.order = BlockOrder(dice.of(&[true, false]).then(|| dice.of(&orders)));
        })
        .map_err(|wrong| wrong.to_string())
}

/// The machine with some sizes of blocks stated for operations of some of the roles that it has.
fn state_by_role(roomy: &Loaded, case: u64) -> Result<Loaded, String> {
    let mut dice = Dice {
        seed: case | 1 << 42,
        thrown: 0,
    };
    roomy
        .with(|scenario| {
            let (workload, accelerator) = (&scenario.workload, &mut scenario.accelerator);
            let layers = &workload.transformer.layers;
            let Tile { x, y, .. } = accelerator.tile;
            let rows = workload.sequence_length;
            let hidden = layers.iter().map(|layer| layer.hidden).min().unwrap_or(1);
            let widths = layers.iter().flat_map(|layer| layer.feed_forward.iter().copied());
            let widest = widths.max().unwrap_or(1);
            let heads = || layers.iter().flat_map(|layer| &layer.heads);
            let has = |is: fn(&Head) -> bool| heads().any(is);
            let mut size = |extent: u32, edge: u32| {
                let tiles: Vec<u32> = (1..=extent.div_ceil(edge)).collect();
                let tiles = dice.of(&tiles);
                dice.of(&[true, false]).then_some(tiles * edge)
            };
            let mut sizes = |is_there: bool, width: Option<u32>| {
                let [i, j, k] = [
                    Some((rows, x)),
                    width.map(|width| (width, y)),
                    width.map(|width| (width, y)),
                ]
                .map(|along| along.and_then(|(extent, edge)| size(extent, edge)));
                match is_there {
                    true => RoleSizes { i, j, k },
                    false => RoleSizes::default(),
                }
            };
            let attends = has(|head| matches!(head, Head::Attention { .. }));
            accelerator.mapping.by_role = BlocksByRole {
                attention_projections: sizes(attends, Some(hidden)),
                attention_scores: sizes(attends, Some(rows)),
                feed_forward: sizes(true, Some(widest)),
                convolution: sizes(has(|head| matches!(head, Head::Convolution { .. })), None),
                linear_transform: sizes(has(|head| matches!(head, Head::LinearTransform { .. })), None),
            };
        })
        .map_err(|wrong| wrong.to_string())
}

/// The machine with an order of loops of its own for each operation.
fn choose_orders(roomy: &Loaded, case: u64) -> Result<Loaded, String> {
    let goal = match case % 2 {
        0 => Goal::Energy,
        _ => Goal::Time,
    };
    roomy
        .with(|scenario| scenario.accelerator.loop_order = LoopOrderRule::Auto(goal))
        .map_err(|wrong| wrong.to_string())
}

/// The machine with lanes that share operands.
fn broadcast(roomy: &Loaded, case: u64) -> Result<Loaded, String> {
    let mut dice = Dice {
        seed: case | 1 << 41,
        thrown: 0,
    };
    let [rows, columns] = [0; 2].map(|_| dice.of(&[1, 2, 3, 4]));
    roomy
        .with(|scenario| {
            let accelerator = &mut scenario.accelerator;
            accelerator.lanes_per_pe = accelerator.lanes_per_pe.next_multiple_of(rows * columns);
            accelerator.operand_broadcast = OperandBroadcast { rows, columns };
        })
        .map_err(|wrong| wrong.to_string())
}

fn layer(dice: &mut Dice) -> Layer {
    let hidden = dice.of(&[16, 32, 48]);
    Layer {
        hidden,
        heads: (0..dice.of(&[1, 2, 3])).map(|_| head(dice)).collect(),
        feed_forward: (0..dice.of(&[1, 1, 2])).map(|_| dice.of(&[32, 64, 96])).collect(),
    }
}

fn head(dice: &mut Dice) -> Head {
    let dimension = dice.of(&[8, 16, 24]);
    match dice.of(&[0, 0, 1, 2, 3]) {
        0 => Head::Attention {
            kind: AttentionKind::ScaledDotProduct,
            dimension,
        },
        1 => Head::Attention {
            kind: AttentionKind::WeightedMultiplicative,
            dimension,
        },
        2 => Head::LinearTransform {
            kind: dice.of(&[TransformKind::Cosine, TransformKind::Fourier]),
            dimension,
        },
        _ => Head::Convolution {
            kernel: dice.of(&[5, 9, 13]),
            dimension,
        },
    }
}
