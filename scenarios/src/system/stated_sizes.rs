//! What stated blocks are held against: the most tiles that an operation has along each loop, and the steps of them all.

use components::block_plan::StatedBlocks;
use components::operation::Operation;
use components::tile::Dimension;

use super::Problem;
use crate::schema::{Accelerator, SIZES};

/// Steps that stated blocks may cut a program into: they are numbered in 32 bits.
const MAX_STATED_STEPS: u64 = u32::MAX as u64;

/// A program, as far as stated blocks have to fit it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatedSizes {
    stated: StatedBlocks,
    /// The most tiles of an operation along b, i, j and k.
    most: [u32; 4],
    steps: u64,
}

impl StatedSizes {
    /// Of a program without operations yet.
    pub(super) fn new(stated: StatedBlocks) -> Self {
        Self {
            stated,
            most: [0; 4],
            steps: 0,
        }
    }

    /// Takes an operation into account.
    pub(super) fn add(&mut self, operation: &Operation) {
        for dimension in Dimension::ALL {
            let most = &mut self.most[dimension as usize];
            *most = operation.grid.tiles(dimension).max(*most);
        }
        self.steps = self.steps.saturating_add(self.stated.least_steps(operation));
    }

    /// What cannot be of the stated sizes.
    pub(super) fn problems(&self, accelerator: &Accelerator) -> Vec<Problem> {
        let too_large = self.too_large(accelerator);
        if too_large.is_empty() && !self.stated.is_none() && self.steps > MAX_STATED_STEPS {
            return vec![Problem::new(
                "accelerator.mapping.blocks",
                format!("these blocks cut the program into {} steps or more", self.steps),
                format!("at most {MAX_STATED_STEPS} are accepted: state larger blocks, or fewer sizes"),
            )];
        }
        too_large
    }

    /// The stated sizes of blocks that are larger than every operation.
    fn too_large(&self, accelerator: &Accelerator) -> Vec<Problem> {
        let (sizes, edges) = (
            accelerator.mapping.blocks.along(),
            accelerator.tile.shape().along(),
        );
        let along = SIZES.into_iter().zip(sizes).zip(edges.into_iter().zip(self.most));
        along
            .filter_map(|((name, size), (edge, most))| {
                let size = size.filter(|size| size.div_ceil(edge) > most)?;
                let whole = most.saturating_mul(edge);
                Some(Problem::new(
                    format!("accelerator.mapping.blocks.{name}"),
                    format!("a block of {size} along {name} is larger than every operation of the program"),
                    format!("up to {whole}, which leaves all of them whole, is accepted"),
                ))
            })
            .collect()
    }
}
