//! A MAC lane: operand registers and FIFO, `multipliers` multipliers and their adder tree.

use sim_core::{ActorId, Clock, Context, Cycles, Span, Tick, Ticks};

use super::PeAddresses;
use crate::density::PairSum;
use crate::message::{Message, OperandFetch, TileWork};
use crate::runs::{Densities, Run, RunKind};
use crate::trace_event::{Event, TilePlace, TileUnit};
use crate::values::Values;

/// What is common to all lanes of a machine.
#[derive(Clone, Copy, Debug)]
pub struct LaneParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// Multipliers of the lane.
    pub multipliers: u32,
    /// Tile operations whose operands the lane holds or awaits, beside the one it works on.
    pub operand_fifo_tiles: u16,
    /// Mean densities of tensors.
    pub densities: Densities,
    /// Where free lanes are reported.
    pub control_block: ActorId,
}

impl LaneParameters {
    /// Levels of the adder tree: the delay from the last product to the sum.
    #[must_use]
    pub fn adder_tree_levels(&self) -> Cycles {
        Cycles(u64::from(self.multipliers.next_power_of_two().trailing_zeros()))
    }
}

/// The identity of a tile in an operand register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Held {
    tensor: u32,
    place: u64,
}

impl Held {
    /// An empty register.
    const NOTHING: Self = Self {
        tensor: u32::MAX,
        place: u64::MAX,
    };
}

/// What a lane did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LaneCounts {
    /// Tile operations finished.
    pub tiles: u64,
    /// Multiplications with zeros counted.
    pub dense_multiplications: u64,
    /// Multiplications of two non-zero words. Those that follow from densities are not rounded, though the cycles of a tile are.
    pub multiplications: PairSum,
    /// Time the multipliers or the non-linear unit worked.
    pub busy: Ticks,
    /// Time they were idle because operands of the run waited for the bandwidth of a buffer.
    pub waited: Ticks,
}

/// One MAC lane.
///
/// It takes a run, with which its registers are empty, asks its PE for the operands of each tile that they do not hold, and multiplies the pairs
/// that come out of the pre-compute sparsity module, `multipliers` per cycle. Up to `operand_fifo_tiles` tiles are
/// fetched ahead. It reports itself free when the last tile of a run enters the multipliers, so that the next run's
/// operands arrive in time; results leave through the post-compute sparsity module after the adder tree.
#[derive(Clone, Debug)]
pub struct MacLane {
    parameters: LaneParameters,
    pe: ActorId,
    post_compute: ActorId,
    pe_index: u16,
    lane: u16,
    run: Run,
    fetched: u16,
    matched: u16,
    free_at: Tick,
    /// When the lane got its run.
    began_at: Tick,
    left: Held,
    right: Held,
    counts: LaneCounts,
    values: Option<Values>,
}

impl MacLane {
    /// Lane number `lane` of PE number `pe_index`, idle.
    #[must_use]
    pub fn new(parameters: LaneParameters, pe: &PeAddresses, pe_index: u16, lane: u16) -> Self {
        Self {
            parameters,
            pe: pe.pe,
            post_compute: pe.lanes[usize::from(lane)].post_compute,
            pe_index,
            lane,
            run: Run::NONE,
            fetched: 0,
            matched: 0,
            free_at: Tick::ZERO,
            began_at: Tick::ZERO,
            left: Held::NOTHING,
            right: Held::NOTHING,
            counts: LaneCounts::default(),
            values: None,
        }
    }

    /// The lane, computing with the numbers in `values`.
    #[must_use]
    pub fn with_values(mut self, values: Option<Values>) -> Self {
        self.values = values;
        self
    }

    pub(crate) fn on_start_run(&mut self, run: Run, context: &mut Context<'_, Message>) {
        self.run = run;
        self.fetched = 0;
        self.matched = 0;
        self.began_at = context.now();
        // Which lane gets a run is a matter of time; what it reads must not be.
        (self.left, self.right) = (Held::NOTHING, Held::NOTHING);
        if let Some(values) = &self.values {
            let lane = context.me().0;
            values.attempt(context, |values| {
                values.begin_run(lane, run);
                Ok(())
            });
        }
        let (actor, now) = (context.me(), context.now());
        context.trace(|sink| sink.instant(actor, now, Event::RunStarted(run.place()).label()));
        for _ in 0..self.parameters.operand_fifo_tiles.min(run.length) {
            self.fetch_next(Ticks::ZERO, context);
        }
    }

