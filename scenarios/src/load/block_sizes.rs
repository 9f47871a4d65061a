//! Sizes of blocks are multiples of the tile's edges.

use components::block_plan::BlockRole;

use crate::schema::{Accelerator, Checks, SIZES};

/// The edges of the tile along b, i, j and k, by the names of their fields.
const EDGES: [&str; 4] = ["b", "x", "y", "y"];

/// The fields that take part.
const INVOLVED: &[&str] = &["accelerator.tile.b", "accelerator.tile.x", "accelerator.tile.y"];

/// Checks the sizes that are stated, for all operations and by role.
pub(super) fn check(accelerator: &Accelerator, checks: &mut Checks) {
    let mapping = &accelerator.mapping;
    for (place, size) in mapping.blocks.along().into_iter().enumerate() {
        check_size(
            accelerator,
            place,
            size,
            &["accelerator", "mapping", "blocks"],
            checks,
        );
    }
    for role in BlockRole::ALL {
        let path = ["accelerator", "mapping", "by_role", role.name()];
        for (place, size) in mapping.by_role.of(role).along().into_iter().enumerate() {
            check_size(accelerator, place + 1, size, &path, checks);
        }
    }
}

/// Checks a size along loop number `place` that stands in the section at `path`.
fn check_size(
    accelerator: &Accelerator,
    place: usize,
    size: Option<u32>,
    path: &[&str],
    checks: &mut Checks,
) {
    let edge = accelerator.tile.shape().along()[place];
    let Some(size) = size.filter(|size| size % edge != 0) else {
        return;
    };
    let below = size - size % edge;
    let nearest = match below {
        0 => edge.to_string(),
        below => format!("{below} or {}", below + edge),
    };
    let (name, edge_of) = (SIZES[place], EDGES[place]);
    let field = format!("{}.{name}", path.join("."));
    checks.involving(INVOLVED, |checks| {
        checks.within(&field, |checks| {
            checks.wrong(
                format!("a block of {size} along {name} is no multiple of the tile's {edge}"),
                format!("a multiple of `accelerator.tile.{edge_of}` is accepted, such as {nearest}"),
            );
        });
    });
}
