//! A transformer's tensors, drawn from distributions like those of trained ones.
//!
//! | tensor | distribution | source |
//! |---|---|---|
//! | weights | normal, deviation 0.02 | initialisation of BERT (arXiv:1810.04805) and GPT-2, from which training moves little |
//! | inputs of operations (layer-normed) | Student's t of 5 degrees, deviation 1 | layer norm makes the deviation 1; outliers: arXiv:2109.12948, arXiv:2208.07339; the t distribution is our stand-in for them |
//! | queries, keys, values | normal, deviation 1 | ours: sums of many terms |
//! | attention probabilities | softmax of normal scores, deviation 2 | ours |
//! | context | normal, as the probabilities average the values | follows from the two above |
//! | within feed-forward | GELU of a normal, deviation 1 | GELU: arXiv:1606.08415 |
//! | transform matrices | the real part of the Fourier or cosine transform, orthonormal | FNet (arXiv:2105.03824) |
//! | gradients | log-normal of either sign | near log-normal by arXiv:2006.08173; median 1e-4 and deviation 2 of the logarithm are ours |

use std::f64::consts::{PI, SQRT_2};

use components::sparsity::threshold::{OperationClass, TensorKind};
use rand_distr::{Distribution as _, LogNormal, Normal, StudentT};
use scenarios::transformer::{AttentionKind, Head, TransformKind, Transformer};
use sim_core::random::{self, Stream};

use super::{Magnitudes, Profile};

/// The most values drawn for one curve; larger tensors are drawn in part, in proportion. A sparsity is then within 0.05% of
/// the distribution's (standard error of a half: 1 / 2 sqrt(n)).
pub const MAX_VALUES: u64 = 1 << 20;

/// A tensor to be drawn.
struct Tensor {
    class: OperationClass,
    kind: TensorKind,
    elements: u64,
    values: Values,
}

/// How values are distributed.
#[derive(Clone, Copy)]
enum Values {
    Weights,
    Normalised,
    Normal,
    Probabilities,
    Context,
    Gelu,
    Transform(TransformKind),
    Gradients,
}

/// Draws the tensors of `kinds` of `transformer` on sequences of `tokens`, from `seed`.
///
/// # Errors
/// `rand_distr` rejected a distribution. The parameters are constants, so this does not happen.
pub fn draw(
    transformer: &Transformer,
    tokens: u32,
    kinds: &[TensorKind],
    seed: u64,
) -> Result<Profile, String> {
    let drawing = Drawing::new(tokens)?;
    let tensors = tensors(transformer, u64::from(tokens));
    let mut profile = Profile::default();
    for &kind in kinds {
        for class in OperationClass::ALL {
            let group: Vec<(usize, &Tensor)> = tensors
                .iter()
                .enumerate()
                .filter(|(_, tensor)| tensor.class == class && tensor.kind == kind)
                .collect();
            let whole: u64 = group.iter().map(|(_, tensor)| tensor.elements).sum();
            for (index, tensor) in group {
                let share = u128::from(tensor.elements) * u128::from(MAX_VALUES) / u128::from(whole.max(1));
                let count = tensor.elements.min((share as u64).max(1));
                let mut dice = random::stream(seed, index as u64);
                drawing.draw(tensor.values, count, &mut dice, profile.tensor(class, kind));
            }
        }
    }
    Ok(profile)
}

/// All tensors that operations read, and the gradient of each.
fn tensors(transformer: &Transformer, tokens: u64) -> Vec<Tensor> {
    let mut all = Vec::new();
    for layer in &transformer.layers {
        let hidden = u64::from(layer.hidden);
        for head in &layer.heads {
            head_tensors(*head, hidden, tokens, &mut all);
        }
        feed_forward_tensors(hidden, &layer.feed_forward, tokens, &mut all);
    }
    let gradients = all
        .iter()
        .filter(|tensor| !matches!(tensor.values, Values::Transform(_)));
    let gradients: Vec<Tensor> = gradients
        .map(|tensor| Tensor {
            kind: TensorKind::Gradients,
            values: Values::Gradients,
            ..*tensor
        })
        .collect();
    all.extend(gradients);
    all
}

fn head_tensors(head: Head, hidden: u64, tokens: u64, all: &mut Vec<Tensor>) {
    use TensorKind::{Activations, Weights};
    let mut add = |class, kind, elements, values| {
        all.push(Tensor {
            class,
            kind,
            elements,
            values,
        });
    };
    match head {
        Head::Attention { kind, dimension } => {
            let (class, width) = (OperationClass::Attention, u64::from(dimension));
            let inner = if kind == AttentionKind::WeightedMultiplicative {
                width * width
            } else {
                0
            };
            add(class, Weights, 4 * hidden * width + inner, Values::Weights);
            add(class, Activations, tokens * hidden, Values::Normalised);
            add(class, Activations, 3 * tokens * width, Values::Normal);
            add(class, Activations, tokens * tokens, Values::Probabilities);
            add(class, Activations, tokens * width, Values::Context);
        }
        Head::LinearTransform { kind, dimension } => {
            let (class, width) = (OperationClass::LinearTransform, u64::from(dimension));
            add(class, Weights, tokens * tokens, Values::Transform(kind));
            add(class, Activations, tokens * width, Values::Normalised);
        }
        Head::Convolution { kernel, dimension } => {
            let (class, width) = (OperationClass::Convolution, u64::from(dimension));
            add(class, Weights, u64::from(kernel) * width, Values::Weights);
            add(class, Activations, tokens * width, Values::Normalised);
        }
    }
}

