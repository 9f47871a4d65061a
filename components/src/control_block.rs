//! The control block: it carries out the plan of the buffers step by step, and issues runs.
//!
//! What moves, and in which order, is the plan's ([`crate::block_plan`]); when is the control block's. Steps of the window get
//! their room in order (`reserve.rs`), and loads begin; a step issues its runs when what they read is ready and a unit is free
//! (`issue.rs`), in any order; when all its tiles have retired, its blocks go the way that the plan has for them
//! (`retire.rs`).

mod admission;
mod fetch;
mod free_of_class;
mod issue;
mod look_ahead;
mod moves;
mod parameters;
mod phases;
mod places;
mod policy;
mod reserve;
mod retire;
mod stalls;
mod stays;
mod traced;
mod transfers;
mod units;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sim_core::{ActorId, Context, Tick};

use crate::block_plan::{BlockPlan, Ledger, Step};
use crate::buffer_kind::BufferKind;
use crate::message::{Message, TransferId};
use crate::operation::{Operation, Role};
use crate::pe::PeAddresses;
use crate::runs::{Run, RunKind};
use crate::trace_event::Event;
use crate::values::{ValueStore, Values};
use crate::words::Words;
use crate::work::UnitClass;

pub use crate::stall_cause::StallCause;
pub use look_ahead::{InView, LookAhead};
pub use parameters::ControlBlockParameters;
pub use phases::PhaseAccount;
pub use policy::SchedulingPolicy;
pub use stalls::StallAccount;

use places::StepNumber;
use stays::Stays;
use traced::TraceState;
use transfers::{Pending, Purpose};
use units::{FreeUnits, Unit};
use window::Window;

/// The mapper's program: operations one after another, never all at once.
pub type Program = Box<dyn Iterator<Item = Operation> + Send>;

/// Tile operations of one role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoleCounts {
    /// Handed to PEs.
    pub issued: u64,
    /// Written back by PEs.
    pub retired: u64,
}

/// The control block.
pub struct ControlBlock {
    parameters: ControlBlockParameters,
    /// The PEs, by number.
    pes: Arc<[PeAddresses]>,
    /// The sources of background traffic, which end with the last transformer.
    background: Arc<[ActorId]>,
    plan: BlockPlan,
    plan_ended: bool,
    /// A step that the window has no room for yet.
    next_step: Option<Step>,
    window: Window,
    stays: Stays,
    room: Ledger,
    /// The step whose loads are considered next, and which of what stands before it.
    fetched: StepNumber,
    fetch_place: usize,
    /// Whether something has happened that can give a step its room or begin a load.
    room_changed: bool,
    /// Blocks on their way to main memory that will free their room.
    leaving: u32,
    /// Reads and writes of blocks in flight, by address.
    reading: BTreeMap<u64, u32>,
    writing: BTreeMap<u64, u32>,
    /// Steps whose loads have not begun, by the address that they read.
    unread: BTreeMap<u64, BTreeSet<StepNumber>>,
    /// The oldest step with work to issue.
    leader: StepNumber,
    issuable: [BTreeSet<StepNumber>; 3],
    data_issuable: BTreeSet<StepNumber>,
    turns: [StepNumber; 3],
    units: FreeUnits,
    /// Runs that are about to be issued together; kept to be filled again.
    runs: Vec<Run>,
    pending: Pending,
    stalls: StallAccount,
    phases: PhaseAccount,
    roles: BTreeMap<Role, RoleCounts>,
    runs_issued: u64,
    runs_retired: u64,
    spills: u64,
    finished_at: Option<Tick>,
    first_batch_at: Option<Tick>,
    trace: TraceState,
    values: Option<Values>,
    /// Steps of the DMA that wait for older operations to finish.
    awaiting_older: Vec<StepNumber>,
    words: Words,
}

