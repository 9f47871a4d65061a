//! What stated blocks are held against: the most tiles that an operation has along each loop, and the steps of them all.

use components::block_plan::{BlockRole, StatedBlocks};
use components::operation::Operation;
use components::tile::Dimension;

use super::Problem;
use crate::schema::{Accelerator, SIZES};

/// Steps that stated blocks may cut a program into: each is planned several times before the choice is made.
const MAX_STATED_STEPS: u64 = 1 << 22;

/// A program, as far as stated blocks have to fit it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StatedSizes {
    stated: StatedBlocks,
    /// The most tiles of an operation along b, i, j and k.
    most: [u32; 4],
    /// The same of operations of each role; 0 if there are none.
    most_of_role: [[u32; 4]; BlockRole::ALL.len()],
    steps: u64,
}

impl StatedSizes {
    /// Of a program without operations yet.
    pub(super) fn new(stated: StatedBlocks) -> Self {
        Self {
            stated,
            most: [0; 4],
            most_of_role: [[0; 4]; BlockRole::ALL.len()],
            steps: 0,
        }
    }

    /// Takes an operation into account.
    pub(super) fn add(&mut self, operation: &Operation) {
        for dimension in Dimension::ALL {
            let tiles = operation.grid.tiles(dimension);
            let of_role = BlockRole::of(operation.role).map(|role| &mut self.most_of_role[role as usize]);
            for most in of_role.into_iter().chain([&mut self.most]) {
                most[dimension as usize] = tiles.max(most[dimension as usize]);
            }
        }
        self.steps = self.steps.saturating_add(self.stated.least_steps(operation));
    }

    /// What cannot be of the stated sizes.
    pub(super) fn problems(&self, accelerator: &Accelerator) -> Vec<Problem> {
        let mut too_large = self.too_large(accelerator);
        for role in BlockRole::ALL {
            too_large.extend(self.cannot_be_of(role, accelerator));
        }
        if too_large.is_empty() && !self.stated.is_none() && self.steps > MAX_STATED_STEPS {
            return vec![Problem::new(
                "accelerator.mapping.blocks",
                format!("these blocks cut the program into {} steps or more", self.steps),
                format!("at most {MAX_STATED_STEPS} are accepted: state larger blocks, or fewer sizes"),
            )];
        }
        too_large
    }

    /// The sizes that are stated for a role that the program does not have, or are larger than all of its operations.
    fn cannot_be_of(&self, role: BlockRole, accelerator: &Accelerator) -> Vec<Problem> {
        let sizes = accelerator.mapping.by_role.of(role).along();
        let path = format!("accelerator.mapping.by_role.{}", role.name());
        let most = self.most_of_role[role as usize];
        if most == [0; 4] {
            let stated = sizes.iter().any(Option::is_some).then(|| {
                Problem::new(
                    path,
                    format!("the program has no operations of `{}`", role.name()),
                    "leave the sizes out",
                )
            });
            return stated.into_iter().collect();
        }
        let edges = accelerator.tile.shape().along();
        let along = sizes
            .into_iter()
            .enumerate()
            .map(|(place, size)| (place + 1, size));
        along
            .filter_map(|(place, size)| {
                let size = size.filter(|size| size.div_ceil(edges[place]) > most[place])?;
                let (name, whole) = (SIZES[place], most[place].saturating_mul(edges[place]));
                Some(Problem::new(
                    format!("{path}.{name}"),
                    format!(
                        "a block of {size} along {name} is larger than every operation of `{}`",
                        role.name()
                    ),
                    format!("up to {whole}, which leaves all of them whole, is accepted"),
                ))
            })
            .collect()
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
