//! Softmax and layer-norm modules: they work through a row of tiles, one tile after another.

use sim_core::{ActorId, Clock, Context, Cycles, Span, Ticks};

use crate::energy_part::ByAction;
use crate::message::Message;
use crate::runs::{Run, RunKind};
use crate::trace_event::{Event, TilePlace, TileUnit};
use crate::values::Values;

/// The place of a row module: the actors that it reports to, and which unit it is.
#[derive(Clone, Copy, Debug)]
pub struct ModulePlace {
    /// The accelerator's clock.
    pub clock: Clock,
    /// The control block, for "free again".
    pub control_block: ActorId,
    /// The PE, for results.
    pub pe: ActorId,
    /// The PE's number.
    pub pe_index: u16,
    /// The module's number within the PE.
    pub unit: u16,
}

/// What a row module computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFunction {
    /// Exponentials and their sum: the exponential of a zero is one, so zeros cannot be skipped.
    Softmax,
    /// Mean and variance, in which a zero counts.
    LayerNorm,
}

impl RowFunction {
    /// The runs that such a module takes.
    const fn run_kind(self) -> RunKind {
        match self {
            Self::Softmax => RunKind::Softmax,
            Self::LayerNorm => RunKind::LayerNorm,
        }
    }

    /// The module in traces.
    const fn unit(self) -> TileUnit {
        match self {
            Self::Softmax => TileUnit::Softmax,
            Self::LayerNorm => TileUnit::LayerNorm,
        }
    }
}

/// A softmax or layer-norm module. It takes a whole row of tiles, since its normaliser needs every element of the row.
///
/// A tile of b x x x y takes b·(x + y) cycles ([`Run::work`]): the rate behind the published figures of arXiv:2303.14882,
/// without their factor of 0.5 for density, since zeros count ([`RowFunction`]).
#[derive(Clone, Debug)]
pub struct RowModule {
    place: ModulePlace,
    function: RowFunction,
    run: Option<Run>,
    done: u16,
    tiles: u64,
    busy: Ticks,
    values: Option<Values>,
}

impl RowModule {
    /// An idle module at `place`.
    #[must_use]
    pub fn new(place: ModulePlace, function: RowFunction) -> Self {
        Self {
            place,
            function,
            run: None,
            done: 0,
            tiles: 0,
            busy: Ticks::ZERO,
            values: None,
        }
    }

    /// The module, computing with the numbers in `values`.
    #[must_use]
    pub fn with_values(mut self, values: Option<Values>) -> Self {
        self.values = values;
        self
    }

    pub(crate) fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match message {
            Message::StartRun(run) => self.on_start_run(run, context),
            Message::TileFinished => self.on_tile_finished(context),
            other => context.stop(format!("a row module takes no {other:?}")),
        }
    }

    fn on_start_run(&mut self, run: Run, context: &mut Context<'_, Message>) {
        self.run = Some(run);
        self.done = 0;
        self.work_on_tile(&run, context);
    }

    fn work_on_tile(&mut self, run: &Run, context: &mut Context<'_, Message>) {
        let cycles = if self.done + 1 == run.length {
            run.last_work
        } else {
            run.work
        };
        let span = self.place.clock.span(Cycles(u64::from(cycles)));
        self.busy += span;
        let (actor, start, end) = (context.me(), context.now(), context.now() + span);
        context.trace(|sink| {
            let place = TilePlace {
                operation: run.operation.0,
                tile: run.tile(self.done),
            };
            sink.span(Span {
                actor,
                start,
                end,
                label: Event::Tile(self.function.unit(), place).label(),
            });
        });
        context.wake(span, Message::TileFinished);
    }

    fn on_tile_finished(&mut self, context: &mut Context<'_, Message>) {
        let Some(run) = self.run else {
            context.stop("a row module finished a tile of no run");
            return;
        };
        self.done += 1;
        self.tiles += 1;
        if self.done < run.length {
            self.work_on_tile(&run, context);
            return;
        }
        self.run = None;
        if let Some(values) = &self.values {
            values.attempt(context, |values| values.row_operation(&run));
        }
        context.send(self.place.pe, Ticks::ZERO, Message::ResultCompressed(run));
        let free = Message::UnitFree {
            pe: self.place.pe_index,
            unit: self.place.unit,
            kind: self.function.run_kind(),
            busy_until: context.now(),
        };
        context.send(self.place.control_block, self.place.clock.period(), free);
    }

    /// What it computes.
    #[must_use]
    pub fn function(&self) -> RowFunction {
        self.function
    }

    pub(crate) fn count_actions(&self, counts: &mut ByAction<u64>) {
        counts[self.function.unit().action()] += self.busy.0;
    }

    /// Tile operations finished.
    #[must_use]
    pub fn tiles(&self) -> u64 {
        self.tiles
    }

    /// Time at work.
    #[must_use]
    pub fn busy(&self) -> Ticks {
        self.busy
    }
}

#[cfg(test)]
mod tests;
