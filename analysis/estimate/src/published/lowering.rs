//! What is moved and what is computed: two lists of steps, made one layer at a time.

use scenarios::transformer::{AttentionKind, Head, Layer};

use super::{Convention, Workload};

/// A transfer between main memory, the buffers and the modules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// From main memory to a buffer, in elements.
    Load(u64),
    /// From the modules to the activation buffer, in elements.
    Store(u64),
    /// From the activation buffer to main memory, in elements.
    WriteBack(u64),
}

/// A step of the memory list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoryStep {
    /// The transfers of all heads of a layer.
    Group(Vec<Transfer>),
    /// One transfer.
    Single(Transfer),
}

/// One operation, for each item of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Multiplies a matrix of `rows` x `reduction` by one of `reduction` x `columns`.
    Product {
        /// Rows of the left matrix.
        rows: u32,
        /// Columns of the left matrix, rows of the right one.
        reduction: u32,
        /// Columns of the right matrix.
        columns: u32,
    },
    /// Convolves along the sequence.
    Convolution {
        /// Tokens.
        rows: u32,
        /// Elements of a token.
        columns: u32,
        /// Taps.
        kernel: u32,
    },
    /// Softmax over the columns.
    Softmax {
        /// Rows.
        rows: u32,
        /// Elements of a row.
        columns: u32,
    },
    /// Layer norm over the columns.
    LayerNorm {
        /// Tokens.
        rows: u32,
        /// Elements of a token.
        columns: u32,
    },
    /// The non-linearity of a feed-forward stack.
    NonLinearity {
        /// Tokens.
        rows: u32,
        /// Elements of a token.
        columns: u32,
    },
    /// Additions of two tensors each.
    Additions {
        /// Tokens.
        rows: u32,
        /// Elements of a token.
        columns: u32,
        /// How many.
        count: u32,
    },
}

/// A step of the compute list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComputeStep {
    /// The work of a layer's heads, each in its own order.
    Group(Vec<Vec<Work>>),
    /// One operation.
    Single(Work),
}

/// A product with weights, from one width to another.
#[derive(Clone, Copy)]
struct Dense {
    from: u32,
    to: u32,
}

/// The steps of a transformer's forward pass.
#[derive(Clone, Copy, Debug)]
pub struct Lowering<'a> {
    workload: Workload<'a>,
    batch: u64,
    convention: &'a Convention,
}

impl<'a> Lowering<'a> {
    /// The steps of `workload` for `batch` sequences.
    #[must_use]
    pub fn new(workload: Workload<'a>, batch: u32, convention: &'a Convention) -> Self {
        Self {
            workload,
            batch: batch.into(),
            convention,
        }
    }

    /// Elements of the embeddings, which are loaded before all else.
    #[must_use]
    pub fn embeddings(&self) -> u64 {
        let width = self.layers().first().map_or(0, |layer| u64::from(layer.hidden));
        let words = if self.convention.whole_embedding_table {
            self.workload.vocabulary.into()
        } else {
            self.batch * self.sequence()
        };
        (words + self.sequence()) * width
    }

    /// The memory list, without the embeddings.
    pub fn memory_steps(&self) -> impl Iterator<Item = MemoryStep> {
        let stays = self.convention.no_write_back;
        let result = self.layers().last().filter(|_| !stays);
        let result = result.map(|layer| Transfer::WriteBack(self.activations(layer.hidden)));
        (0..self.layers().len())
            .flat_map(|index| self.memory_of_layer(index))
            .chain(result.map(MemoryStep::Single))
    }

    /// The compute list.
    pub fn compute_steps(&self) -> impl Iterator<Item = ComputeStep> {
        (0..self.layers().len()).flat_map(|index| self.compute_of_layer(index))
    }

