//! The most tiles that any operation has along each loop: no block of more can be meant.

use components::operation::Operation;
use components::tile::Dimension;

use super::Problem;
use crate::schema::{Accelerator, SIZES};

/// The most tiles of an operation of a program along b, i, j and k.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MostTiles([u32; 4]);

impl MostTiles {
    /// Takes an operation into account.
    pub(super) fn add(&mut self, operation: &Operation) {
        for dimension in Dimension::ALL {
            let most = &mut self.0[dimension as usize];
            *most = operation.grid.tiles(dimension).max(*most);
        }
    }

    /// The stated sizes of blocks that are larger than every operation.
    pub(super) fn too_large(&self, accelerator: &Accelerator) -> Vec<Problem> {
        let (sizes, edges) = (accelerator.mapping.blocks.along(), accelerator.tile.shape().along());
        let along = SIZES.into_iter().zip(sizes).zip(edges.into_iter().zip(self.0));
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
