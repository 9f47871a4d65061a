//! The critical path is what it says: a chain without a gap, as long as the run, each step of which waited for the one before.

use analysis::critical_path::{CriticalPath, CriticalPathSink, Part};
use components::trace_labels as labels;
use scenarios::system::{Measurements, Plan};
use sim_core::{ActorId, Engine, Label, Span, Tick, TraceSink};
use tests::{memory, plan, shipped, shipped_small};

/// The links of a run, all of them.
#[derive(Default)]
struct AllLinks(Vec<(ActorId, u64, Label)>);

impl TraceSink for AllLinks {
    fn span(&mut self, _span: Span) {}

    fn instant(&mut self, actor: ActorId, at: Tick, label: Label) {
        let counts = matches!(
            label.kind,
            labels::TRANSFER_BEGAN | labels::TRANSFER_ORDERED | labels::FINISHED
        );
        if counts || labels::is_link(label.kind) {
            self.0.push((actor, at.0, label));
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
fn backwards(links: &[(ActorId, u64, Label)], jumps: &mut [u32; 2]) -> Vec<u64> {
    let last = |end: usize, wanted: &dyn Fn(&(ActorId, u64, Label)) -> bool| {
        links[..end]
            .iter()
            .rposition(wanted)
            .expect("every link has its cause")
    };
    let is_cause = |link: &(ActorId, u64, Label)| {
        matches!(
            link.2.kind,
            labels::STARTED | labels::UNIT_FREED | labels::RUN_RETIRED | labels::TRANSFER_DONE
        )
    };
    let began = |end: usize, transfer: u32| {
        last(end, &|link| {
            link.2.kind == labels::TRANSFER_BEGAN && link.2.work == transfer
        })
    };
    let order = |end: usize, transfer: u64| {
        let orders = [labels::TRANSFER_ORDERED, labels::NOTHING_MOVES];
        last(end, &|link| {
            orders.contains(&link.2.kind) && link.2.part / 2 == transfer / 2
        })
    };
    let mut starts = Vec::new();
    let mut at = last(links.len(), &|link| link.2.kind == labels::FINISHED);
    loop {
        let cause = last(at, &is_cause);
        let (_, now, label) = links[cause];
        at = match label.kind {
            labels::STARTED => {
                starts.push(now);
                starts.reverse();
                return starts;
            }
            labels::UNIT_FREED => last(cause, &|link| {
                link.2.kind == labels::RUN_ISSUED && u64::from(link.0.0) == label.part
            }),
            labels::RUN_RETIRED => last(cause, &|link| {
                link.2.kind == labels::RUN_ISSUED && (link.2.work, link.2.part) == (label.work, label.part)
            }),
            _ => {
                let mut ordered = order(cause, label.part);
                let mut transfer = label.part as u32;
                let mut end = cause;
                // Transfers that queued or that others were preferred to lead back to those before them.
                while links[ordered].2.kind == labels::TRANSFER_ORDERED {
                    let begin = began(end, transfer);
                    let turned = |end: usize| {
                        links[..end]
                            .iter()
                            .rposition(|link| link.2.kind == labels::TRANSFER_REQUESTED)
                    };
                    let requested = last(end + 1, &|link| {
                        link.2.kind == labels::TRANSFER_REQUESTED && link.2.work == transfer
                    });
                    let preferred = turned(requested).filter(|&turned| {
                        links[turned].2.work != transfer && links[turned].1 > links[begin].1
                    });
                    let before = turned(begin).filter(|&turned| links[turned].1 > links[ordered].1);
                    let Some(turned) = preferred.or(before) else {
                        break;
                    };
                    starts.push(links[if preferred.is_some() { turned } else { begin }].1);
                    jumps[usize::from(preferred.is_some())] += 1;
                    transfer = links[turned].2.work;
                    end = turned;
                    ordered = order(began(end, transfer), transfer.into());
                }
                ordered
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
        assert!(starts.len() > 20);
        let found = backwards(&links.0, &mut jumps);
        assert_eq!(starts, found, "{}", loaded.scenario().name);
    }
    assert!(jumps.iter().all(|&jumps| jumps > 10), "{jumps:?}");
}

/// A unit that becomes free makes nothing ready, so what is issued then had waited for a unit: it goes to this one.
#[test]
fn what_waited_for_a_free_unit_goes_to_that_unit() {
    let plan = plan(&shipped_small("flexibert-mixed"));
    let mut links = AllLinks::default();
    let _ = run(&plan, &mut links);
    let (mut freed, mut issued) = (None, 0);
    for (actor, _, label) in &links.0 {
        match label.kind {
            labels::UNIT_FREED => freed = Some(label.part),
            labels::STARTED | labels::RUN_RETIRED | labels::TRANSFER_DONE => freed = None,
            labels::RUN_ISSUED => {
                if let Some(freed) = freed {
                    assert_eq!(u64::from(actor.0), freed);
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
    let busy = measured.machine.lanes.busy.0 as f64 / measured.machine.finished.0 as f64;
    let work = share(&path, &[Part::MacLanes]);
    assert!(busy > 0.8 && (work / busy - 1.0).abs() < 0.05, "{work} {busy}");
}
