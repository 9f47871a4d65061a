//! A scenario resolved into the parameters of every actor, and checked for what the machine cannot hold.

use std::iter;
use std::sync::Arc;

use components::memory::RequestorName;
use components::message::Traffic;
use components::sparsity::threshold::ThresholdCalculator;
use components::units::Bytes;
use sim_core::{Clock, ClockError, Frequency, Tick, Timebase};

use super::MachinePlan;
use super::background_plan::{self, BackgroundPlan};
use super::machine_plan::Machine;
use super::main_memory::MainMemory;
use super::requestors;
use crate::diagnostics::{self, Diagnostics};
use crate::load::library::Shelf;
use crate::load::{Document, Loaded, Resolver};
use crate::schema::limits::{MAX_MODULES, MAX_ROWS_FOLLOWED};
use crate::schema::{self, CostTable, CurvesFile, DensitySource, Reference, Scenario, Weights};
use crate::values::StatedConstants;

/// Something in a scenario that no machine can do, at the field that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The tenant in whose scenario it is, by number; none if it is in the scenario itself.
    pub tenant: Option<usize>,
    /// The field, such as `accelerator.tile.x`.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What would be accepted.
    pub help: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            tenant: None,
            field: field.into(),
            message: message.into(),
            help: help.into(),
        }
    }

    fn of_tenant(mut self, tenant: usize) -> Self {
        self.tenant = Some(tenant);
        self
    }
}

/// A scenario with every part resolved: ready to be built.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The transformer and its accelerator.
    pub machine: MachinePlan,
    /// The other transformers on the same main memory.
    pub tenants: Vec<MachinePlan>,
    /// Other traffic on it.
    pub background: Vec<BackgroundPlan>,
    /// Main memory.
    pub memory: MainMemory,
    /// The tick.
    pub timebase: Timebase,
    /// Main memory's clock.
    pub memory_clock: Clock,
    /// Who asks of main memory, by number.
    pub requestors: Vec<RequestorName>,
}

impl Plan {
    /// Resolves a loaded scenario, with the main memory, the tenants and the traces that it names.
    ///
    /// # Errors
    /// Everything that is wrong with it, each at its place in the file that states it.
    pub fn load(loaded: &Loaded, resolver: &dyn Resolver) -> Result<Self, Diagnostics> {
        let memory = MainMemory::load(loaded, resolver)?;
        let mut tenants = Vec::new();
        for index in 0..loaded.scenario.contention.tenants.len() {
            tenants.push(loaded.tenant(index, resolver)?);
        }
        let machines = tenants.iter().map(Machine::of).collect::<Result<_, _>>()?;
        let traces = background_plan::find_traces(loaded)?;
        let own = Machine::of(loaded)?;
        Self::resolve(own, machines, &traces, memory).map_err(|problems| {
            let mut diagnostics = Diagnostics::default();
            for Problem {
                tenant,
                field,
                message,
                help,
            } in problems
            {
                let source = tenant.map_or(loaded, |tenant| &tenants[tenant]);
                diagnostics.push(source.problem(&field, message, help));
            }
            diagnostics
        })
    }

    /// Resolves `scenario` with its main memory and its costs; tenants and traces that it names are left out. Of curves only
    /// shipped ones are found.
    ///
    /// # Errors
    /// Everything that the machine cannot hold or do, each at its field.
    pub fn new(mut scenario: Scenario, memory: MainMemory, costs: CostTable) -> Result<Self, Vec<Problem>> {
        scenario.contention.tenants.clear();
        let traces = vec![None; scenario.contention.background.len()];
        let curves = shipped_curves(&scenario)?;
        if let (true, Weights::File(file)) = (scenario.sparsity.source.computes(), &scenario.workload.weights)
        {
            let message = format!("the weights in {file:?} are not part of the scenario");
            return Err(vec![Problem::new(
                "workload.weights",
                message,
                "`Plan::load` reads them",
            )]);
        }
        let own = Machine {
            scenario,
            costs,
            curves,
            constants: None,
        };
        Self::resolve(own, Vec::new(), &traces, memory)
    }

