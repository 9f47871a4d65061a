//! How blocks come into their buffers.

use super::super::plan_error::Shortage;
use super::super::step::{Begin, BlockName, Move, StayNumber};
use super::super::tensors::PlannedTensor;
use super::super::uses::{Access, Use};
use crate::operation::Footprint;
use crate::runs::Tiling;

/// A block that comes for a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    /// Which of the part's accesses it is.
    pub(super) access: usize,
    pub(super) is_weight: bool,
    pub(super) way: Way,
}

/// How a block comes into its buffer.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// For an access before this one.
    Again,
    Loaded {
        read: Move,
        footprint: Footprint,
        written_before: Option<u32>,
    },
    Made(Footprint),
}

impl Way {
    /// How the block of an access comes.
    pub(super) fn of(tensor: &PlannedTensor, access: &Access, tiling: &Tiling) -> Result<Self, Shortage> {
        let index = access.block.index;
        let state = tensor.blocks.get(index);
        let saved = state.saved.as_deref().map(|&(place, step)| (place, Some(step)));
        if let Some((read, written_before)) = saved.or_else(|| Some((tensor.stored(index, tiling)?, None))) {
            return Ok(Self::Loaded {
                read,
                // Partial sums have zeros in place.
                footprint: match state.begun && !state.complete {
                    true => tiling.partial_footprint(tensor.elements(index), tensor.kind),
                    false => read.footprint,
                },
                written_before,
            });
        }
        let elements = tensor.elements(index);
        match access.usage {
            Use::Made { by_dma: true, .. } if !state.begun => {
                Ok(Self::Made(tiling.footprint(elements, tensor.kind)))
            }
            Use::Made { by_dma: false, .. } if !state.begun => {
                Ok(Self::Made(tiling.partial_footprint(elements, tensor.kind)))
            }
            _ => Err(Shortage::Fault(format!(
                "a step was to read block {index} of tensor {}, which nothing has made",
                tensor.id.0
            ))),
        }
    }

    /// What it takes, unless it has come before.
    pub(super) fn footprint(&self) -> Option<Footprint> {
        match self {
            Self::Again => None,
            Self::Loaded { footprint, .. } | Self::Made(footprint) => Some(*footprint),
        }
    }

    /// The beginning of its stay.
    pub(super) fn begin(&self, stay: StayNumber, block: BlockName, footprint: Footprint) -> Begin {
        match *self {
            Self::Loaded {
                read, written_before, ..
            } => Begin::Load {
                stay,
                block,
                read,
                footprint,
                written_before,
            },
            Self::Again | Self::Made(_) => Begin::Make {
                stay,
                block,
                footprint,
            },
        }
    }
}
