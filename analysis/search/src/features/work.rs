//! The work of a batch, in closed form: multiplications by class, tiles, and the sizes of tensors.

use super::Machine;
use crate::shape::{HeadSums, LayerShape, projection};

/// The work of a batch in a forward pass.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Layers.
    pub depth: f64,
    /// Multiplications that make queries, keys, values and outputs of heads, and lead from a width to another.
    pub projection: f64,
    /// Multiplications of attention scores and their use, and of linear transforms.
    pub attention: f64,
    /// Multiplications of the feed-forward products.
    pub feed_forward: f64,
    /// Multiplications of convolutions.
    pub convolution: f64,
    /// Elements that pass a softmax.
    pub softmax: f64,
    /// Weights of the encoder.
    pub weights: f64,
    /// Elements of the embedding that the first layer reads.
    pub embedded: f64,
    /// Elements of the largest tensor of activations.
    pub largest_activation: f64,
    /// Elements of the largest matrix of weights.
    pub largest_weight: f64,
    /// Tile operations: of products, convolutions, softmax, layer norm and non-linearities.
    pub tile_operations: f64,
    /// Multiplications with tiles filled up.
    pub tile_multiplications: f64,
    /// Tiles that pass a softmax.
    pub softmax_tiles: f64,
    /// Tiles that pass a layer norm.
    pub layer_norm_tiles: f64,
}

/// The counts of tiles that all layers share.
struct Tiling {
    /// Tiles along the batch, times those along a sequence as rows.
    rows: f64,
    /// Tiles along a sequence as columns.
    sequence: f64,
    side: f64,
    /// Multiplications of a tile operation of a product.
    product: f64,
}

impl Tiling {
    fn of(machine: &Machine) -> Self {
        Self {
            rows: (machine.batch / machine.tile_b).ceil() * (machine.sequence / machine.tile_x).ceil(),
            sequence: (machine.sequence / machine.tile_y).ceil(),
            side: machine.tile_y,
            product: machine.tile_elements() * machine.tile_y,
        }
    }

    /// Tiles along a width.
    fn along(&self, width: f64) -> f64 {
        (width / self.side).ceil()
    }
}

impl Work {
    /// The work of a batch through these layers, with what `machine` says of tiles, batch and sequence.
    #[must_use]
    pub fn of<'a>(layers: impl IntoIterator<Item = LayerShape<'a>>, machine: &Machine) -> Self {
        let tiling = Tiling::of(machine);
        let tokens = machine.batch * machine.sequence;
        let mut work = Self::default();
        let mut before = None;
        for layer in layers {
            if before.is_none() {
                work.embedded = tokens * f64::from(layer.hidden);
            }
            work.add_heads(&layer, machine, &tiling);
            work.add_feed_forward(&layer, tokens, &tiling);
            work.add_projection(before, layer.hidden, tokens, &tiling);
            let norms = 2.0 * tiling.rows * tiling.along(f64::from(layer.hidden));
            work.layer_norm_tiles += norms;
            work.tile_operations += norms;
            work.weights += layer.weights();
            work.depth += 1.0;
            before = Some(layer.hidden);
        }
        work
    }

    fn add_heads(&mut self, layer: &LayerShape<'_>, machine: &Machine, tiling: &Tiling) {
        let (hidden, sequence) = (f64::from(layer.hidden), machine.sequence);
        let tokens = machine.batch * sequence;
        let along = tiling.along(hidden);
        self.add_attention(layer, machine, tiling);

        let transforms = f64::from(layer.transforms);
        self.attention += tokens * sequence * hidden * transforms;
        self.products(transforms * tiling.rows * tiling.sequence * along, tiling);

        let (convolutions, taps) = (f64::from(layer.convolutions), f64::from(layer.taps));
        let tiles = tiling.rows * along;
        self.convolution += tokens * taps * hidden;
        self.tile_operations += convolutions * tiles;
        self.tile_multiplications += taps * tiles * tiling.product / tiling.side;
        self.largest_activation = self.largest_activation.max(tokens * hidden);
    }

    fn add_attention(&mut self, layer: &LayerShape<'_>, machine: &Machine, tiling: &Tiling) {
        let HeadSums {
            count,
            widths,
            squares,
        } = layer.attention;
        if count == 0.0 {
            return;
        }
        let weighted = &layer.weighted;
        let (hidden, sequence) = (f64::from(layer.hidden), machine.sequence);
        let tokens = machine.batch * sequence;
        self.projection += tokens * (4.0 * hidden * widths + weighted.squares);
        self.attention += tokens * 2.0 * sequence * widths;
        self.softmax += tokens * sequence * count;
        // Of heads of several widths, as if all were of their mean.
        let dimension = tiling.along(widths / count);
        let along = tiling.along(hidden);
        let of_a_head = 4.0 * along * dimension + 2.0 * dimension * tiling.sequence;
        let tiles = count * of_a_head + weighted.count * dimension * dimension;
        self.products(tiling.rows * tiles, tiling);
        let softmax = count * tiling.rows * tiling.sequence;
        self.softmax_tiles += softmax;
        self.tile_operations += softmax;
        self.largest_activation = self.largest_activation.max(tokens * sequence);
        let of_a_matrix = hidden.max((squares / count).sqrt()) * widths / count;
        self.largest_weight = self.largest_weight.max(of_a_matrix);
    }

    fn add_feed_forward(&mut self, layer: &LayerShape<'_>, tokens: f64, tiling: &Tiling) {
        let (mut tiles, mut non_linear) = (0.0, 0.0);
        for (from, to) in layer.feed_forward_pairs() {
            self.feed_forward += tokens * from * to;
            self.largest_weight = self.largest_weight.max(from * to);
            self.largest_activation = self.largest_activation.max(tokens * to);
            tiles += tiling.along(from) * tiling.along(to);
        }
        for &width in layer.feed_forward {
            non_linear += tiling.along(f64::from(width));
        }
        self.products(tiling.rows * tiles, tiling);
        self.tile_operations += tiling.rows * non_linear;
    }

    /// The way from a layer of width `before`, if there is one and it differs, to one of width `hidden`.
    fn add_projection(&mut self, before: Option<u32>, hidden: u32, tokens: f64, tiling: &Tiling) {
        let weights = projection(before, hidden);
        if weights > 0.0 {
            let width = f64::from(hidden);
            self.weights += weights;
            self.projection += tokens * weights;
            self.largest_weight = self.largest_weight.max(weights);
            self.products(
                tiling.rows * tiling.along(weights / width) * tiling.along(width),
                tiling,
            );
        }
    }

    fn products(&mut self, tiles: f64, tiling: &Tiling) {
        self.tile_operations += tiles;
        self.tile_multiplications += tiles * tiling.product;
    }
}