    fn resolve(
        own: Machine,
        tenants: Vec<Machine>,
        traces: &[Option<background_plan::Trace>],
        memory: MainMemory,
    ) -> Result<Self, Vec<Problem>> {
        let contention = own.scenario.contention.clone();
        let clocks = Clocks::new(&own, &tenants, &memory)?;
        check_sizes(&own, &tenants)?;
        let requestors = requestors::names(&contention, tenants.len())?;
        let memory = memory.for_requestors(&contention.arbitration, &requestors)?;
        let seed = own.scenario.seed;
        let machine = MachinePlan::new(own, clocks.own, Tick::ZERO)?;
        let mut plan = Self {
            machine,
            tenants: Vec::new(),
            background: Vec::new(),
            memory,
            timebase: clocks.timebase,
            memory_clock: clocks.memory,
            requestors,
        };
        for (index, (tenant, clock)) in tenants.into_iter().zip(clocks.tenants).enumerate() {
            let stated = &contention.tenants[index];
            let start = clock.edge_at_or_after(plan.instant(stated.start_us));
            let mut machine = MachinePlan::new(tenant, clock, start).map_err(|problems| {
                problems
                    .into_iter()
                    .map(|problem| problem.of_tenant(index))
                    .collect::<Vec<_>>()
            })?;
            machine.scenario.name.clone_from(&stated.name);
            plan.tenants.push(machine);
        }
        plan.background = background_plan::resolve(&plan, &contention.background, traces, seed)?;
        let problems = plan.lay_out();
        if problems.is_empty() {
            Ok(plan)
        } else {
            Err(problems)
        }
    }

    /// The instant so many microseconds after the beginning.
    pub(super) fn instant(&self, microseconds: f64) -> Tick {
        Tick((microseconds * 1e-6 * self.timebase.frequency().hertz()).round() as u64)
    }

    /// All machines, the scenario's own first.
    pub fn machines(&self) -> impl Iterator<Item = &MachinePlan> {
        iter::once(&self.machine).chain(&self.tenants)
    }

    /// Whether anybody else uses main memory.
    #[must_use]
    pub fn has_contention(&self) -> bool {
        !self.tenants.is_empty() || !self.background.is_empty()
    }

    /// The same machine with main memory for itself.
    #[must_use]
    pub fn alone(&self) -> Self {
        Self {
            tenants: Vec::new(),
            background: Vec::new(),
            requestors: self.requestors[..Traffic::ALL.len()].to_vec(),
            ..self.clone()
        }
    }

    /// Gives every machine its part of main memory; what does not fit is a problem.
    fn lay_out(&mut self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.memory.problem().into_iter().collect();
        let capacity = self.memory.capacity().0;
        let background: u64 = self.background.iter().map(|source| source.region_bytes).sum();
        if background >= capacity {
            problems.push(Problem::new(
                "contention.background",
                format!("the regions of background traffic take {background} B, but main memory holds {capacity} B"),
                "choose smaller regions (`region_mb`) or a larger memory",
            ));
            return problems;
        }
        let machines = 1 + self.tenants.len() as u64;
        // Whole MB, so that every machine's addresses begin at the same place of a row.
        let part = (capacity - background) / machines / ALIGNMENT * ALIGNMENT;
        let part = if machines == 1 {
            capacity - background
        } else {
            part
        };
        for (index, machine) in iter::once(&mut self.machine).chain(&mut self.tenants).enumerate() {
            machine.region = (index as u64 * part, part);
            if machine.memory_used.0 > part {
                let (used, whose) = (
                    machine.memory_used,
                    if machines == 1 { "" } else { " for each machine" },
                );
                problems.push(Problem {
                    tenant: index.checked_sub(1),
                    ..Problem::new(
                        "memory",
                        format!(
                            "{} take {used}, but main memory holds {}{whose}",
                            if machine.trains() {
                                "weights, their gradients and states, and what is kept for the backward pass"
                            } else {
                                "the weights"
                            },
                            Bytes(part)
                        ),
                        "choose a larger memory or a smaller transformer",
                    )
                });
                continue;
            }
            let left = Bytes(part) - machine.memory_used;
            if machine.spill_room.0 > left.0 {
                problems.push(Problem {
                    tenant: index.checked_sub(1),
                    ..Problem::new(
                        "memory",
                        format!(
                            "activations that find no room in the buffer may take {} of main memory at once, but it has \
                             only {left} left",
                            machine.spill_room
                        ),
                        "choose a larger memory, a larger activation buffer or a smaller batch, or look ahead less \
                         (`accelerator.prefetch_operations`)",
                    )
                });
            }
        }
        let mut end = capacity;
        for source in &mut self.background {
            end -= source.region_bytes;
            source.region_start = end;
        }
        problems
    }
}

impl Machine {
    /// What `loaded` describes, without what it shares with others.
    fn of(loaded: &Loaded) -> Result<Self, Diagnostics> {
        Ok(Self {
            scenario: loaded.scenario.clone(),
            costs: loaded.costs.clone(),
            curves: match &loaded.curves {
                Some(curves) => Some(Arc::clone(curves)),
                None => curves_named_later(loaded)?,
            },
            constants: stated_constants(loaded)?.map(Arc::new),
        })
    }
}

