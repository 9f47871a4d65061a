//! Tiles: how an operation is cut, and in which order its tiles are walked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A dimension of the loop nest of a product `C[b,i,j] += A[b,i,k] * B[b,k,j]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Dimension {
    /// The item of the batch.
    B,
    /// The row of the left operand and of the result.
    I,
    /// The column of the right operand and of the result.
    J,
    /// The dimension that is summed over.
    K,
}

impl Dimension {
    /// All four, in the order of the fields of a coordinate.
    pub const ALL: [Self; 4] = [Self::B, Self::I, Self::J, Self::K];

    const fn letter(self) -> char {
        match self {
            Self::B => 'b',
            Self::I => 'i',
            Self::J => 'j',
            Self::K => 'k',
        }
    }
}

/// The edge lengths of a tile, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TileShape {
    /// Items of the batch.
    pub b: u32,
    /// Rows of the left operand and of the result.
    pub x: u32,
    /// Columns of either, and the summed dimension.
    pub y: u32,
}

impl TileShape {
    /// Elements of a full tile of activations.
    #[must_use]
    pub fn elements(self) -> u64 {
        u64::from(self.b) * u64::from(self.x) * u64::from(self.y)
    }

    /// Elements along each dimension of the loop nest: (b, x, y, y).
    #[must_use]
    pub fn along(self) -> [u32; 4] {
        [self.b, self.x, self.y, self.y]
    }
}

impl fmt::Display for TileShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.b, self.x, self.y)
    }
}

/// The order of the four loops, outermost first. The innermost decides which operand a lane keeps in its registers:
/// `k` keeps the result (output-stationary), `j` the left operand, `i` or `b` the right one (weight-stationary).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LoopOrder([Dimension; 4]);

impl LoopOrder {
    /// Batch, rows, columns, reduction: output-stationary.
    pub const BIJK: Self = Self([Dimension::B, Dimension::I, Dimension::J, Dimension::K]);

    /// Columns, batch, rows, reduction: all items pass a column of the right operand.
    pub const JBIK: Self = Self([Dimension::J, Dimension::B, Dimension::I, Dimension::K]);

    /// Rows, columns, batch, reduction: each sum over the batch is done before the next.
    pub const IJBK: Self = Self([Dimension::I, Dimension::J, Dimension::B, Dimension::K]);

    /// Batch, rows, reduction, columns: the left operand stays, rows complete one after another.
    pub const BIKJ: Self = Self([Dimension::B, Dimension::I, Dimension::K, Dimension::J]);

    /// Batch, columns, reduction, rows: the right operand stays.
    pub const BJKI: Self = Self([Dimension::B, Dimension::J, Dimension::K, Dimension::I]);

    /// Rows, columns, reduction, batch: a right operand without a batch stays.
    pub const IJKB: Self = Self([Dimension::I, Dimension::J, Dimension::K, Dimension::B]);

    /// The loops, outermost first.
    #[must_use]
    pub fn loops(self) -> [Dimension; 4] {
        self.0
    }

    /// All 24 orders, the default first.
    pub fn all() -> impl Iterator<Item = Self> {
        let mut orders = Vec::with_capacity(24);
        for a in Dimension::ALL {
            for b in Dimension::ALL {
                for c in Dimension::ALL {
                    for d in Dimension::ALL {
                        if a != b && a != c && a != d && b != c && b != d && c != d {
                            orders.push(Self([a, b, c, d]));
                        }
                    }
                }
            }
        }
        orders.into_iter()
    }
}

impl Default for LoopOrder {
    fn default() -> Self {
        Self::BIJK
    }
}

impl fmt::Display for LoopOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|dimension| write!(f, "{}", dimension.letter()))
    }
}

impl FromStr for LoopOrder {
    type Err = &'static str;

    /// Reads the four letters, outermost loop first; the error says what is accepted.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|order| order.to_string() == text)
            .ok_or("each of the letters b, i, j and k once, outermost loop first, for example \"bijk\"")
    }
}

impl Serialize for LoopOrder {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LoopOrder {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The place of a tile in its operation: tile indices along (b, i, j, k).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TileCoordinate(pub [u16; 4]);

impl TileCoordinate {
    /// The index along `dimension`.
    #[must_use]
    #[inline]
    pub fn along(self, dimension: Dimension) -> u16 {
        self.0[dimension as usize]
    }

    /// The tile `steps` further along `dimension`.
    #[must_use]
    #[inline]
    pub fn stepped(mut self, dimension: Dimension, steps: u16) -> Self {
        self.0[dimension as usize] += steps;
        self
    }

    /// The coordinate packed into 64 bits, b highest.
    #[must_use]
    #[inline]
    pub fn packed(self) -> u64 {
        self.0
            .iter()
            .fold(0, |packed, &index| (packed << 16) | u64::from(index))
    }

    /// Unpacked again.
    #[must_use]
    #[inline]
    pub fn unpacked(packed: u64) -> Self {
        Self([48, 32, 16, 0].map(|shift| (packed >> shift) as u16))
    }
}

/// How an operation is cut into tiles: the extents of its loop nest and the tile's edges, in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileGrid {
    extents: [u32; 4],
    edges: [u32; 4],
}

impl TileGrid {
    /// A grid over loops of `extents` (b, i, j, k), cut by `tile`. All extents must be at least 1.
    #[must_use]
    pub fn new(extents: [u32; 4], tile: TileShape) -> Self {
        debug_assert!(extents.iter().all(|&extent| extent > 0));
        Self {
            extents,
            edges: tile.along(),
        }
    }

    /// Elements along `dimension`.
    #[must_use]
    pub fn extent(&self, dimension: Dimension) -> u32 {
        self.extents[dimension as usize]
    }

    /// Elements along `dimension` of a tile that is not ragged.
    #[must_use]
    #[inline]
    pub fn edge(&self, dimension: Dimension) -> u32 {
        self.edges[dimension as usize]
    }

    /// The elements along `dimension` of tiles `first` up to `end`.
    #[must_use]
    pub fn elements(&self, dimension: Dimension, first: u32, end: u32) -> std::ops::Range<u32> {
        let (edge, extent) = (self.edge(dimension), self.extent(dimension));
        (first * edge).min(extent)..end.saturating_mul(edge).min(extent)
    }

    /// Tiles along `dimension`.
    #[must_use]
    #[inline]
    pub fn tiles(&self, dimension: Dimension) -> u32 {
        self.extents[dimension as usize].div_ceil(self.edges[dimension as usize])
    }

    /// All tiles of the grid: cd(b)·cd(i)·cd(j)·cd(k).
    #[must_use]
    pub fn total(&self) -> u64 {
        Dimension::ALL
            .iter()
            .map(|&dimension| u64::from(self.tiles(dimension)))
            .product()
    }

    /// Elements along `dimension` of the tile with `index`: the full edge, or less for a ragged last tile.
    #[must_use]
    #[inline]
    pub fn edge_at(&self, dimension: Dimension, index: u32) -> u32 {
        let (extent, edge) = (self.extents[dimension as usize], self.edges[dimension as usize]);
        edge.min(extent - index * edge)
    }

    /// Elements along each dimension of the tile at `coordinate`.
    #[must_use]
    #[inline]
    pub fn edges_at(&self, coordinate: TileCoordinate) -> [u32; 4] {
        Dimension::ALL.map(|dimension| self.edge_at(dimension, u32::from(coordinate.along(dimension))))
    }
}
