//! Matrices in plain loops, each number with a bound on its error.

/// A number and how far the machine's may be from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bounded {
    pub(super) number: f64,
    pub(super) error: f64,
}

/// A product in which nothing times a bound without limit is nothing.
fn times(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

/// A way of rounding to a multiple of `step` within a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grain {
    pub(super) step: f64,
    pub(super) least: f64,
    pub(super) greatest: f64,
    /// To the word below or above; which of them is not known.
    pub(super) stochastic: bool,
}

impl Grain {
    fn round(self, x: f64) -> f64 {
        ((x / self.step).round_ties_even() * self.step).clamp(self.least, self.greatest)
    }

    /// The word for a number, and how far it can be from the word for any number within its bound: 0 if all of these become
    /// the same word.
    fn rounded(self, Bounded { number, error }: Bounded) -> Bounded {
        if self.stochastic {
            let word = |steps: f64| (steps * self.step).clamp(self.least, self.greatest);
            let below = word(((number - error) / self.step).floor());
            let above = word(((number + error) / self.step).ceil());
            let number = number.clamp(self.least, self.greatest);
            return Bounded {
                number,
                error: (above - number).max(number - below),
            };
        }
        let word = self.round(number);
        let [below, above] = [number - error, number + error].map(|x| self.round(x));
        Bounded {
            number: word,
            error: (above - word).max(word - below),
        }
    }
}

/// A matrix of numbers with their bounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) numbers: Vec<Bounded>,
}

impl Matrix {
    /// A matrix row by row, each number with an error of at most `error`.
    pub(super) fn of(rows: usize, columns: usize, numbers: &[f64], error: f64) -> Self {
        Self {
            rows,
            columns,
            numbers: numbers.iter().map(|&number| Bounded { number, error }).collect(),
        }
    }

    fn map(&self, mut each: impl FnMut(Bounded) -> Bounded) -> Self {
        Self {
            numbers: self.numbers.iter().map(|&number| each(number)).collect(),
            ..*self
        }
    }

    pub(super) fn transposed(&self) -> Self {
        let numbers = (0..self.columns)
            .flat_map(|column| (0..self.rows).map(move |row| self.numbers[row * self.columns + column]));
        Self {
            rows: self.columns,
            columns: self.rows,
            numbers: numbers.collect(),
        }
    }

    /// Magnitudes below `threshold` become zero; where the error makes that uncertain, the new error covers both cases.
    pub(super) fn pruned(&self, threshold: f64) -> Self {
        self.map(|Bounded { number, error }| {
            let magnitude = number.abs();
            let is_open = (magnitude - threshold).abs() <= error && threshold > 0.0;
            Bounded {
                number: if magnitude < threshold { 0.0 } else { number },
                error: match (is_open, magnitude < threshold) {
                    (true, _) => magnitude + error,
                    (false, true) => 0.0,
                    (false, false) => error,
                },
            }
        })
    }

    /// The product of two matrices, both already pruned.
    pub(super) fn times(&self, right: &Self) -> Self {
        let mut numbers = vec![Bounded::default(); self.rows * right.columns];
        for row in 0..self.rows {
            let sums = &mut numbers[row * right.columns..][..right.columns];
            for step in 0..self.columns {
                let left = self.numbers[row * self.columns + step];
                let magnitude = left.number.abs();
                for (sum, right) in sums.iter_mut().zip(&right.numbers[step * right.columns..]) {
                    sum.number += left.number * right.number;
                    sum.error +=
                        times(magnitude, right.error) + times(left.error, right.number.abs() + right.error);
                    // The sums themselves are made in double precision.
                    sum.error += f64::EPSILON * (left.number * right.number).abs() * 4.0;
                }
            }
        }
        Self {
            rows: self.rows,
            columns: right.columns,
            numbers,
        }
    }