fn feed_forward_tensors(hidden: u64, widths: &[u32], tokens: u64, all: &mut Vec<Tensor>) {
    let mut input = hidden;
    for (index, &output) in widths
        .iter()
        .map(|width| u64::from(*width))
        .chain([hidden])
        .collect::<Vec<_>>()
        .iter()
        .enumerate()
    {
        let values = if index == 0 {
            Values::Normalised
        } else {
            Values::Gelu
        };
        for (kind, elements, values) in [
            (TensorKind::Weights, input * output, Values::Weights),
            (TensorKind::Activations, tokens * input, values),
        ] {
            all.push(Tensor {
                class: OperationClass::FeedForward,
                kind,
                elements,
                values,
            });
        }
        input = output;
    }
}

/// The distributions.
struct Drawing {
    weights: Normal<f64>,
    normal: Normal<f64>,
    scores: Normal<f64>,
    tailed: StudentT<f64>,
    gradients: LogNormal<f64>,
    tokens: usize,
}

const TAIL_DEGREES: f64 = 5.0;

impl Drawing {
    fn new(tokens: u32) -> Result<Self, String> {
        let normal = |deviation| Normal::new(0.0, deviation).map_err(|error| error.to_string());
        Ok(Self {
            weights: normal(0.02)?,
            normal: normal(1.0)?,
            scores: normal(2.0)?,
            tailed: StudentT::new(TAIL_DEGREES).map_err(|error| error.to_string())?,
            gradients: LogNormal::new((1e-4_f64).ln(), 2.0).map_err(|error| error.to_string())?,
            tokens: tokens as usize,
        })
    }

    fn draw(&self, values: Values, count: u64, dice: &mut Stream, into: &mut Magnitudes) {
        match values {
            Values::Probabilities => return self.draw_rows(count, dice, into, |row, _| row.to_vec()),
            Values::Context => {
                // A mean of independent normals, weighted by a row of probabilities, is normal.
                return self.draw_rows(count, dice, into, |row, dice| {
                    let deviation = row.iter().map(|share| share * share).sum::<f64>().sqrt();
                    (0..row.len())
                        .map(|_| deviation * self.normal.sample(dice))
                        .collect()
                });
            }
            Values::Transform(kind) => return self.transform(kind, count, into),
            _ => {}
        }
        for _ in 0..count {
            into.add(match values {
                Values::Weights => self.weights.sample(dice),
                Values::Normal => self.normal.sample(dice),
                Values::Normalised => {
                    // The variance of the t distribution is degrees / (degrees - 2).
                    self.tailed.sample(dice) * ((TAIL_DEGREES - 2.0) / TAIL_DEGREES).sqrt()
                }
                Values::Gelu => gelu(self.normal.sample(dice)),
                _ => {
                    let sign = if self.normal.sample(dice) < 0.0 { -1.0 } else { 1.0 };
                    sign * self.gradients.sample(dice)
                }
            });
        }
    }

    /// Draws rows of attention probabilities and passes each to `values`, until there are `count`.
    fn draw_rows(
        &self,
        count: u64,
        dice: &mut Stream,
        into: &mut Magnitudes,
        values: impl Fn(&[f64], &mut Stream) -> Vec<f64>,
    ) {
        let mut row = vec![0.0; self.tokens];
        let mut left = count as usize;
        while left > 0 {
            row.iter_mut()
                .for_each(|share| *share = self.scores.sample(dice).exp());
            let sum: f64 = row.iter().sum();
            row.iter_mut().for_each(|share| *share /= sum);
            for value in values(&row, dice).into_iter().take(left) {
                into.add(value);
                left -= 1;
            }
        }
    }

    /// The first `count` elements of a transform along the sequence.
    fn transform(&self, kind: TransformKind, count: u64, into: &mut Magnitudes) {
        let n = self.tokens as u64;
        for index in 0..count {
            let (row, column) = ((index / n) as f64, (index % n) as f64);
            let n = n as f64;
            into.add(match kind {
                TransformKind::Fourier => (2.0 * PI * (row * column % n) / n).cos() / n.sqrt(),
                TransformKind::Cosine => {
                    let scale = if row == 0.0 { 1.0 } else { SQRT_2 };
                    scale * (PI * row * (column + 0.5) / n).cos() / n.sqrt()
                }
            });
        }
    }
}

/// The Gaussian error linear unit, by the tanh formula of its paper.
fn gelu(x: f64) -> f64 {
    0.5 * x * (1.0 + ((2.0 / PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
}
