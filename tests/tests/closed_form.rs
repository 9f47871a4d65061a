//! With an ideal memory, one lane and one operation at a time, the cycles of a whole transformer are a sum that can
//! be written down.
//!
//! The control block looks one operation ahead (`prefetch_operations: 1`), so operations follow each other, and a run's
//! time is the sum of theirs. All densities are full, all sizes are whole tiles of 16, and a bus moves one tile per cycle.
//! From the timing rules, in cycles, with *M* multipliers and *n* tiles that take *c* cycles each in the lane:
//!
//! - Loading: 1 for the order to reach the DMA, then 8 blocks of 64 bytes per cycle through the ports of a buffer (370 GB/s
//!   at 700 MHz); data and masks go to different buffers at once, and the slower one counts.
//! - A run's way to the lane: 1 to the PE, 1 to the lane, *f* for the first operands on the bus, 1 in DynaProp, 1 in the
//!   pre-compute module. From then on the lane never waits, as the FIFO holds two tiles of at least 16 cycles each and the bus is never
//!   taken for longer than 32 cycles, a row of 512 results on its way back. (Wider rows, such as BERT-Mini's 1,024, do
//!   make the lane wait.)
//! - Back: log2 *M* levels of the adder tree, 1 in the post-compute module and 1 on the bus for each tile of the result,
//!   1 to the control block. Only the last run's way back shows; those before are hidden behind the lane's work.
//! - Softmax and layer norm: 1 to the PE, a bus cycle for each tile of the row, 1 to the module, 16 + 16 per tile, a bus
//!   cycle for each tile on the way back, 1 to the control block. The module is free again one cycle after its last tile;
//!   the next row is then on its way to the PE for 1 cycle and waits for the bus, which is still writing the last row.

use components::block_plan::Blocking;
use components::energy_part::{Action, EnergyPart};
use scenarios::Scenario;
use scenarios::load::Disk;
use scenarios::system::Plan;
use sim_core::Ticks;
use tests::{Run, memory, plan, run, shipped};

const TILE: u64 = 16;
const MULTIPLIERS: u64 = 16;
const PORTS: u64 = 8;
const WORD_BITS: u64 = 20;
const SEQUENCE: u64 = 128;

fn machine(scenario: &mut Scenario) {
    scenario.memory = memory("ideal");
    let accelerator = &mut scenario.accelerator;
    accelerator.processing_elements = 1;
    accelerator.lanes_per_pe = 1;
    accelerator.softmax_per_pe = 1;
    accelerator.prefetch_operations = 1;
    scenario.sparsity.activation_density = 1.0;
    scenario.sparsity.weight_density = 1.0;
}

/// A plan whose tensors are blocks of their own: one transfer each, and one operation after the other.
fn whole(mut plan: Plan) -> Plan {
    plan.machine.blocks.blocking = Blocking {
        panel: u32::MAX,
        ..Blocking::WHOLE
    };
    plan
}

/// Loading or storing `pieces` of `elements` each, every piece from a block boundary on.
fn transfer(pieces: u64, elements: u64) -> u64 {
    let cycles = |bits: u64| (pieces * bits.div_ceil(8 * 64)).div_ceil(PORTS);
    1 + cycles(elements * WORD_BITS).max(cycles(elements))
}

/// `tiles` tiles of `cycles` each in the lane, the first operands `first` cycles on the bus, results of `result` tiles.
fn in_lane(tiles: u64, cycles: u64, first: u64, result: u64) -> u64 {
    let there = 1 + 1 + first + 1 + 1;
    let back = u64::from(MULTIPLIERS.ilog2()) + result + result + 1;
    there + tiles * cycles + back
}

/// `batch` items of `rows` x `columns` with a reduction over `depth`, all in elements. Two activations take turns on
/// the activation bus; a weight has a bus of its own.
fn product(batch: u64, [rows, columns, depth]: [u64; 3], weight: bool) -> u64 {
    let tiles = batch * (rows / TILE) * (columns / TILE) * (depth / TILE);
    let load = if weight { transfer(1, columns * depth) } else { 0 };
    load + in_lane(
        tiles,
        TILE * TILE * TILE / MULTIPLIERS,
        if weight { 1 } else { 2 },
        1,
    )
}

/// Work on `terms` tensors of `batch` items of a sequence, element by element.
fn elementwise(batch: u64, columns: u64, terms: u64) -> u64 {
    let row = columns / TILE;
    in_lane(
        batch * SEQUENCE / TILE * row,
        terms * TILE * TILE / MULTIPLIERS,
        terms,
        row,
    )
}

/// Softmax or layer norm over rows of `columns`.
fn by_rows(batch: u64, columns: u64) -> u64 {
    let (rows, tiles) = (batch * SEQUENCE / TILE, columns / TILE);
    let (mut bus_free, mut issued, mut retired) = (0, 0, 0);
    for _ in 0..rows {
        let read = bus_free.max(issued + 1) + tiles;
        let worked = read + 1 + tiles * (TILE + TILE);
        bus_free = worked + tiles;
        issued = worked + 1;
        retired = bus_free + 1;
    }
    retired
}