impl ControlBlock {
    /// A control block about to run `plan` on the tokens' `words` and on these PEs. It tells the sources of `background`
    /// traffic when it has finished.
    #[must_use]
    pub fn new(
        parameters: ControlBlockParameters,
        pes: Arc<[PeAddresses]>,
        background: Arc<[ActorId]>,
        words: Words,
        plan: BlockPlan,
    ) -> Self {
        let layout = parameters.layout;
        Self {
            pes,
            background,
            plan,
            plan_ended: false,
            next_step: None,
            window: Window::default(),
            stays: Stays::default(),
            room: Ledger::new(parameters.capacity),
            fetched: StepNumber(0),
            fetch_place: 0,
            room_changed: false,
            leaving: 0,
            reading: BTreeMap::new(),
            writing: BTreeMap::new(),
            unread: BTreeMap::new(),
            leader: StepNumber(0),
            issuable: [(); 3].map(|()| BTreeSet::new()),
            data_issuable: BTreeSet::new(),
            turns: [StepNumber(0); 3],
            units: FreeUnits::new(parameters.pes, layout),
            runs: Vec::new(),
            pending: Pending::default(),
            stalls: StallAccount::default(),
            phases: PhaseAccount::default(),
            roles: BTreeMap::new(),
            runs_issued: 0,
            runs_retired: 0,
            spills: 0,
            finished_at: None,
            first_batch_at: None,
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
                if context.is_traced() {
                    let actor = self.actor_of(pe, kind, unit);
                    self.trace_link(Event::UnitFreed(actor), context);
                }
                let unit = Unit {
                    pe,
                    unit,
                    busy_until,
                    lanes: 1,
                };
                if let Some(unit) = self.units.freed(kind.unit(), unit) {
                    self.on_unit_free(unit, kind.unit(), context);
                }
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
        self.units.put(class, unit, context.now());
        self.proceed(context);
    }

    fn on_run_retired(&mut self, run: Run, context: &mut Context<'_, Message>) {
        self.account(context.now());
        self.trace_link(Event::RunRetired(run.place()), context);
        self.runs_retired += 1;
        match self.window.step_of(&run) {
            Some(step) => self.count_retired(step, &run, context),
            None => context.stop("a run retired whose step is not in the window"),
        }
        self.proceed(context);
    }

    fn on_transfer_done(&mut self, transfer: TransferId, context: &mut Context<'_, Message>) {
        self.account(context.now());
        self.watch_wakes(context);
        let done = Event::TransferDone { transfer: transfer.0 };
        self.trace_link(done, context);
        self.room_changed = true;
        match self.pending.finish(transfer) {
            Some(Purpose::Arrival { stay, address, .. }) => self.arrived(stay, address, context),
            Some(Purpose::Departure {
                stay,
                step,
                address,
                bytes,
            }) => self.departed(stay, step, [address, bytes], context),
            Some(Purpose::Data { step }) => self.data_moved(step, context),
            Some(Purpose::WriteBack { stay, step, address }) => {
                self.written_back(stay, step, address, context)
            }
            None => {}
        }
        self.trace_wakes(transfer, context);
        self.proceed(context);
    }

    /// Does everything that has become possible.
    fn proceed(&mut self, context: &mut Context<'_, Message>) {
        let mut fetches = self.room_changed;
        loop {
            if std::mem::take(&mut self.room_changed) {
                self.reserve(context);
            }
            self.issue_data(context);
            for class in UnitClass::ALL {
                self.issue_class(class, context);
            }
            // Results that are ready to be made come before blocks of later steps.
            if !self.room_changed && std::mem::take(&mut fetches) {
                self.fetch_ahead(context);
            } else if !self.room_changed {
                break;
            }
        }
        self.trace_stall(context);
    }

    /// The oldest step that has not got its room.
    fn turn(&self) -> StepNumber {
        StepNumber(self.room.turn())
    }

    /// PE number `pe`.
    fn pe_at(&self, pe: u16) -> ActorId {
        self.pes[usize::from(pe)].pe
    }

    /// The lane or module number `unit` of PE number `pe`.
    fn actor_of(&self, pe: u16, kind: RunKind, unit: u16) -> ActorId {
        self.pes[usize::from(pe)].unit(kind, unit)
    }

    /// The buffer of `kind`.
    #[inline]
    fn buffer(&self, kind: BufferKind) -> ActorId {
        self.parameters.buffers[kind as usize]
    }

    /// Unblocks step `number`. It may wait in several lists, so it may have been unblocked before, and even be finished.
    fn make_issuable(&mut self, number: StepNumber) {
        let Some(entry) = self.window.unfinished_mut(number) else {
            return;
        };
        if !entry.progress.has_ordered_all() || !entry.has_work_to_issue() {
            return;
        }
        self.trace
            .note_woken(entry.step.operation.id.0, entry.blocked.take());
        match entry.class() {
            Some(class) => self.issuable[class as usize].insert(number),
            None => self.data_issuable.insert(number),
        };
    }

    fn make_all_issuable(&mut self, steps: Vec<StepNumber>) {
        for step in steps {
            self.make_issuable(step);
        }
    }

    /// When the last operation finished; `None` if some never did.
    #[must_use]
    pub fn finished_at(&self) -> Option<Tick> {
        self.finished_at
    }

    /// When the first batch was through; `None` if it never was.
    #[must_use]
    pub fn first_batch_at(&self) -> Option<Tick> {
        self.first_batch_at.or(self.finished_at)
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

    /// Blocks that were written to main memory to make room.
    #[must_use]
    pub fn spills(&self) -> u64 {
        self.spills
    }

    /// The oldest unfinished step and what it waits for, for the report of a run that got stuck.
    #[must_use]
    pub fn stuck_on(&self) -> Option<String> {
        let entry = self.window.iter().next()?;
        let operation = &entry.step.operation;
        let head = operation
            .head
            .map(|head| format!(", head {head}"))
            .unwrap_or_default();
        let cause = match (entry.blocked, entry.class()) {
            (Some(StallCause::Memory), _) | (None, None) => "main memory",
            (Some(cause), _) => cause.name(),
            (None, Some(_)) => "its own tiles",
        };
        Some(format!(
            "operation {} ({}, layer {}{head}) waits for {cause}",
            operation.id.0, operation.role, operation.layer
        ))
    }
}

/// What was `found`; if nothing was, the run stops, with `reason`.
#[inline]
fn stopped_without<T>(found: Option<T>, reason: &str, context: &mut Context<'_, Message>) -> Option<T> {
    if found.is_none() {
        context.stop(reason);
    }
    found
}
