//! The critical path is what it says: a chain without a gap, as long as the run, each step of which waited for the one before.

use analysis::critical_path::{CriticalPath, CriticalPathSink, Part};
use components::energy_part::Action;
use components::trace_event::{Event, TransferOrder};
use scenarios::system::{Measurements, Plan};
use sim_core::{ActorId, Engine, Label, Span, Tick, TraceSink};
use tests::{memory, plan, shipped, shipped_small};

/// An actor, when, and what.
type Link = (ActorId, u64, Event);

/// The links of a run, all of them.
#[derive(Default)]
struct AllLinks(Vec<Link>);

impl TraceSink for AllLinks {
    fn span(&mut self, _span: Span) {}

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let event = Event::of(label).expect("actors record events");
        let counts = matches!(
            event,
            Event::TransferBegan(_) | Event::TransferOrdered(_) | Event::Finished
        );
        if counts || event.is_link() {
            self.0.push((actor, at.0, event));
        }
    }

    fn counter(&mut self, _actor: ActorId, _at: Tick, _counter: u16, _value: u64) {}
}

fn run(plan: &Plan, sink: &mut dyn TraceSink) -> Measurements {
    let system = plan.build(Engine::Wheel).unwrap();
    system.run_traced(plan, sink).unwrap()
}

fn critical_path(plan: &Plan) -> (CriticalPath, Measurements) {
    let mut sink = CriticalPathSink::new(plan);
    let measured = run(plan, &mut sink);
    (sink.take_path().expect("the run has finished"), measured)
}

/// Share of the path that is spent on one of `parts`.
fn share(path: &CriticalPath, parts: &[Part]) -> f64 {
    let ticks = |wanted: &dyn Fn(Part) -> bool| -> u64 {
        path.segments()
            .filter(|segment| wanted(segment.part))
            .map(|segment| segment.end - segment.start)
            .sum()
    };
    ticks(&|part| parts.contains(&part)) as f64 / ticks(&|_| true) as f64
}

/// The beginnings of all steps, found the plain way: backwards through all links of the run. Counts the transfers that
/// queued, and those that others were preferred to.
fn backwards(links: &[Link], jumps: &mut [u32; 2]) -> Vec<u64> {
    let last = |end: usize, wanted: &dyn Fn(&Link) -> bool| {
        links[..end]
            .iter()
            .rposition(wanted)
            .expect("every link has its cause")
    };
    let is_cause = |link: &Link| {
        matches!(
            link.2,
            Event::Started | Event::UnitFreed(_) | Event::RunRetired(_) | Event::TransferDone { .. }
        )
    };
    let began = |end: usize, transfer: u32| {
        let began = |event| matches!(event, Event::TransferBegan(record) if record.transfer == transfer);
        last(end, &|link| began(link.2))
    };
    let order = |end: usize, transfer: u32| {
        let of = |order: TransferOrder| order.transfer / 2 == transfer / 2;
        last(
            end,
            &|link| matches!(link.2, Event::TransferOrdered(order) | Event::NothingMoves(order) if of(order)),
        )
    };
    let requested = |link: &Link| match link.2 {
        Event::TransferRequested { transfer } => Some(transfer),
        _ => None,
    };
    let mut starts = Vec::new();
    let mut at = last(links.len(), &|link| link.2 == Event::Finished);
    loop {
        let cause = last(at, &is_cause);
        let (_, now, event) = links[cause];
        at = match event {
            Event::UnitFreed(unit) => last(cause, &|link| {
                matches!(link.2, Event::RunIssued(_)) && link.0 == unit
            }),
            Event::RunRetired(first) => last(cause, &|link| link.2 == Event::RunIssued(first)),
            Event::TransferDone { mut transfer } => {
                let mut ordered = order(cause, transfer);
                let mut end = cause;
                // Transfers that queued or that others were preferred to lead back to those before them.
                while matches!(links[ordered].2, Event::TransferOrdered(_)) {
                    let begin = began(end, transfer);
                    let turned = |end: usize| links[..end].iter().rposition(|link| requested(link).is_some());
                    let own = last(end + 1, &|link| requested(link) == Some(transfer));
                    let preferred = turned(own).filter(|&turned| {
                        requested(&links[turned]) != Some(transfer) && links[turned].1 > links[begin].1
                    });
                    let before = turned(begin).filter(|&turned| links[turned].1 > links[ordered].1);
                    let Some(turned) = preferred.or(before) else {
                        break;
                    };
                    starts.push(links[if preferred.is_some() { turned } else { begin }].1);
                    jumps[usize::from(preferred.is_some())] += 1;
                    transfer = requested(&links[turned]).unwrap();
                    end = turned;
                    ordered = order(began(end, transfer), transfer);
                }
                ordered
            }
            _ => {
                starts.push(now);
                starts.reverse();
                return starts;
            }
        };
        starts.push(links[at].1);
    }
}

