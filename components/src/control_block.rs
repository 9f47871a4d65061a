//! The control block: it takes the mapper's program, keeps to its dependences, allocates the buffers, and issues runs.
//!
//! It looks `window` operations ahead. Weights of every operation in the window are asked for in program order as far
//! as the weight buffer has room; runs are issued when the rows they read are ready, their slices are in the
//! activation buffer and a unit is free. Only the oldest operation with work to issue may spill slices of others to main
//! memory, so the machine always makes progress.

mod admission;
mod completion;
mod issue;
mod parameters;
mod phases;
mod places;
mod policy;
mod residency;
mod space;
mod stalls;
mod tensors;
mod traced;
mod transfers;
mod units;
mod weights;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use sim_core::{ActorId, Context, Tick};

use crate::buffer_kind::BufferKind;
use crate::message::{Message, TransferId};
use crate::operation::{Footprint, Operation, Role, TensorId};
use crate::pe::PeAddresses;
use crate::runs::{Run, RunKind};
use crate::tile::Dimension;
use crate::trace_event::Event;
use crate::values::{ValueStore, Values};
use crate::words::Words;
use crate::work::UnitClass;

pub use crate::stall_cause::StallCause;
pub use parameters::{ControlBlockParameters, split_mask_buffer};
pub use phases::PhaseAccount;
pub use policy::SchedulingPolicy;
pub use stalls::StallAccount;

use crate::runs::cursor::Cursor;
use places::{BatchTile, TensorPlace, WindowPlace};
use policy::PlaceSet;
use space::Space;
use traced::TraceState;
use transfers::{Pending, Purpose};
use units::{FreeUnits, Unit};
use weights::WeightStore;
use window::{Tensors, Window};

/// The mapper's program as the control block sees it: operations one after another, never all at once.
pub type Program = Box<dyn Iterator<Item = Operation> + Send>;

/// Tile operations of one role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleCounts {
    /// Handed to PEs.
    pub issued: u64,
    /// Written back by PEs.
    pub retired: u64,
}

/// An operation in the window.
#[derive(Debug)]
struct Entry {
    operation: Operation,
    cursor: Cursor,
    /// How units work on its tiles; `None` for operations that the DMA does alone.
    kind: Option<RunKind>,
    inputs: Vec<Input>,
    weights: Vec<TensorId>,
    output: Option<TensorPlace>,
    /// Tiles missing from each row of the result, by (batch tile, row).
    tiles_missing: Vec<u32>,
    rows_missing: Vec<u32>,
    batches_missing: u32,
    /// Weights updated in place that are still on their way back to main memory.
    write_backs_missing: u32,
    /// Next batch tile of a data operation.
    next_batch: BatchTile,
    blocked: Option<StallCause>,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    tensor: TensorPlace,
    rows: crate::operation::RowAccess,
}

impl Entry {
    fn rows(&self) -> u32 {
        self.operation.grid.tiles(Dimension::I)
    }

    /// The slice of the result that batch tile `b` contributes to.
    fn output_slice(&self, b: BatchTile) -> BatchTile {
        if self.operation.work.sums_batch() {
            BatchTile::FIRST
        } else {
            b
        }
    }

    /// The units that take its runs; `None` if the DMA does it alone.
    #[inline]
    fn class(&self) -> Option<UnitClass> {
        self.kind.map(RunKind::unit)
    }

    fn has_work_to_issue(&self) -> bool {
        match self.kind {
            Some(_) => !self.cursor.is_exhausted(),
            None => self.next_batch.0 < self.operation.grid.tiles(Dimension::B),
        }
    }
}

/// The control block.
pub struct ControlBlock {
    parameters: ControlBlockParameters,
    /// The PEs, by number.
    pes: Arc<[PeAddresses]>,
    /// The sources of background traffic, which end with the last transformer.
    background: Arc<[ActorId]>,
    program: Program,
    window: Window,
    oldest: u32,
    admitted: u32,
    program_ended: bool,
    /// The oldest operation with work to issue.
    leader: u32,
    issuable: [PlaceSet; 3],
    data_issuable: PlaceSet,
    turn: [WindowPlace; 3],
    units: FreeUnits,
    tensors: Tensors,
    activation_space: Space,
    weights: WeightStore,
    pending: Pending,
    space_waiting: Vec<WindowPlace>,
    /// Whether the leader found no room when it last asked: until it gets some, no other operation does.
    leader_short_of_room: bool,
    spill_offset: u64,
    /// Room that spills in flight will give back.
    room_coming: Footprint,
    clock_of_use: u64,
    stalls: StallAccount,
    phases: PhaseAccount,
    roles: BTreeMap<Role, RoleCounts>,
    runs_issued: u64,
    runs_retired: u64,
    spills: u64,
    finished_at: Option<Tick>,
    trace: TraceState,
    values: Option<Values>,
    /// Places of data operations that wait for older operations to finish.
    awaiting_older: Vec<WindowPlace>,
    words: Words,
}

