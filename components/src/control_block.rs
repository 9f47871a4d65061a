//! The control block: it takes the mapper's program, keeps dependences, allocates the buffers, and issues runs.
//!
//! It looks `window` operations ahead. Weights of every operation in the window are asked for in program order as far
//! as the weight buffer has room; runs are issued when the rows they read are ready, their slices are in the
//! activation buffer and a unit is free. Only the oldest operation with work to issue may push other slices out to main
//! memory, so the machine always moves on.

pub(crate) mod cursor;
mod issue;
mod policy;
mod residency;
mod space;
mod stalls;
mod tensors;
mod units;
mod weights;

use std::collections::BTreeMap;

use sim_core::{ActorId, Clock, Context, Tick};

use crate::density::Density;
use crate::message::{Message, TransferId};
use crate::operation::{Footprint, Operation, Role, TensorId, Work};
use crate::pe::PeLayout;
use crate::run::Run;
use crate::tile::{Dimension, LoopOrder, TileShape};
use crate::units::Bytes;
use crate::word::{self, WordFormat};

pub use policy::SchedulingPolicy;
pub use stalls::{StallAccount, StallCause};

use cursor::Cursor;
use policy::PlaceSet;
use residency::{Pending, Purpose};
use space::Space;
use tensors::Tensor;
use units::{FreeUnits, Unit, UnitClass};
use weights::WeightStore;

/// The mapper's program as the control block sees it: operations one after another, never all at once.
pub type Program = Box<dyn Iterator<Item = Operation> + Send>;

/// What the control block must know of the machine.
#[derive(Clone, Copy, Debug)]
pub struct ControlBlockParameters {
    /// The accelerator's clock.
    pub clock: Clock,
    /// Order of the loops of a product.
    pub loop_order: LoopOrder,
    /// How tensors are cut.
    pub tile: TileShape,
    /// What a word takes.
    pub word: WordFormat,
    /// Share of activations that are not zero.
    pub activation_density: Density,
    /// Share of weights that are not zero.
    pub weight_density: Density,
    /// Room for activations: the activation buffer, and activations' share of the mask buffer.
    pub activation_space: Footprint,
    /// Room for weights: the weight buffer, and weights' share of the mask buffer.
    pub weight_space: Footprint,
    /// Which operation goes first.
    pub policy: SchedulingPolicy,
    /// Operations looked at together.
    pub window: u32,
    /// Number of PEs.
    pub pes: u16,
    /// What a PE consists of.
    pub layout: PeLayout,
    /// The first PE; the others follow.
    pub first_pe: ActorId,
    /// The DMA.
    pub dma: ActorId,
    /// Activation, weight and mask buffer.
    pub buffers: [ActorId; 3],
    /// First address of the main memory that spills may use, and its size.
    pub spill_region: (u64, u64),
}

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
    /// `None` for operations that the DMA does alone.
    class: Option<UnitClass>,
    inputs: Vec<Input>,
    weights: Vec<TensorId>,
    output: Option<usize>,
    /// Tiles missing of each row of the result, by (batch tile, row).
    tiles_missing: Vec<u32>,
    rows_missing: Vec<u32>,
    batches_missing: u32,
    /// Next batch tile of a data operation.
    next_batch: u32,
    blocked: Option<StallCause>,
}

#[derive(Clone, Copy, Debug)]
struct Input {
    tensor: usize,
    rows: crate::operation::RowAccess,
}

impl Entry {
    fn rows(&self) -> u32 {
        self.operation.grid.tiles(Dimension::I)
    }

    fn has_work_to_issue(&self) -> bool {
        match self.class {
            Some(_) => !self.cursor.is_exhausted(),
            None => self.next_batch < self.operation.grid.tiles(Dimension::B),
        }
    }
}

