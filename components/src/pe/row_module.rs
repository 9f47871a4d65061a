//! What softmax and layer-norm modules have in common: they work through a row of tiles, one tile after another.

use sim_core::{ActorId, Clock, Context, Cycles, Label, Span, Ticks};

use crate::message::Message;
use crate::run::{Run, RunKind};
use crate::values::Values;

/// The place of a row module: whom it reports to, and which unit it is.
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

/// A module that takes `Run::work` cycles for each tile of a row.
#[derive(Clone, Debug)]
pub(crate) struct RowModule {
    place: ModulePlace,
    kind: RunKind,
    label: u16,
    run: Option<Run>,
    done: u16,
    tiles: u64,
    busy: Ticks,
    values: Option<Values>,
}

impl RowModule {
    pub(crate) fn new(place: ModulePlace, kind: RunKind, label: u16) -> Self {
        Self {
            place,
            kind,
            label,
            run: None,
            done: 0,
            tiles: 0,
            busy: Ticks::ZERO,
            values: None,
        }
    }

    pub(crate) fn set_values(&mut self, values: Option<Values>) {
        self.values = values;
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
            let label = Label {
                kind: self.label,
                work: run.operation.0,
                part: run.tile(self.done).packed(),
            };
            sink.span(Span {
                actor,
                start,
                end,
                label,
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
            kind: self.kind,
            busy_until: context.now(),
        };
        context.send(self.place.control_block, self.place.clock.period(), free);
    }

    pub(crate) fn tiles(&self) -> u64 {
        self.tiles
    }

    pub(crate) fn busy(&self) -> Ticks {
        self.busy
    }
}

#[cfg(test)]
mod tests;

macro_rules! row_module {
    ($(#[$doc:meta])* $name:ident, $kind:expr, $label:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name(pub(crate) RowModule);

        impl $name {
            /// An idle module at `place`.
            #[must_use]
            pub fn new(place: ModulePlace) -> Self {
                Self(RowModule::new(place, $kind, $label))
            }

            /// The module, computing with the numbers in `values`.
            #[must_use]
            pub fn with_values(mut self, values: Option<$crate::values::Values>) -> Self {
                self.0.set_values(values);
                self
            }

            /// Tile operations finished.
            #[must_use]
            pub fn tiles(&self) -> u64 {
                self.0.tiles()
            }

            /// Time at work.
            #[must_use]
            pub fn busy(&self) -> Ticks {
                self.0.busy()
            }
        }
    };
}
pub(crate) use row_module;
