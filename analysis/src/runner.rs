//! Independent jobs on several threads, their results in the order of the jobs.
//!
//! Memory is bounded: at most [`Pool::window`] jobs are in flight or finished out of turn at any time, however many
//! there are. A job that panics is one result among the others.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam::channel::{Receiver, Sender, bounded};
use crossbeam::thread;

/// How many jobs run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    workers: NonZeroUsize,
}

/// A job panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fault of the simulator: {0}")]
pub struct Panicked(pub String);

impl Default for Pool {
    /// One worker per processor.
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

impl Pool {
    /// A pool of so many workers.
    #[must_use]
    pub fn new(workers: NonZeroUsize) -> Self {
        Self { workers }
    }

    /// The most jobs that are in flight or wait for their turn.
    #[must_use]
    pub fn window(self) -> usize {
        self.workers.get() * 2
    }

    /// Does `work` on each of `jobs`, which are taken as needed, and passes the results to `emit` in the order of the
    /// jobs, each as soon as it and all before it are available. Once `emit` breaks, or `stop` returns true, no
    /// further job is started; results of jobs in flight are still passed on, in order, unless `emit` broke.
    ///
    /// The results do not depend on the number of workers if `work` depends on its job alone.
    pub fn run<J, R>(
        self,
        jobs: impl IntoIterator<Item = J>,
        stop: impl Fn() -> bool,
        work: impl Fn(J) -> R + Sync,
        emit: impl FnMut(usize, Result<R, Panicked>) -> ControlFlow<()>,
    ) where
        J: Send,
        R: Send,
    {
        let (to_workers, jobs_waiting) = bounded::<(usize, J)>(self.window());
        let (to_emitter, results) = bounded::<(usize, Result<R, Panicked>)>(self.window());
        let outcome = thread::scope(|scope| {
            for _ in 0..self.workers.get() {
                let (jobs, results) = (jobs_waiting.clone(), to_emitter.clone());
                let work = &work;
                scope.spawn(move |_| worker(&jobs, &results, work));
            }
            drop((jobs_waiting, to_emitter));
            self.feed(jobs.into_iter(), &to_workers, &results, stop, emit);
            drop(to_workers);
        });
        // Workers catch the panics of jobs and do nothing else that could panic.
        outcome.unwrap_or_else(|fault| std::panic::resume_unwind(fault));
    }

    /// Hands out jobs and passes on results, on the calling thread.
    fn feed<J, R>(
        self,
        mut jobs: impl Iterator<Item = J>,
        to_workers: &Sender<(usize, J)>,
        results: &Receiver<(usize, Result<R, Panicked>)>,
        stop: impl Fn() -> bool,
        mut emit: impl FnMut(usize, Result<R, Panicked>) -> ControlFlow<()>,
    ) {
        let (mut begun, mut emitted, mut more) = (0, 0, true);
        let mut out_of_turn = BTreeMap::new();
        loop {
            while more && begun - emitted < self.window() {
                let job = (!stop()).then(|| jobs.next()).flatten();
                // The channel has room for a whole window.
                more = job.is_some_and(|job| to_workers.send((begun, job)).is_ok());
                begun += usize::from(more);
            }
            if emitted == begun {
                return;
            }
            let Ok((index, result)) = results.recv() else {
                return;
            };
            out_of_turn.insert(index, result);
            while let Some(result) = out_of_turn.remove(&emitted) {
                if emit(emitted, result).is_break() {
                    return;
                }
                emitted += 1;
            }
        }
    }
}

fn worker<J, R>(
    jobs: &Receiver<(usize, J)>,
    results: &Sender<(usize, Result<R, Panicked>)>,
    work: &(impl Fn(J) -> R + Sync),
) {
    for (index, job) in jobs {
        let result = catch_unwind(AssertUnwindSafe(|| work(job))).map_err(|fault| Panicked(message(&*fault)));
        if results.send((index, result)).is_err() {
            return;
        }
    }
}

fn message(fault: &(dyn std::any::Any + Send)) -> String {
    let text = fault.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| fault.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it left no message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    fn pool(workers: usize) -> Pool {
        Pool::new(NonZeroUsize::new(workers).unwrap())
    }

    fn results(workers: usize, jobs: usize) -> Vec<(usize, u64)> {
        let mut seen = Vec::new();
        let work = |job: u64| {
            // Later jobs are quicker, so that they overtake.
            std::thread::sleep(Duration::from_micros(200 * (job % 7)));
            job * job
        };
        pool(workers).run(
            0..jobs as u64,
            || false,
            work,
            |index, result| {
                seen.push((index, result.unwrap()));
                ControlFlow::Continue(())
            },
        );
        seen
    }

    #[test]
    fn results_come_in_the_order_of_the_jobs_on_any_number_of_workers() {
        let expected: Vec<_> = (0..60).map(|job| (job, (job * job) as u64)).collect();
        for workers in [1, 2, 5, 16] {
            assert_eq!(results(workers, 60), expected, "{workers} workers");
        }
        assert_eq!(results(3, 0), []);
    }

    #[test]
    fn a_job_that_panics_is_one_result_among_the_others() {
        let mut seen = Vec::new();
        let work = |job: u32| if job == 2 { panic!("number {job}") } else { job };
        pool(2).run(
            0..5,
            || false,
            work,
            |_, result| {
                seen.push(result);
                ControlFlow::Continue(())
            },
        );
        assert_eq!(seen[2], Err(Panicked("number 2".to_owned())));
        let others: Vec<_> = seen.iter().filter_map(|result| result.as_ref().ok()).collect();
        assert_eq!(others, [&0, &1, &3, &4]);
    }

    #[test]
    fn no_more_jobs_are_taken_than_the_window_holds() {
        let taken = AtomicUsize::new(0);
        let jobs = (0..1000).inspect(|_| {
            taken.fetch_add(1, Ordering::Relaxed);
        });
        let mut ahead = 0;
        pool(3).run(
            jobs,
            || false,
            |job: usize| job,
            |index, _| {
                ahead = ahead.max(taken.load(Ordering::Relaxed) - index);
                ControlFlow::Continue(())
            },
        );
        assert!(ahead <= pool(3).window(), "{ahead} jobs ahead");
    }

    #[test]
    fn what_is_under_way_is_still_handed_on_after_a_stop() {
        let done = AtomicUsize::new(0);
        let mut seen = Vec::new();
        let work = |job: usize| {
            done.fetch_add(1, Ordering::Relaxed);
            job
        };
        pool(2).run(
            0..1_000_000,
            || done.load(Ordering::Relaxed) >= 10,
            work,
            |index, _| {
                seen.push(index);
                ControlFlow::Continue(())
            },
        );
        assert!(
            (10..=10 + pool(2).window()).contains(&seen.len()),
            "{}",
            seen.len()
        );
        assert!(seen.iter().enumerate().all(|(place, index)| place == *index));
        let mut seen = 0;
        pool(2).run(
            0..1_000_000,
            || false,
            |job: usize| job,
            |_, _| {
                seen += 1;
                if seen == 5 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!(seen, 5);
    }
}