impl ControlBlock {
    /// A control block about to run `program` on the tokens' `words` and on these PEs. It tells the sources of `background`
    /// traffic when it has finished.
    #[must_use]
    pub fn new(
        parameters: ControlBlockParameters,
        pes: Arc<[PeAddresses]>,
        background: Arc<[ActorId]>,
        words: Words,
        program: Program,
    ) -> Self {
        let window = parameters.window.max(1) as usize;
        let layout = parameters.layout;
        Self {
            pes,
            background,
            program,
            window: Window::new(window),
            oldest: 0,
            admitted: 0,
            program_ended: false,
            leader: 0,
            issuable: [(); 3].map(|()| PlaceSet::new(window)),
            data_issuable: PlaceSet::new(window),
            turn: [WindowPlace(0); 3],
            units: FreeUnits::new(parameters.pes, layout.lanes as u16, layout.softmax as u16),
            tensors: Tensors::default(),
            activation_space: Space::new(parameters.activation_space),
            weights: WeightStore::new(Space::new(parameters.weight_space)),
            pending: Pending::default(),
            space_waiting: Vec::new(),
            leader_short_of_room: false,
            spill_offset: 0,
            room_coming: Footprint::default(),
            clock_of_use: 0,
            stalls: StallAccount::default(),
            phases: PhaseAccount::default(),
            roles: BTreeMap::new(),
            runs_issued: 0,
            runs_retired: 0,
            spills: 0,
            finished_at: None,
            trace: TraceState::default(),
            values: None,
            awaiting_older: Vec::new(),
            words,
            parameters,
        }
    }

    /// The control block of a machine that computes with the numbers in `values`.
    #[must_use]
    pub fn with_values(mut self, values: Option<Values>) -> Self {
        self.values = values;
        self
    }

    /// Updates the numbers, if the machine computes with any.
    fn with_numbers(
        &self,
        context: &mut Context<'_, Message>,
        work: impl FnOnce(&mut ValueStore) -> Result<(), String>,
    ) {
        if let Some(values) = &self.values {
            values.attempt(context, work);
        }
    }

    /// The numbers of the machine, if it computes with any.
    #[must_use]
    pub fn values(&self) -> Option<&Values> {
        self.values.as_ref()
    }

    pub(crate) fn receive(&mut self, message: Message, context: &mut Context<'_, Message>) {
        match message {
            Message::Start => self.on_start(context),
            Message::UnitFree {
                pe,
                unit,
                kind,
                busy_until,
            } => {
                let cause = self.current_cause();
                if context.is_traced() {
                    let actor = self.actor_of(pe, kind, unit);
                    self.trace_link(Event::UnitFreed(actor), context);
                }
                let unit = Unit {
                    pe,
                    unit,
                    freed_at: context.now(),
                    busy_until,
                    cause,
                };
                self.on_unit_free(unit, kind.unit(), context);
            }

            Message::RunRetired(run) => self.on_run_retired(run, context),
            Message::TransferDone(transfer) => self.on_transfer_done(transfer, context),
            other => context.stop(format!("the control block takes no {other:?}")),
        }
    }

    fn on_start(&mut self, context: &mut Context<'_, Message>) {
        self.start_account(context.now());
        self.trace_link(Event::Started, context);
        self.admit(context);
        self.proceed(context);
    }

    fn on_unit_free(&mut self, unit: Unit, class: UnitClass, context: &mut Context<'_, Message>) {
        self.account(context.now());
        self.units.put(class, unit);
        self.proceed(context);
    }

    fn on_run_retired(&mut self, run: Run, context: &mut Context<'_, Message>) {
        self.account(context.now());
        let place = self.place_of(run.operation.0);
        self.trace_link(Event::RunRetired(run.place()), context);
        self.runs_retired += 1;
        self.unpin(place, &run, context);
        self.count_retired(place, &run, context);
        self.proceed(context);
    }

