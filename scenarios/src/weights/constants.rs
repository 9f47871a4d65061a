//! Weights, embeddings and the matrices of linear transforms, from the seed or from a file.
//!
//! Each number depends on the seed, on what the tensor is for, and on its place in it, and on nothing else: the machine
//! and the reference ask for the same tensors in different orders.

use std::f64::consts::PI;
use std::sync::Arc;

use components::operation::{Operation, Role};
use components::tile::Dimension;
use components::values::Constants;
use sim_core::{mix, random};

use super::key::Key;
use super::named::POSITIONS;
use super::stated::StatedConstants;
use crate::schema::Workload;
use crate::transformer::{Head, TransformKind, Transformer};

/// Constants drawn from a seed.
///
/// Weights are normal with a variance of 1 over the number of terms that they are summed over, as trained networks are
/// initialised (Glorot and Bengio, AISTATS 2010), so that words keep their magnitude from layer to layer; the scale
/// 1/sqrt(d) of attention is part of the query's weights. Embeddings are normal with a variance of 1/2 each. Constants that a
/// file states are taken from it.
#[derive(Clone, Debug)]
pub struct SeededConstants {
    seed: u64,
    transformer: Transformer,
    stated: Option<Arc<StatedConstants>>,
}

impl SeededConstants {
    /// The constants of a workload.
    #[must_use]
    pub fn new(seed: u64, workload: &Workload) -> Self {
        Self {
            seed,
            transformer: workload.transformer.clone(),
            stated: None,
        }
    }

    /// The same, but for those that a file states.
    #[must_use]
    pub fn with_stated(self, stated: Option<Arc<StatedConstants>>) -> Self {
        Self { stated, ..self }
    }

    /// A factor of a product, a kernel, or the position rows.
    pub(crate) fn matrix(&self, key: Key, rows: usize, columns: usize) -> Vec<f64> {
        match key.role {
            Role::EmbeddingAdd => self.positions(rows, columns),
            _ => self.factor(key, rows, columns),
        }
    }

    /// The constant that a file states; `None` if it states none.
    fn stated<'a>(&'a self, of: impl FnOnce(&'a StatedConstants) -> Option<&'a [f64]>) -> Option<Vec<f64>> {
        self.stated.as_deref().and_then(of).map(<[f64]>::to_vec)
    }

    /// A factor of a product, `inputs` x `outputs` (a kernel: taps x channels), row by row.
    #[must_use]
    pub fn factor(&self, key: Key, inputs: usize, outputs: usize) -> Vec<f64> {
        if let Some(stated) = self.stated(|stated| stated.factor(key)) {
            return stated;
        }
        let attention_scale = match key.role {
            Role::Query => 1.0 / (outputs as f64).sqrt(),
            _ => 1.0,
        };
        let deviation = attention_scale / (inputs as f64).sqrt();
        self.normals(key, inputs * outputs, deviation)
    }

    /// The position embeddings, one row per token of the sequence.
    #[must_use]
    pub fn positions(&self, rows: usize, columns: usize) -> Vec<f64> {
        let key = POSITIONS;
        if let Some(stated) = self.stated(|stated| stated.factor(key)) {
            return stated;
        }
        self.normals(key, rows * columns, 0.5f64.sqrt())
    }

    /// A word's embedding.
    #[must_use]
    pub fn word(&self, row: u32, columns: usize) -> Vec<f64> {
        if let Some(stated) = self.stated(|stated| stated.word(row, columns)) {
            return stated;
        }
        let key = Key {
            layer: 0,
            head: None,
            role: Role::WordEmbedding,
            ordinal: row,
        };
        self.normals(key, columns, 0.5f64.sqrt())
    }

    /// The target of item `item` of the batch: numbers of the magnitude of the result's, which a layer norm made.
    #[must_use]
    pub fn target(&self, layer: u32, item: usize, rows: usize, columns: usize) -> Vec<f64> {
        if let Some(stated) = self.stated(|stated| stated.target(item, rows * columns)) {
            return stated;
        }
        let key = Key {
            layer,
            head: None,
            role: Role::Target,
            ordinal: item as u32,
        };
        self.normals(key, rows * columns, 1.0)
    }

    /// The matrix of a linear transform along a sequence of `size` tokens: the real part of the discrete Fourier transform
    /// (FNet, arXiv:2105.03824) or the cosine transform of type II, both orthonormal.
    #[must_use]
    pub fn transform(kind: TransformKind, size: usize) -> Vec<f64> {
        let count = size as f64;
        let entry = |row: usize, column: usize| match kind {
            TransformKind::Fourier => {
                // The product of the indices is reduced first, so that large arguments lose nothing.
                let turn = (row * column % size) as f64 / count;
                libm::cos(2.0 * PI * turn) / count.sqrt()
            }
            TransformKind::Cosine => {
                let scale = if row == 0 { 1.0 } else { 2.0 };
                let phase = (row * (2 * column + 1) % (4 * size)) as f64 / (2.0 * count);
                (scale / count).sqrt() * libm::cos(PI * phase)
            }
        };
        let places = (0..size).flat_map(|row| (0..size).map(move |column| (row, column)));
        places.map(|(row, column)| entry(row, column)).collect()
    }

    fn normals(&self, key: Key, count: usize, deviation: f64) -> Vec<f64> {
        let head = key.head.map_or(u64::MAX, u64::from);
        let of_tensor = mix(
            mix(self.seed ^ VALUES, mix(u64::from(key.layer), head)),
            mix(key.role as u64, u64::from(key.ordinal)),
        );
        (0..count as u64)
            .map(|place| normal(of_tensor, place) * deviation)
            .collect()
    }
}

/// Keeps these draws apart from others of the same seed.
const VALUES: u64 = 0x7661_6c75_6573;

/// A number that is normal to four digits: the sum of twelve uniform ones. It needs no function whose result
/// differs between computers.
fn normal(seed: u64, place: u64) -> f64 {
    let uniform = |part: u64| random::draw_unit(seed, place * 12 + part);
    (0..12).map(uniform).sum::<f64>() - 6.0
}

impl Constants for SeededConstants {
    fn tensor(&self, operation: &Operation, ordinal: u32, _operand: usize) -> Vec<f64> {
        let extent = |dimension| operation.grid.extent(dimension) as usize;
        let [i, j, k] = [Dimension::I, Dimension::J, Dimension::K].map(extent);
        let key = Key {
            layer: operation.layer,
            head: operation.head,
            role: operation.role,
            ordinal,
        };
        match operation.role {
            Role::EmbeddingAdd => self.positions(i, j),
            Role::LinearTransform => {
                let layer = self.transformer.layers.get(operation.layer as usize);
                let head = layer.and_then(|layer| layer.heads.get(operation.head? as usize));
                match head {
                    Some(Head::LinearTransform { kind, .. }) => Self::transform(*kind, k),
                    _ => vec![0.0; i * k],
                }
            }
            _ => {
                // Of a product k x j words, of a convolution taps x j.
                let edges = [1, i, j, k].map(|extent| extent as u64);
                let [_, words] = operation.work.profile().operand_elements(edges, true);
                self.factor(key, words as usize / j, j)
            }
        }
    }

    fn table_row(&self, operation: &Operation, row: u32) -> Vec<f64> {
        self.word(row, operation.grid.extent(Dimension::J) as usize)
    }

    fn target(&self, operation: &Operation, item: usize) -> Vec<f64> {
        let [rows, columns] =
            [Dimension::I, Dimension::J].map(|dimension| operation.grid.extent(dimension) as usize);
        self.target(operation.layer, item, rows, columns)
    }
}