/// The control block.
pub struct ControlBlock {
    parameters: ControlBlockParameters,
    program: Program,
    /// The window: operation `id` stands at place `id % window`.
    entries: Vec<Option<Entry>>,
    oldest: u32,
    admitted: u32,
    program_ended: bool,
    /// The oldest operation with work to issue.
    leader: u32,
    issuable: [PlaceSet; 3],
    data_issuable: PlaceSet,
    turn: [usize; 3],
    units: FreeUnits,
    tensors: Vec<Option<Tensor>>,
    tensor_places: BTreeMap<TensorId, usize>,
    free_tensor_places: Vec<usize>,
    activation_space: Space,
    weights: WeightStore,
    pending: Pending,
    space_waiting: Vec<usize>,
    /// Whether the leader found no room when it last asked: until it gets some, nobody else does.
    leader_short_of_room: bool,
    spill_offset: u64,
    tokens_gathered: u32,
    clock_of_use: u64,
    stalls: StallAccount,
    roles: BTreeMap<Role, RoleCounts>,
    runs_issued: u64,
    runs_retired: u64,
    spills: u64,
    finished_at: Option<Tick>,
}

impl ControlBlock {
    /// A control block about to run `program`.
    #[must_use]
    pub fn new(parameters: ControlBlockParameters, program: Program) -> Self {
        let window = parameters.window.max(1) as usize;
        let layout = parameters.layout;
        Self {
            program,
            entries: (0..window).map(|_| None).collect(),
            oldest: 0,
            admitted: 0,
            program_ended: false,
            leader: 0,
            issuable: [(); 3].map(|()| PlaceSet::new(window)),
            data_issuable: PlaceSet::new(window),
            turn: [0; 3],
            units: FreeUnits::new(parameters.pes, layout.lanes as u16, layout.softmax as u16),
            tensors: Vec::new(),
            tensor_places: BTreeMap::new(),
            free_tensor_places: Vec::new(),
            activation_space: Space::new(parameters.activation_space),
            weights: WeightStore::new(Space::new(parameters.weight_space)),
            pending: Pending::default(),
            space_waiting: Vec::new(),
            leader_short_of_room: false,
            spill_offset: 0,
            tokens_gathered: 0,
            clock_of_use: 0,
            stalls: StallAccount::default(),
            roles: BTreeMap::new(),
            runs_issued: 0,
            runs_retired: 0,
            spills: 0,
            finished_at: None,
            parameters,
        }
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
                let unit = Unit {
                    pe,
                    unit,
                    freed_at: context.now(),
                    busy_until,
                    cause,
                };
                self.on_unit_free(unit, UnitClass::of(kind), context);
            }

