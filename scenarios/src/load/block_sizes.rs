//! Sizes of blocks are multiples of the tile's edges.

use crate::schema::{Accelerator, Checks, SIZES};

/// The edges of the tile along b, i, j and k, by the names of their fields.
const EDGES: [&str; 4] = ["b", "x", "y", "y"];

/// The fields that take part.
const INVOLVED: &[&str] = &["accelerator.tile.b", "accelerator.tile.x", "accelerator.tile.y"];

/// Checks the sizes that are stated.
pub(super) fn check(accelerator: &Accelerator, checks: &mut Checks) {
    let sizes = accelerator.mapping.blocks.along();
    let edges = accelerator.tile.shape().along();
    for (place, (size, edge)) in sizes.into_iter().zip(edges).enumerate() {
        let Some(size) = size.filter(|size| size % edge != 0) else {
            continue;
        };
        let below = size - size % edge;
        let nearest = match below {
            0 => edge.to_string(),
            below => format!("{below} or {}", below + edge),
        };
        checks.involving(INVOLVED, |checks| {
            at(
                ["accelerator", "mapping", "blocks", SIZES[place]],
                checks,
                |checks| {
                    let edge_of = EDGES[place];
                    checks.wrong(
                        format!(
                            "a block of {size} along {} is no multiple of the tile's {edge}",
                            SIZES[place]
                        ),
                        format!("a multiple of `accelerator.tile.{edge_of}` is accepted, such as {nearest}"),
                    );
                },
            );
        });
    }
}

fn at(path: [&str; 4], checks: &mut Checks, look: impl FnOnce(&mut Checks)) {
    let [a, b, c, d] = path;
    checks.within(a, |checks| {
        checks.within(b, |checks| checks.within(c, |checks| checks.within(d, look)))
    });
}