    /// Applies `each` to this matrix's numbers and the other's, pairwise.
    pub(super) fn with(&self, other: &Self, each: impl Fn(Bounded, Bounded) -> Bounded) -> Self {
        let pairs = self.numbers.iter().zip(&other.numbers);
        Self {
            numbers: pairs.map(|(a, b)| each(*a, *b)).collect(),
            ..*self
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        self.with(other, |a, b| Bounded {
            number: a.number + b.number,
            error: a.error + b.error,
        })
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.with(other, |a, b| Bounded {
            number: a.number - b.number,
            error: a.error + b.error,
        })
    }

    /// All numbers times a power of two.
    pub(super) fn scaled(&self, factor: f64) -> Self {
        self.map(|Bounded { number, error }| Bounded {
            number: number * factor,
            error: error * factor,
        })
    }

    /// The rows in reverse order.
    pub(super) fn upside_down(&self) -> Self {
        let rows = self.numbers.chunks(self.columns.max(1)).rev();
        Self {
            numbers: rows.flatten().copied().collect(),
            ..*self
        }
    }

    /// Each column along the rows with a kernel of `taps` x columns, both already pruned; zero beyond the ends.
    pub(super) fn convolved(&self, kernel: &Self) -> Self {
        let radius = kernel.rows / 2;
        let mut result = Self {
            numbers: vec![Bounded::default(); self.numbers.len()],
            ..*self
        };
        for row in 0..self.rows {
            for tap in 0..kernel.rows {
                let Some(from) = (row + tap).checked_sub(radius).filter(|&from| from < self.rows) else {
                    continue;
                };
                for column in 0..self.columns {
                    let word = self.numbers[from * self.columns + column];
                    let weight = kernel.numbers[tap * self.columns + column];
                    let sum = &mut result.numbers[row * self.columns + column];
                    sum.number += word.number * weight.number;
                    sum.error += times(word.number.abs(), weight.error)
                        + times(word.error, weight.number.abs() + weight.error)
                        + f64::EPSILON * (word.number * weight.number).abs() * 4.0;
                }
            }
        }
        result
    }

    /// exp(x) over its sum, row by row. If no x of a row has an error above e, no result is wrong by more than a factor
    /// of exp(2e).
    pub(super) fn softmax(&self) -> Self {
        let mut result = self.clone();
        for row in result.numbers.chunks_mut(self.columns) {
            let largest = row.iter().fold(f64::NEG_INFINITY, |most, x| most.max(x.number));
            let spread = row.iter().fold(0.0f64, |most, x| most.max(x.error));
            let sum: f64 = row.iter().map(|x| libm::exp(x.number - largest)).sum();
            for x in row {
                let share = libm::exp(x.number - largest) / sum;
                *x = Bounded {
                    number: share,
                    error: share * (libm::expm1(2.0 * spread) + 64.0 * f64::EPSILON),
                };
            }
        }
        result
    }

    /// (x - mean) / deviation, row by row.
    ///
    /// With d the errors of x - mean and D their root mean square, the error of the deviation is at most D.
    pub(super) fn normalised(&self, epsilon: f64) -> Self {
        let mut result = self.clone();
        for row in result.numbers.chunks_mut(self.columns) {
            let count = row.len() as f64;
            let mean = row.iter().map(|x| x.number).sum::<f64>() / count;
            let mean_error = row.iter().map(|x| x.error).sum::<f64>() / count;
            let squares: f64 = row.iter().map(|x| (x.number - mean) * (x.number - mean)).sum();
            let deviation = (squares / count + epsilon).sqrt();
            let offs: f64 = row
                .iter()
                .map(|x| (x.error + mean_error) * (x.error + mean_error))
                .sum();
            let off = (offs / count).sqrt();
            for x in row {
                let distance = x.number - mean;
                let error = if off < deviation {
                    let least = deviation - off;
                    (x.error + mean_error) / least + distance.abs() * off / (deviation * least)
                } else {
                    f64::INFINITY
                };
                *x = Bounded {
                    number: distance / deviation,
                    error: error + (distance / deviation).abs() * 64.0 * f64::EPSILON,
                };
            }
        }
        result
    }

    /// `function` of each number; its slope is at most `slope` everywhere.
    pub(super) fn through(&self, function: impl Fn(f64) -> f64, slope: f64) -> Self {
        self.map(|Bounded { number, error }| Bounded {
            number: function(number),
            error: error * slope + 8.0 * f64::EPSILON * number.abs(),
        })
    }

    /// Rounded to words, after `before` roundings of partial sums.
    pub(super) fn rounded(&self, before: u32, grain: Grain) -> Self {
        let furthest = if grain.stochastic {
            grain.step
        } else {
            grain.step / 2.0
        };
        let before = f64::from(before) * furthest;
        self.map(|Bounded { number, error }| {
            grain.rounded(Bounded {
                number,
                error: error + before,
            })
        })
    }
}
