//! The arrival times of background traffic.

use rand_distr::{Distribution as _, Exp1};
use sim_core::random::Stream;

/// When a source makes its requests. Gaps are in cycles of the memory's clock and need not be whole: each request is
/// made at the last edge not after its due time, so that the mean rate is exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArrivalProcess {
    /// As soon as there is room: the source always has a request waiting.
    Saturating,
    /// One every `gap` cycles.
    Steady {
        /// Cycles between requests.
        gap: f64,
    },
    /// A Poisson process: independent, exponentially distributed gaps.
    Poisson {
        /// Mean cycles between requests.
        gap: f64,
    },
    /// On and off in turn, beginning with on; `Steady` while on.
    Bursty {
        /// Cycles between the requests of a burst.
        gap: f64,
        /// Cycles of a burst.
        on: f64,
        /// Cycles between bursts.
        off: f64,
    },
}

/// The arrival times of one source.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    process: ArrivalProcess,
    made: u64,
    moment: f64,
}

impl Moments {
    pub(super) fn new(process: ArrivalProcess) -> Self {
        Self {
            process,
            made: 0,
            moment: 0.0,
        }
    }

    /// The cycle of the next request, counted from the source's start; `None` if it is made as soon as possible.
    pub(super) fn next(&mut self, random: &mut Stream) -> Option<u64> {
        let index = self.made as f64;
        self.made += 1;
        let moment = match self.process {
            ArrivalProcess::Saturating => return None,
            ArrivalProcess::Steady { gap } => index * gap,
            ArrivalProcess::Poisson { gap } => {
                let drawn: f64 = Exp1.sample(random);
                self.moment += drawn * gap;
                self.moment
            }
            ArrivalProcess::Bursty { gap, on, off } => {
                let burst = (on / gap).ceil().max(1.0);
                let bursts_before = (index / burst).floor();
                bursts_before * (on + off) + (index - bursts_before * burst) * gap
            }
        };
        Some(moment as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(process: ArrivalProcess, count: usize) -> Vec<u64> {
        let mut random = sim_core::random::stream(3, 4);
        let mut moments = Moments::new(process);
        (0..count).filter_map(|_| moments.next(&mut random)).collect()
    }

    #[test]
    fn steady_gaps_keep_their_mean() {
        assert_eq!(moments(ArrivalProcess::Steady { gap: 2.5 }, 5), [0, 2, 5, 7, 10]);
    }

    #[test]
    fn bursts_have_gaps_between_them() {
        let process = ArrivalProcess::Bursty {
            gap: 2.0,
            on: 6.0,
            off: 10.0,
        };
        assert_eq!(moments(process, 7), [0, 2, 4, 16, 18, 20, 32]);
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_the_variance_of_an_exponential() {
        let seen = moments(ArrivalProcess::Poisson { gap: 100.0 }, 20_001);
        let gaps: Vec<f64> = seen.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // Standard errors: 0.7 of the mean, 2% of the variance.
        assert!((mean - 100.0).abs() < 3.0, "{mean}");
        assert!((variance / 1e4 - 1.0).abs() < 0.08, "{variance}");
    }
}