    /// Asks for the next tile's operands in `delay`.
    #[inline]
    fn fetch_next(&mut self, delay: Ticks, context: &mut Context<'_, Message>) {
        let run = &self.run;
        let tile = run.tile(self.fetched);
        self.fetched += 1;
        let dense = if self.fetched == run.length {
            run.last_work
        } else {
            run.work
        };
        let sources = run.sources;
        let left = Held {
            tensor: run.left_tensor,
            place: sources.left_place(tile),
        };
        let right = Held {
            tensor: run.right_tensor,
            place: sources.right_place(tile),
        };
        let fetch_left = left != self.left;
        let fetch_right = run.right_bytes > 0 && right != self.right;
        self.left = left;
        self.right = right;
        let left_bytes = if fetch_left { run.left_bytes } else { 0 };
        let right_bytes = if fetch_right { run.right_bytes } else { 0 };
        let [left_density, right_density] = self.parameters.densities.of_operands(run.skipped);
        let fetch = OperandFetch {
            lane: self.lane,
            bytes: [left_bytes, right_bytes],
            asks: [fetch_left, fetch_right],
            work: TileWork {
                tile,
                pairs: dense,
                dense,
                left_tensor: run.left_tensor,
                right_tensor: run.right_tensor,
                left: left_density,
                right: right_density,
                sources,
                waited: 0,
            },
        };
        context.send(self.pe, delay, Message::FetchOperands(fetch));
    }

    /// Works on the pairs of a tile as soon as the multipliers are free.
    #[inline]
    pub(crate) fn on_pairs_matched(&mut self, work: TileWork, context: &mut Context<'_, Message>) {
        let start = self.free_at.max(context.now());
        if work.waited > 0 {
            self.charge_wait(&work, start, context);
        }
        let cycles = work.pairs.div_ceil(self.parameters.multipliers);
        let span = self.parameters.clock.span(Cycles(u64::from(cycles)));
        let end = start + span;
        self.free_at = end;
        self.count(&work, span);
        if let Some(values) = &self.values {
            let lane = context.me().0;
            values.attempt(context, |values| values.compute_tile(lane, work.tile));
        }
        self.matched += 1;
        let actor = context.me();
        context.trace(|sink| {
            let place = TilePlace {
                operation: self.run.operation.0,
                tile: work.tile,
            };
            sink.span(Span {
                actor,
                start,
                end,
                label: Event::Tile(TileUnit::MacLane, place).label(),
            });
        });
        let until_start = start.since(context.now());
        if self.fetched < self.run.length {
            self.fetch_next(until_start, context);
        } else if self.matched == self.run.length {
            self.finish_run(until_start, end, context);
        }
    }

    /// Charges the bandwidth of buffers with the part of the lane's idle time before `start` for which operands waited for it.
    #[cold]
    fn charge_wait(&mut self, work: &TileWork, start: Tick, context: &mut Context<'_, Message>) {
        let idle_since = self.free_at.max(self.began_at).min(start);
        let waited = start.since(idle_since).min(Ticks(work.waited.into()));
        self.counts.waited += waited;
        let (actor, operation) = (context.me(), self.run.operation.0);
        context.trace(|sink| {
            if waited > Ticks::ZERO {
                sink.span(Span {
                    actor,
                    start: Tick(start.0 - waited.0),
                    end: start,
                    label: Event::OperandsAwaited { operation }.label(),
                });
            }
        });
    }

    #[inline]
    fn count(&mut self, work: &TileWork, span: Ticks) {
        self.counts.tiles += 1;
        self.counts.busy += span;
        if self.run.kind == RunKind::MultiplyAccumulate {
            self.counts.dense_multiplications += u64::from(work.dense);
            self.counts.multiplications += match self.values {
                Some(_) => PairSum::counted(work.pairs),
                None => work.left.pairs(work.right, u128::from(work.dense)),
            };
        }
    }

    fn finish_run(&mut self, until_start: Ticks, end: Tick, context: &mut Context<'_, Message>) {
        if let Some(values) = &self.values {
            let lane = context.me().0;
            values.attempt(context, |values| values.finish_run(lane));
        }
        let free = Message::UnitFree {
            pe: self.pe_index,
            unit: self.lane,
            kind: RunKind::MultiplyAccumulate,
            busy_until: end,
        };
        let hop = self.parameters.clock.period();
        context.send(self.parameters.control_block, until_start + hop, free);
        let sum = end + self.parameters.clock.span(self.parameters.adder_tree_levels());
        context.send_at(self.post_compute, sum, Message::ResultReady(self.run));
    }

    /// What the lane did so far.
    #[must_use]
    pub fn counts(&self) -> LaneCounts {
        self.counts
    }
}

#[cfg(test)]
mod tests;