#[test]
fn it_is_the_one_that_all_links_together_show() {
    let crowded = shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory("rram");
        scenario.workload.batch = 1;
    });
    let trained = shipped("bert-tiny-train", |scenario| {
        scenario.workload.transformer.layers.truncate(1);
        scenario.workload.batch = 2;
    });
    let mut jumps = [0; 2];
    for loaded in [
        shipped_small("tiny-trace"),
        shipped_small("flexibert-mixed"),
        crowded,
        trained,
    ] {
        let plan = plan(&loaded);
        let mut links = AllLinks::default();
        let _ = run(&plan, &mut links);
        let (path, _) = critical_path(&plan);
        let starts: Vec<u64> = path.steps.iter().map(|step| step.start).collect();
        assert!(starts.len() > 10, "{}: {}", loaded.scenario().name, starts.len());
        let found = backwards(&links.0, &mut jumps);
        assert_eq!(starts, found, "{}", loaded.scenario().name);
    }
    assert!(jumps.iter().all(|&jumps| jumps > 10), "{jumps:?}");
}

/// A unit that becomes free makes nothing ready, so what is issued then had waited for a unit: it goes to this one.
#[test]
fn what_waited_for_a_free_unit_goes_to_that_unit() {
    let plan = plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.workload.batch = 1;
        scenario.accelerator.processing_elements = 1;
        scenario.memory = memory("ideal");
    }));
    let mut links = AllLinks::default();
    let _ = run(&plan, &mut links);
    let (mut freed, mut issued) = (None, 0);
    for (actor, _, event) in &links.0 {
        match event {
            Event::UnitFreed(unit) => freed = Some(*unit),
            Event::Started | Event::RunRetired(_) | Event::TransferDone { .. } => freed = None,
            Event::RunIssued(_) => {
                if let Some(freed) = freed {
                    assert_eq!(*actor, freed);
                    issued += 1;
                }
            }
            _ => {}
        }
    }
    assert!(issued > 100, "{issued}");
}

#[test]
fn it_runs_through_what_bounds_the_run() {
    let memory_parts = [Part::Load, Part::Store, Part::DmaQueue, Part::BufferPorts];
    // DRAM of an edge device bounds BERT-Tiny; without limits of memory, nothing of it is left.
    let bound = plan(&shipped("bert-tiny-edge", |_| {}));
    let (path, _) = critical_path(&bound);
    assert!(
        share(&path, &memory_parts) > 0.5,
        "{}",
        share(&path, &memory_parts)
    );
    let ideal = plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.memory = memory("ideal");
    }));
    let (path, _) = critical_path(&ideal);
    assert!(
        share(&path, &memory_parts) < 0.35,
        "{}",
        share(&path, &memory_parts)
    );
    // One lane works all the time.
    let narrow = plan(&shipped("bert-tiny-edge", |scenario| {
        scenario.accelerator.processing_elements = 1;
        scenario.accelerator.lanes_per_pe = 1;
        scenario.workload.batch = 1;
    }));
    let (path, measured) = critical_path(&narrow);
    let busy = measured.machine.time(Action::MacLane).0 as f64 / measured.machine.finished.0 as f64;
    let work = share(&path, &[Part::MacLanes]);
    assert!(busy > 0.8 && (work / busy - 1.0).abs() < 0.05, "{work} {busy}");
}
