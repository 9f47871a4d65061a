//! A surrogate of an expensive function: Gaussian process regression, after Rasmussen and Williams, Gaussian Processes for
//! Machine Learning, MIT Press 2006 ("R&W" below).
//!
//! All arithmetic is additions, multiplications, divisions and square roots in a fixed order, so results are the same to the
//! bit on any machine that follows IEEE 754.

mod exponential;
mod gaussian_process;
mod hyperparameters;
mod importance;
mod lbfgs;
mod likelihood;
mod matern;
mod posterior;
mod standardise;
mod triangle;

pub use gaussian_process::{FitError, GaussianProcess, Prediction, Refit};
pub use hyperparameters::Hyperparameters;
pub use importance::{importance, importance_of_groups, r_squared};