/// A BERT encoder of `layers` layers of width `hidden` with `heads` heads, and feed-forward products to `inner` and back.
fn bert(batch: u64, [layers, hidden, heads, inner]: [u64; 4]) -> u64 {
    let width = hidden / heads;
    let attention = 3 * product(batch, [SEQUENCE, width, hidden], true)
        + product(batch, [SEQUENCE, SEQUENCE, width], false)
        + by_rows(batch, SEQUENCE)
        + product(batch, [SEQUENCE, width, SEQUENCE], false)
        + product(batch, [SEQUENCE, hidden, width], true);
    let head_sums = (heads - 1) * elementwise(batch, hidden, 2);
    let residual = elementwise(batch, hidden, 2) + by_rows(batch, hidden);
    let feed_forward = product(batch, [SEQUENCE, inner, hidden], true)
        + elementwise(batch, inner, 1)
        + product(batch, [SEQUENCE, hidden, inner], true);
    let layer = heads * attention + head_sums + residual + feed_forward + residual;
    let words = transfer(batch * SEQUENCE, hidden);
    let embedding = transfer(1, SEQUENCE * hidden) + sum_with_positions(batch, hidden);
    let store = transfer(batch, SEQUENCE * hidden);
    words + embedding + layers * layer + store
}

/// The sum of words and positions: two terms of work, of which one comes by the weight bus.
fn sum_with_positions(batch: u64, hidden: u64) -> u64 {
    let row = hidden / TILE;
    in_lane(
        batch * SEQUENCE / TILE * row,
        2 * TILE * TILE / MULTIPLIERS,
        1,
        row,
    )
}

fn simulated(model: &str, batch: u32, inner: u32) -> u64 {
    let text =
        format!("(base: \"bert-tiny-edge\", workload: (transformer: Preset(\"{model}\"), batch: {batch}))");
    let loaded = Scenario::parse("closed-form.ron", &text, Disk).unwrap();
    let changed = loaded.with(|scenario| {
        machine(scenario);
        for layer in &mut scenario.workload.transformer.layers {
            layer.feed_forward = vec![inner];
        }
    });
    run(whole(plan(&changed.unwrap()))).cycles()
}

#[test]
fn a_bert_tiny_takes_the_cycles_of_the_sum() {
    for batch in [1, 2, 4] {
        assert_eq!(
            simulated("bert-tiny", batch, 512),
            bert(u64::from(batch), [2, 128, 2, 512]),
            "batch {batch}"
        );
    }
}

#[test]
fn a_bert_mini_with_narrow_feed_forward_takes_the_cycles_of_the_sum() {
    assert_eq!(simulated("bert-mini", 1, 512), bert(1, [4, 256, 4, 512]));
}

#[test]
fn looking_ahead_hides_what_the_sum_cannot_but_not_the_lanes_work() {
    let loaded = shipped("bert-tiny-edge", |scenario| {
        machine(scenario);
        scenario.accelerator.prefetch_operations = 256;
    });
    let run = run(whole(plan(&loaded)));
    let busy = run.measured.machine.time(Action::MacLane).0 / run.plan.machine.clock.period().0;
    assert!(
        busy < run.cycles() && run.cycles() < bert(4, [2, 128, 2, 512]),
        "{busy} {}",
        run.cycles()
    );
}

/// A layer of width 72 with two heads of 36 and a feed-forward product to 40, on three sequences of 40 tokens, in tiles of
/// `items` x 16 x 16: nothing is a multiple of 16.
fn ragged(items: u32) -> Run {
    let text = format!(
        "(base: \"bert-tiny-edge\", accelerator: (tile: (b: {items})), workload: (batch: 3, sequence_length: 40, \
         transformer: Inline(layers: [(hidden: 72, feed_forward: [40], heads: [Attention(kind: ScaledDotProduct, dimension: 36), \
         Attention(kind: ScaledDotProduct, dimension: 36)])])))"
    );
    let loaded =
        Scenario::parse("ragged.ron", &text, Disk).unwrap_or_else(|wrong| panic!("{}", wrong.render()));
    run(whole(plan(&loaded)))
}

#[test]
fn ragged_tiles_take_what_they_have() {
    for items in [1, 2] {
        let run = ragged(items);
        let (plan, machine) = (&run.plan.machine, &run.measured.machine);
        let cycles = |ticks: Ticks| ticks.0 / plan.clock.period().0;
        // Rows of 40 are tiles of 16, 16 and 8; rows of 72 are four of 16 and one of 8. A tile takes its rows and its columns:
        // 3 x 40 + 3 x 40 for the probabilities of a head, 5 x 40 + 3 x 72 for a norm.
        let (softmax, layer_norm) = (2 * 3 * 240, 2 * 3 * 416);
        assert_eq!(
            cycles(machine.time(Action::Softmax)),
            softmax,
            "softmax, tiles of {items}"
        );
        assert_eq!(
            cycles(machine.time(Action::LayerNorm)),
            layer_norm,
            "layer norm, tiles of {items}"
        );
        // 34.6343 and 43.8378 mW at 700 MHz.
        let energy = machine.energy(plan, run.plan.timebase).by_part();
        let near =
            |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
        near(energy[EnergyPart::Softmax].0, softmax as f64 * 34.6343 / 700.0);
        near(
            energy[EnergyPart::LayerNorm].0,
            layer_norm as f64 * 43.8378 / 700.0,
        );
        // Queries, keys, values and a head's output; scores and context; the two feed-forward products.
        let sequence = 2 * (4 * 40 * 72 * 36 + 2 * 40 * 40 * 36) + 2 * 40 * 72 * 40;
        assert_eq!(
            machine.lanes.dense_multiplications,
            3 * sequence,
            "tiles of {items}"
        );
    }
}
