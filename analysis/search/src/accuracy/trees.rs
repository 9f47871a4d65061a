//! The model behind the published scores: gradient-boosted trees on the 37 numbers of a transformer.
//!
//! It is fitted to 13 transformers and predicts nothing else (leave-one-out R² below 0): it serves to repeat the published
//! figures. See `data/README.md` for how it was made.

use serde::Deserialize;

use crate::space::Genome;
use crate::space::transformer::VECTOR_LENGTH;

/// The trees, in JSON.
const TREES: &str = include_str!("../../data/published-trees.json");

/// Gradient-boosted trees that repeat the GLUE scores of the published pairs.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedTrees {
    #[serde(rename = "made_with")]
    _made_with: String,
    #[serde(rename = "nodes")]
    _nodes: String,
    /// What the trees add to, a share.
    base: f64,
    /// What a tree's value counts.
    rate: f64,
    /// Root mean square of the errors for transformers left out, a share.
    sd: f64,
    trees: Vec<Vec<Node>>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum Node {
    /// Number of the vector, threshold, node if at most that, node if more.
    Split(usize, f64, usize, usize),
    /// The value of a leaf.
    Leaf([f64; 1]),
}

impl PublishedTrees {
    /// The shipped trees.
    #[must_use]
    pub fn shipped() -> Self {
        serde_json::from_str(TREES).expect("the shipped trees are well formed: a test reads them")
    }

    /// Mean, in percent, and standard deviation, in points, of a transformer.
    #[must_use]
    pub fn predict(&self, genome: &Genome) -> (f64, f64) {
        let vector = genome.to_vector();
        let sum: f64 = self.trees.iter().map(|tree| leaf(tree, &vector)).sum();
        (100.0 * (self.base + self.rate * sum), 100.0 * self.sd)
    }

    pub(super) fn source(&self) -> String {
        "published: trees fitted to 13 transformers, without skill for others".to_owned()
    }
}

fn leaf(tree: &[Node], vector: &[u32; VECTOR_LENGTH]) -> f64 {
    let mut node = 0;
    loop {
        match tree[node] {
            Node::Leaf([value]) => return value,
            Node::Split(number, threshold, at_most, more) => {
                node = if f64::from(vector[number]) <= threshold {
                    at_most
                } else {
                    more
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_trees_are_well_formed() {
        let trees = PublishedTrees::shipped();
        assert_eq!(trees.trees.len(), 50);
        for tree in &trees.trees {
            for (index, node) in tree.iter().enumerate() {
                if let Node::Split(number, _, at_most, more) = *node {
                    // Children come later, so that every walk ends.
                    assert!(number < VECTOR_LENGTH && index < at_most.min(more));
                    assert!(at_most.max(more) < tree.len());
                }
            }
        }
    }
}