    fn layers(&self) -> &'a [Layer] {
        &self.workload.transformer.layers
    }

    fn sequence(&self) -> u64 {
        self.workload.sequence_length.into()
    }

    /// Elements of a tensor of `width` elements per token.
    fn activations(&self, width: u32) -> u64 {
        self.batch * self.sequence() * u64::from(width)
    }

    fn weights(&self, rows: u32, columns: u32) -> u64 {
        let copies = if self.convention.weights_per_batch_item {
            self.batch
        } else {
            1
        };
        copies * u64::from(rows) * u64::from(columns)
    }

    /// A layer's feed-forward products, and the projection to the next layer's width, if it differs.
    fn dense(&self, index: usize) -> (Vec<Dense>, Option<Dense>) {
        let layer = &self.layers()[index];
        let stops = layer.feed_forward.iter().chain([&layer.hidden]);
        let starts = [&layer.hidden].into_iter().chain(&layer.feed_forward);
        let stack = starts.zip(stops).map(|(&from, &to)| Dense { from, to }).collect();
        let next = self.layers().get(index + 1);
        let next = next.filter(|next| next.hidden != layer.hidden);
        let projection = next.map(|next| Dense {
            from: layer.hidden,
            to: next.hidden,
        });
        (stack, projection)
    }

    fn memory_of_layer(&self, index: usize) -> Vec<MemoryStep> {
        let layer = &self.layers()[index];
        let heads = layer.heads.iter();
        let group = heads.flat_map(|head| self.transfers_of_head(*head, layer.hidden));
        let mut steps = vec![MemoryStep::Group(group.collect())];
        let (stack, projection) = self.dense(index);
        for Dense { from, to } in stack.into_iter().chain(projection) {
            steps.push(MemoryStep::Single(Transfer::Load(self.weights(from, to))));
            steps.push(MemoryStep::Single(Transfer::Store(self.activations(to))));
        }
        steps
    }

    fn transfers_of_head(&self, head: Head, width: u32) -> Vec<Transfer> {
        let tokens = self.workload.sequence_length;
        match head {
            Head::Attention { kind, dimension } => self.transfers_of_attention(kind, dimension, width),
            Head::Convolution { kernel, .. } => vec![
                Transfer::Load(self.weights(kernel, width)),
                Transfer::Store(self.activations(width)),
            ],
            Head::LinearTransform { .. } => vec![
                Transfer::Load(self.weights(tokens, tokens)),
                Transfer::Store(self.activations(width)),
            ],
        }
    }

    fn transfers_of_attention(&self, kind: AttentionKind, dimension: u32, width: u32) -> Vec<Transfer> {
        let project = Transfer::Load(self.weights(width, dimension));
        let projected = Transfer::Store(self.activations(dimension));
        let scores = Transfer::Store(self.activations(self.workload.sequence_length));
        let mut transfers = vec![project, project, project, projected, projected, projected];
        if kind == AttentionKind::WeightedMultiplicative {
            transfers.extend([Transfer::Load(self.weights(dimension, dimension)), projected]);
        }
        transfers.extend([scores, scores, projected, project]);
        transfers.push(Transfer::Store(self.activations(width)));
        transfers
    }

    fn compute_of_layer(&self, index: usize) -> Vec<ComputeStep> {
        let layer = &self.layers()[index];
        let (rows, columns) = (self.workload.sequence_length, layer.hidden);
        let (norm, adds) = (Work::LayerNorm { rows, columns }, !self.convention.no_additions);
        let additions = |count| adds.then_some(Work::Additions { rows, columns, count });
        let heads = layer.heads.iter();
        let group = heads.map(|head| self.work_of_head(*head, columns)).collect();
        // n - 1 sums for n heads, and the residual.
        let summed = additions(u32::try_from(layer.heads.len()).unwrap_or(u32::MAX));
        let (stack, projection) = self.dense(index);
        let singles = summed
            .into_iter()
            .chain([norm])
            .chain(self.stack(&stack))
            .chain(additions(1))
            .chain([norm])
            .chain(projection.into_iter().flat_map(|product| self.stack(&[product])));
        let mut steps = vec![ComputeStep::Group(group)];
        steps.extend(singles.map(ComputeStep::Single));
        steps
    }

    /// Consecutive products, each with its non-linearity.
    fn stack(&self, products: &[Dense]) -> Vec<Work> {
        let rows = self.workload.sequence_length;
        let mut works = Vec::new();
        for (index, &Dense { from, to }) in products.iter().enumerate() {
            works.push(Work::Product {
                rows,
                reduction: from,
                columns: to,
            });
            if self.convention.non_linearity_after_every_product {
                works.push(Work::NonLinearity { rows, columns: from });
            } else if index + 1 < products.len() {
                works.push(Work::NonLinearity { rows, columns: to });
            }
        }
        works
    }

    fn work_of_head(&self, head: Head, width: u32) -> Vec<Work> {
        let rows = self.workload.sequence_length;
        match head {
            Head::Attention { kind, dimension } => self.work_of_attention(kind, dimension, width),
            Head::Convolution { kernel, .. } => vec![Work::Convolution {
                rows,
                columns: width,
                kernel,
            }],
            Head::LinearTransform { .. } => vec![product(rows, rows, width)],
        }
    }

    fn work_of_attention(&self, kind: AttentionKind, dimension: u32, width: u32) -> Vec<Work> {
        let rows = self.workload.sequence_length;
        let project = product(rows, width, dimension);
        let mut works = vec![project, project, project];
        if kind == AttentionKind::WeightedMultiplicative {
            works.push(product(dimension, dimension, rows));
        }
        works.extend([
            product(rows, dimension, rows),
            Work::Softmax { rows, columns: rows },
            product(rows, rows, dimension),
            product(rows, dimension, width),
        ]);
        works
    }
}

fn product(rows: u32, reduction: u32, columns: u32) -> Work {
    Work::Product {
        rows,
        reduction,
        columns,
    }
}