/// The curves of a scenario that a program has changed since it was loaded.
fn curves_named_later(loaded: &Loaded) -> Result<Option<Arc<ThresholdCalculator>>, Diagnostics> {
    shipped_curves(&loaded.scenario).map_err(|problems| {
        let problems = problems.into_iter();
        problems
            .map(|problem| loaded.problem(&problem.field, problem.message, problem.help))
            .collect()
    })
}

/// The weights and inputs in the file that a scenario names; none if it names none, or computes with none.
fn stated_constants(loaded: &Loaded) -> Result<Option<StatedConstants>, Diagnostics> {
    let scenario = &loaded.scenario;
    let Weights::File(file) = &scenario.workload.weights else {
        return Ok(None);
    };
    if !scenario.sparsity.source.computes() {
        return Ok(None);
    }
    let Some(path) = loaded.file_beside(WEIGHTS, file) else {
        let message = format!("the weights {file:?} are not shipped");
        let help = "weights are a file on the disk, beside the scenario that names it";
        return Err(loaded.problem(WEIGHTS, message, help).into());
    };
    let constants = StatedConstants::read(&path, &scenario.workload);
    constants.map(Some).map_err(|problems| {
        let problems = problems.into_iter().map(|problem| {
            let help = problem.help().unwrap_or_default().to_owned();
            loaded.problem(WEIGHTS, problem.message(), help)
        });
        problems.collect()
    })
}

/// The field that names a file of weights.
const WEIGHTS: &str = "workload.weights";

/// The curves that a scenario names which was loaded without them.
fn shipped_curves(scenario: &Scenario) -> Result<Option<Arc<ThresholdCalculator>>, Vec<Problem>> {
    let DensitySource::Wanted { curves, .. } = &scenario.sparsity.source else {
        return Ok(None);
    };
    let read = || match curves {
        Reference::Preset(name) => Document::<CurvesFile>::shipped(Shelf::Curves, name)?.calculator(),
        Reference::File(file) => {
            let message = format!("the curves in {file:?} are not part of the scenario");
            let problem = diagnostics::Problem::new(message).with_help("`Plan::load` reads them");
            Err(problem.into())
        }
    };
    read().map(|curves| Some(Arc::new(curves))).map_err(|wrong| {
        vec![Problem::new(
            "sparsity.source.curves",
            wrong.render(),
            "name curves that are shipped",
        )]
    })
}

/// Machines' parts of main memory begin at multiples of this many bytes.
const ALIGNMENT: u64 = 1 << 20;

/// Holds all machines together against what one alone may have.
fn check_sizes(own: &Machine, tenants: &[Machine]) -> Result<(), Vec<Problem>> {
    let machines = || {
        std::iter::once(own)
            .chain(tenants)
            .map(|machine| &machine.scenario)
    };
    let lanes: u64 = machines().map(|scenario| scenario.accelerator.lanes()).sum();
    let rows: u64 = machines().map(schema::rows_followed).sum();
    let too_many = |what: &str, number: u64, most: u64| {
        Problem::new(
            "contention.tenants",
            format!("all machines together have {number} {what}"),
            format!("at most {most} are accepted, because each is kept in memory: fewer or smaller tenants"),
        )
    };
    let mut problems = Vec::new();
    if lanes > MAX_MODULES {
        problems.push(too_many("MAC lanes", lanes, MAX_MODULES));
    }
    if rows > MAX_ROWS_FOLLOWED {
        problems.push(too_many("tile rows to follow", rows, MAX_ROWS_FOLLOWED));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems)
    }
}

/// The clocks of a plan.
struct Clocks {
    timebase: Timebase,
    memory: Clock,
    own: Clock,
    tenants: Vec<Clock>,
}

impl Clocks {
    fn new(own: &Machine, tenants: &[Machine], memory: &MainMemory) -> Result<Self, Vec<Problem>> {
        let core = own.scenario.accelerator.clock();
        let bus = memory.clock().unwrap_or(core);
        let others: Vec<Frequency> = tenants
            .iter()
            .map(|tenant| tenant.scenario.accelerator.clock())
            .collect();
        Self::of(core, bus, &others).map_err(|error| {
            vec![Problem::new(
                "accelerator.clock_mhz",
                error.to_string(),
                "choose frequencies that have a larger common divisor",
            )]
        })
    }

    fn of(core: Frequency, bus: Frequency, others: &[Frequency]) -> Result<Self, ClockError> {
        let all: Vec<Frequency> = [core, bus].into_iter().chain(others.iter().copied()).collect();
        let timebase = Timebase::of(&all)?;
        Ok(Self {
            timebase,
            memory: timebase.clock(bus)?,
            own: timebase.clock(core)?,
            tenants: others
                .iter()
                .map(|&clock| timebase.clock(clock))
                .collect::<Result<_, _>>()?,
        })
    }
}