    fn on_transfer_done(&mut self, transfer: TransferId, context: &mut Context<'_, Message>) {
        self.account(context.now());
        self.watch_wakes(context);
        let done = Event::TransferDone { transfer: transfer.0 };
        self.trace_link(done, context);
        match self.pending.finish(transfer) {
            Some(Purpose::Weight(tensor)) => self.weight_arrived(tensor, context),
            Some(Purpose::Slice { tensor, b }) => self.slice_moved(tensor, b, context),
            Some(Purpose::Fill { place, b }) => {
                self.unpin_data(place, b, context);
                self.slice_filled(place, b, context);
            }
            Some(Purpose::Store { place, b }) => {
                self.unpin_data(place, b, context);
                self.finish_batch(place, b, context);
            }
            Some(Purpose::WriteBack { place }) => self.weight_written_back(place, context),
            None => {}
        }
        self.trace_wakes(transfer, context);
        self.proceed(context);
    }

    /// Does everything that has become possible.
    fn proceed(&mut self, context: &mut Context<'_, Message>) {
        self.load_weights(false, context);
        self.issue_data(context);
        for class in UnitClass::ALL {
            self.issue_class(class, context);
        }
        if self.is_at_standstill() {
            self.weights.retry();
            self.load_weights(true, context);
        }
        self.trace_stall(context);
    }

    /// Whether nothing is in flight. Then a started operation and the leader may be deadlocked: one holds weights and needs
    /// activation room, the other can make room but needs the room of those weights.
    fn is_at_standstill(&self) -> bool {
        self.runs_issued == self.runs_retired && self.pending.is_empty() && self.oldest < self.admitted
    }

    /// PE number `pe`.
    fn pe_at(&self, pe: u16) -> ActorId {
        self.pes[usize::from(pe)].pe
    }

    /// The lane or module number `unit` of PE number `pe`.
    fn actor_of(&self, pe: u16, kind: RunKind, unit: u16) -> ActorId {
        self.pes[usize::from(pe)].unit(kind, unit)
    }

    fn place_of(&self, operation: u32) -> WindowPlace {
        self.window.place_of(operation)
    }

    /// The buffer of `kind`.
    #[inline]
    fn buffer(&self, kind: BufferKind) -> ActorId {
        self.parameters.buffers[kind as usize]
    }

    /// Unblocks the operation at `place`. It may wait in several lists, so it may have been unblocked before, and even be
    /// finished.
    fn make_issuable(&mut self, place: WindowPlace) {
        let waits = self.window.at(place);
        let Some(entry) = waits.filter(|entry| entry.has_work_to_issue()) else {
            return;
        };
        self.trace.note_woken(entry.operation.id.0, entry.blocked.take());
        match entry.class() {
            Some(class) => self.issuable[class as usize].insert(place),
            None => self.data_issuable.insert(place),
        }
    }

    fn make_all_issuable(&mut self, places: Vec<WindowPlace>) {
        for place in places {
            self.make_issuable(place);
        }
    }

    /// When the last operation finished; `None` if some never did.
    #[must_use]
    pub fn finished_at(&self) -> Option<Tick> {
        self.finished_at
    }

    /// Tile operations by role.
    #[must_use]
    pub fn roles(&self) -> &BTreeMap<Role, RoleCounts> {
        &self.roles
    }

    /// Idle time of the MAC lanes, by cause.
    #[must_use]
    pub fn stalls(&self) -> &StallAccount {
        &self.stalls
    }

    /// When each phase began.
    #[must_use]
    pub fn phases(&self) -> &PhaseAccount {
        &self.phases
    }

    /// Runs handed out and written back.
    #[must_use]
    pub fn runs(&self) -> (u64, u64) {
        (self.runs_issued, self.runs_retired)
    }

    /// Slices that were spilled to main memory.
    #[must_use]
    pub fn spills(&self) -> u64 {
        self.spills
    }

    /// The oldest unfinished operation and what it waits for, for the report of a run that got stuck.
    #[must_use]
    pub fn stuck_on(&self) -> Option<String> {
        let entry = self.window.unfinished(self.oldest)?;
        let operation = &entry.operation;
        let head = operation
            .head
            .map(|head| format!(", head {head}"))
            .unwrap_or_default();
        let cause = entry.blocked.map_or("its own tiles", StallCause::name);
        Some(format!(
            "operation {} ({}, layer {}{head}) waits for {cause}",
            operation.id.0, operation.role, operation.layer
        ))
    }
}
