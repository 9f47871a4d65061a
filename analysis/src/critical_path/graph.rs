//! What waited for what: a tree of causes. Only nodes that can still become part of the path are kept.

use super::step::{CriticalPath, Split, Step, Work};

/// A run or a transfer in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodeId(u32);

/// The moment at which something left a node; whatever it causes begins then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exit {
    pub(super) node: NodeId,
    /// How the time since the node's start divides into parts.
    pub(super) split: Split,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    work: Work,
    start: u64,
    /// `None` for the start of the run.
    cause: Option<Exit>,
    /// Reference count: nodes that it caused, and other holders.
    holds: u32,
}

/// The tree. A holder of a [`NodeId`] holds its node, and releases it when done.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    free: Vec<NodeId>,
}

impl Graph {
    /// Adds a node that begins where `cause` was left; the caller holds it once.
    pub(super) fn add(&mut self, work: Work, start: u64, cause: Option<Exit>) -> NodeId {
        if let Some(cause) = cause {
            self.hold(cause.node);
        }
        let node = Node {
            work,
            start,
            cause,
            holds: 1,
        };
        if let Some(id) = self.free.pop() {
            self.nodes[id.0 as usize] = node;
            return id;
        }
        self.nodes.push(node);
        NodeId(self.nodes.len() as u32 - 1)
    }

    pub(super) fn hold(&mut self, id: NodeId) {
        self.nodes[id.0 as usize].holds += 1;
    }

    /// Releases a node. If nothing else holds it, it is dropped, and its cause is released in turn.
    pub(super) fn release(&mut self, id: NodeId) {
        let mut next = Some(id);
        while let Some(id) = next {
            let node = &mut self.nodes[id.0 as usize];
            node.holds -= 1;
            if node.holds > 0 {
                return;
            }
            next = node.cause.map(|cause| cause.node);
            self.free.push(id);
        }
    }

    /// The chain of causes that ends where `last` was left.
    pub(super) fn path(&self, last: Exit) -> CriticalPath {
        let mut steps = Vec::new();
        let mut next = Some(last);
        while let Some(exit) = next {
            let node = &self.nodes[exit.node.0 as usize];
            steps.push(Step {
                work: node.work,
                start: node.start,
                split: exit.split,
            });
            next = node.cause;
        }
        steps.reverse();
        CriticalPath { steps }
    }

    /// Nodes that are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.nodes.len() - self.free.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exit(node: NodeId, ticks: u64) -> Exit {
        Exit {
            node,
            split: [0, 0, ticks, 0],
        }
    }

    #[test]
    fn only_what_somebody_leads_back_to_is_kept() {
        let mut graph = Graph::default();
        let root = graph.add(Work::Start, 0, None);
        let mut last = root;
        for step in 0..1000 {
            let dead_end = graph.add(Work::Start, step + 1, Some(exit(last, 1)));
            let next = graph.add(Work::Start, step + 1, Some(exit(last, 1)));
            graph.release(dead_end);
            graph.release(last);
            last = next;
        }
        assert_eq!(graph.kept(), 1001);
        let path = graph.path(exit(last, 5));
        assert_eq!(path.steps.len(), 1001);
        assert_eq!(path.length(), 1005);
        for pair in path.steps.windows(2) {
            assert_eq!(pair[0].end(), pair[1].start);
        }
        graph.release(last);
        assert_eq!(graph.kept(), 0);
    }
}