            Message::RunRetired(run) => self.on_run_retired(run, context),
            Message::TransferDone(transfer) => self.on_transfer_done(transfer, context),
            other => context.stop(format!("the control block takes no {other:?}")),
        }
    }

    fn on_start(&mut self, context: &mut Context<'_, Message>) {
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
        self.runs_retired += 1;
        self.unpin(place, &run);
        self.count_retired(place, &run, context);
        self.proceed(context);
    }

    fn on_transfer_done(&mut self, transfer: TransferId, context: &mut Context<'_, Message>) {
        self.account(context.now());
        match self.pending.finish(transfer) {
            Some(Purpose::Weight(tensor)) => self.weight_arrived(tensor),
            Some(Purpose::Slice { tensor, b }) => self.slice_moved(tensor, b, context),
            Some(Purpose::Gather { place, b }) => {
                self.unpin_data(place, b);
                self.rows_gathered(place, b, context);
            }
            Some(Purpose::Store { place, b }) => {
                self.unpin_data(place, b);
                self.finish_batch(place, b, context);
            }
            None => {}
        }
        self.proceed(context);
    }

    /// Does whatever has become possible.
    fn proceed(&mut self, context: &mut Context<'_, Message>) {
        self.load_weights(context);
        self.issue_data(context);
        for class in UnitClass::ALL {
            self.issue_class(class, context);
        }
    }

    /// Takes operations of the program into the window until it is full.
    fn admit(&mut self, context: &mut Context<'_, Message>) {
        while !self.program_ended && self.admitted - self.oldest < self.parameters.window {
            let Some(operation) = self.program.next() else {
                self.program_ended = true;
                break;
            };
            self.admit_operation(operation);
        }
        if self.program_ended && self.oldest == self.admitted {
            self.finish(context.now());
        }
    }

    fn admit_operation(&mut self, operation: Operation) {
        let place = self.place_of(operation.id.0);
        let class = match operation.work {
            Work::Product | Work::Convolution { .. } | Work::NonLinearity | Work::Add { .. } => {
                Some(UnitClass::Lane)
            }
            Work::Softmax => Some(UnitClass::Softmax),
            Work::LayerNorm => Some(UnitClass::LayerNorm),
            Work::Gather { .. } | Work::Store { .. } => None,
        };
        let lanes = u64::from(self.parameters.pes) * u64::from(self.parameters.layout.lanes);
        let cursor = Cursor::new(&operation, self.parameters.loop_order, lanes);
        let inputs = operation
            .inputs()
            .filter_map(|(tensor, rows)| {
                self.tensor_places
                    .get(&tensor)
                    .map(|&tensor| Input { tensor, rows })
            })
            .collect();
        for weight in operation.weights() {
            self.weights.want(
                *weight,
                self.parameters.weight_footprint(weight.elements),
                operation.id.0,
            );
        }
        let weights = operation.weights().map(|weight| weight.tensor).collect();
        let output = self.admit_output(&operation, cursor.finishes_sums(), class);
        let tiles = |dimension| operation.grid.tiles(dimension);
        let (batches, rows) = (tiles(Dimension::B), tiles(Dimension::I));
        let tiles_in_row = tiles(Dimension::J) * tiles(Dimension::K);
        self.entries[place] = Some(Entry {
            cursor,
            class,
            inputs,
            weights,
            output,
            tiles_missing: vec![tiles_in_row; (batches * rows) as usize],
            rows_missing: vec![rows; batches as usize],
            batches_missing: batches,
            next_batch: 0,
            blocked: None,
            operation,
        });
        self.admitted += 1;
        self.make_issuable(place);
    }

    fn admit_output(
        &mut self,
        operation: &Operation,
        final_sums: bool,
        class: Option<UnitClass>,
    ) -> Option<usize> {
        let made = operation.output.as_ref()?;
        let producer = match class {
            Some(UnitClass::Lane) => StallCause::Dependence,
            Some(UnitClass::Softmax) => StallCause::Softmax,
            Some(UnitClass::LayerNorm) => StallCause::LayerNorm,
            None => StallCause::Memory,
        };
        let parameters = self.parameters;
        let footprint = |elements: u64| parameters.activation_footprint(elements, final_sums);
        let mut tensor = Tensor::new(made, parameters.tile, footprint, producer);
        let (start, size) = parameters.spill_region;
        if self.spill_offset + tensor.spill_size() > size {
            self.spill_offset = 0;
        }
        tensor.spill_address = start + self.spill_offset;
        self.spill_offset += tensor.spill_size();
        let place = self.free_tensor_places.pop().unwrap_or_else(|| {
            self.tensors.push(None);
            self.tensors.len() - 1
        });
        self.tensor_places.insert(made.tensor, place);
        self.tensors[place] = Some(tensor);
        Some(place)
    }

    fn place_of(&self, operation: u32) -> usize {
        operation as usize % self.entries.len()
    }

    fn make_issuable(&mut self, place: usize) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        if !entry.has_work_to_issue() {
            return;
        }
        entry.blocked = None;
        match entry.class {
            Some(class) => self.issuable[class as usize].insert(place),
            None => self.data_issuable.insert(place),
        }
    }

    fn make_all_issuable(&mut self, places: Vec<usize>) {
        for place in places {
            self.make_issuable(place);
        }
    }

    /// Counts a run's tiles down and reports the rows that are complete with them.
    fn count_retired(&mut self, place: usize, run: &Run, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_mut() else {
            context.stop("a run retired whose operation had already finished");
            return;
        };
        self.roles.entry(entry.operation.role).or_default().retired += u64::from(run.length);
        let rows = entry.rows();
        let (b, i) = (
            u32::from(run.first.along(Dimension::B)),
            u32::from(run.first.along(Dimension::I)),
        );
        let (pieces, tiles_each) = match run.along {
            Dimension::B | Dimension::I => (u32::from(run.length), 1),
            Dimension::J | Dimension::K => (1, u32::from(run.length)),
        };
        for step in 0..pieces {
            let (b, i) = if run.along == Dimension::B {
                (b + step, i)
            } else {
                (b, i + step)
            };
            let Some(entry) = self.entries[place].as_mut() else {
                return;
            };
            let missing = &mut entry.tiles_missing[(b * rows + i) as usize];
            *missing -= tiles_each;
            if *missing == 0 {
                self.finish_row(place, b, i, context);
            }
        }
    }

    fn finish_row(&mut self, place: usize, b: u32, row: u32, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        entry.rows_missing[b as usize] -= 1;
        let batch_complete = entry.rows_missing[b as usize] == 0;
        if let Some(tensor) = entry.output.and_then(|output| self.tensors[output].as_mut()) {
            tensor.set_ready(b, row);
            let woken = std::mem::take(&mut tensor.waiting);
            self.make_all_issuable(woken);
        }
        if batch_complete {
            self.finish_batch(place, b, context);
        }
    }

    /// All of batch tile `b` of an operation is done: its inputs are needed no longer.
    fn finish_batch(&mut self, place: usize, b: u32, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].as_mut() else {
            return;
        };
        entry.batches_missing -= 1;
        let complete = entry.batches_missing == 0;
        let (inputs, output) = (entry.inputs.clone(), entry.output);
        if let Some(output) = output {
            self.compact_slice(output, b, context);
        }
        for input in inputs {
            self.release_slice(input.tensor, b, context);
        }
        if complete {
            self.finish_operation(place, context);
        }
    }

    fn finish_operation(&mut self, place: usize, context: &mut Context<'_, Message>) {
        let Some(entry) = self.entries[place].take() else {
            return;
        };
        for tensor in entry.weights {
            self.weights.release(tensor, entry.operation.id.0);
        }
        while self.oldest < self.admitted && self.entries[self.place_of(self.oldest)].is_none() {
            self.oldest += 1;
        }
        self.admit(context);
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

    /// Runs handed out and written back.
    #[must_use]
    pub fn runs(&self) -> (u64, u64) {
        (self.runs_issued, self.runs_retired)
    }

    /// Slices that were pushed out to main memory.
    #[must_use]
    pub fn spills(&self) -> u64 {
        self.spills
    }

    /// What the oldest unfinished operation is and waits for, for the report of a run that got stuck.
    #[must_use]
    pub fn stuck_on(&self) -> Option<String> {
        let entry = self.entries[self.place_of(self.oldest)].as_ref()?;
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

impl ControlBlockParameters {
    /// What `elements` of an activation take: zero-free once sums are final, else with zeros in place.
    #[must_use]
    pub fn activation_footprint(&self, elements: u64, final_sums: bool) -> Footprint {
        let data = if final_sums {
            self.word.data(elements, self.activation_density)
        } else {
            self.word.dense(elements)
        };
        Footprint {
            data,
            mask: word::mask(elements),
        }
    }

    /// What `elements` of weights take.
    #[must_use]
    pub fn weight_footprint(&self, elements: u64) -> Footprint {
        Footprint {
            data: self.word.data(elements, self.weight_density),
            mask: word::mask(elements),
        }
    }
}

/// Splits the mask buffer between weights and activations, in proportion of their buffers. A fixed split keeps
/// prefetched weights from starving activations of mask room, which could stop the machine for good.
#[must_use]
pub fn split_mask_buffer(activation: Bytes, weight: Bytes, mask: Bytes) -> (Bytes, Bytes) {
    let total = u128::from(activation.0) + u128::from(weight.0);
    let share = u128::from(mask.0) * u128::from(activation.0) / total.max(1);
    let for_activations = Bytes(u64::try_from(share).unwrap_or(mask.0));
    (for_activations, mask - for_activations)
}
