//! The tree of calls that a flame graph draws: one side, or two sides over each other.

use std::collections::{BTreeMap, HashMap};

/// Levels that are drawn; Go keeps at most 1,024 frames of a stack (`profstackdepth`).
const MOST_LEVELS: usize = 192;

/// One call: a function called from one stack of others.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    /// Position of its function in [`Tree::names`].
    pub(super) name: usize,
    /// Its level; the root, which stands for everything, has 0.
    pub(super) level: usize,
    /// Left edge, in the unit of the values.
    pub(super) left: f64,
    /// How wide it is drawn, in the same unit.
    pub(super) width: f64,
    /// Values of both sides; the second is 0 where there is one side only.
    pub(super) sides: [f64; 2],
}

/// Calls in the order of a walk: each before what it calls, siblings by name.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// Names of functions.
    pub(super) names: Vec<&'a str>,
    /// The calls; the first is the root.
    pub(super) nodes: Vec<Node>,
}

/// What was left out of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Pruned {
    /// How many calls.
    pub(super) calls: usize,
    /// No call that was left out is wider than this share of the whole.
    pub(super) widest_share: f64,
}

/// Stacks, outermost call first, with the values of both sides; negative values are not drawable.
pub(super) type Stacks<'a> = BTreeMap<Vec<&'a str>, [f64; 2]>;

impl<'a> Tree<'a> {
    /// Puts stacks together. A stack is as wide as the larger of its sides, so that what vanished is seen as well as
    /// what is new; with one side that is its value.
    pub(super) fn of(stacks: &Stacks<'a>) -> Tree<'a> {
        let mut growing = Growing::default();
        for (stack, sides) in stacks {
            growing.add(stack, *sides);
        }
        growing.laid_out()
    }

    /// Drops what is narrower than `least_share` of the whole, then the narrowest until `most` calls remain.
    ///
    /// A call is never wider than its caller, so no call loses its caller.
    pub(super) fn prune(&mut self, least_share: f64, most: usize) -> Pruned {
        let whole = self.nodes.first().map_or(0.0, |root| root.width);
        let mut by_width: Vec<usize> = (0..self.nodes.len()).collect();
        // Stable: among equals the walk's order keeps callers first.
        by_width.sort_by(|a, b| self.nodes[*b].width.total_cmp(&self.nodes[*a].width));
        let enough = by_width
            .iter()
            .position(|at| self.nodes[*at].width < least_share * whole)
            .unwrap_or(by_width.len());
        let kept = enough.min(most).max(1).min(by_width.len());
        let widest = by_width.get(kept).map_or(0.0, |at| self.nodes[*at].width);
        let pruned = Pruned {
            calls: by_width.len() - kept,
            widest_share: if whole > 0.0 { widest / whole } else { 0.0 },
        };
        by_width.truncate(kept);
        by_width.sort_unstable();
        self.nodes = by_width
            .into_iter()
            .map(|at| self.nodes[at].clone())
            .collect();
        pruned
    }
}

/// A tree whose widths are not known yet.
#[derive(Debug)]
struct Growing<'a> {
    names: Vec<&'a str>,
    positions: HashMap<&'a str, usize>,
    /// Children by caller and name.
    children: HashMap<(usize, usize), usize>,
    nodes: Vec<Node>,
    /// The children of each node in order of appearance, which is by name since stacks come sorted.
    calls: Vec<Vec<usize>>,
}

impl Default for Growing<'_> {
    fn default() -> Self {
        Growing {
            names: vec![""],
            positions: HashMap::from([("", 0)]),
            children: HashMap::new(),
            nodes: vec![Node {
                name: 0,
                level: 0,
                left: 0.0,
                width: 0.0,
                sides: [0.0; 2],
            }],
            calls: vec![Vec::new()],
        }
    }
}

impl<'a> Growing<'a> {
    fn add(&mut self, stack: &[&'a str], sides: [f64; 2]) {
        let width = sides[0].max(sides[1]);
        let mut at = 0;
        self.widen(at, width, sides);
        for name in stack.iter().take(MOST_LEVELS) {
            at = self.call(at, name);
            self.widen(at, width, sides);
        }
    }

    fn widen(&mut self, at: usize, width: f64, sides: [f64; 2]) {
        let node = &mut self.nodes[at];
        node.width += width;
        node.sides[0] += sides[0];
        node.sides[1] += sides[1];
    }

    fn call(&mut self, caller: usize, name: &'a str) -> usize {
        let name = *self.positions.entry(name).or_insert_with(|| {
            self.names.push(name);
            self.names.len() - 1
        });
        *self.children.entry((caller, name)).or_insert_with(|| {
            let at = self.nodes.len();
            self.nodes.push(Node {
                name,
                level: self.nodes[caller].level + 1,
                left: 0.0,
                width: 0.0,
                sides: [0.0; 2],
            });
            self.calls.push(Vec::new());
            self.calls[caller].push(at);
            at
        })
    }

    /// Puts siblings side by side and the calls into the order of a walk. A loop and not a recursion: stacks are as
    /// deep as their author likes.
    fn laid_out(mut self) -> Tree<'a> {
        let mut walked = Vec::with_capacity(self.nodes.len());
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let mut left = self.nodes[at].left;
            for &child in &self.calls[at] {
                self.nodes[child].left = left;
                left += self.nodes[child].width;
            }
            open.extend(self.calls[at].iter().rev());
            walked.push(self.nodes[at].clone());
        }
        Tree {
            names: self.names,
            nodes: walked,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stacks<'a>(of: &[(&[&'a str], [f64; 2])]) -> Stacks<'a> {
        of.iter()
            .map(|(stack, sides)| (stack.to_vec(), *sides))
            .collect()
    }

    #[test]
    fn what_vanished_keeps_its_place() {
        let tree = Tree::of(&stacks(&[
            (&["main", "new"], [0.0, 3.0]),
            (&["main", "old"], [5.0, 0.0]),
            (&["main"], [1.0, 2.0]),
        ]));
        let seen: Vec<_> = tree
            .nodes
            .iter()
            .map(|node| (tree.names[node.name], node.left, node.width, node.sides))
            .collect();
        assert_eq!(
            seen,
            [
                ("", 0.0, 10.0, [6.0, 5.0]),
                ("main", 0.0, 10.0, [6.0, 5.0]),
                ("new", 0.0, 3.0, [0.0, 3.0]),
                ("old", 3.0, 5.0, [5.0, 0.0]),
            ]
        );
    }

    #[test]
    fn an_endless_stack_is_cut() {
        let deep = vec!["f"; 5000];
        let tree = Tree::of(&stacks(&[(&deep, [1.0, 0.0])]));
        let deepest = tree.nodes.iter().map(|node| node.level).max();
        assert_eq!(deepest, Some(MOST_LEVELS));
    }

    proptest! {
        #[test]
        fn callers_hold_their_calls_also_when_pruned(
            paths in proptest::collection::vec((proptest::collection::vec(0_usize..5, 0..6), 1_u32..50, 0_u32..50), 1..40),
            most in 1_usize..30,
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let mut all = Stacks::new();
            for (path, before, after) in &paths {
                let stack: Vec<&str> = path.iter().map(|at| names[*at]).collect();
                let sides = all.entry(stack).or_default();
                sides[0] += f64::from(*before);
                sides[1] += f64::from(*after);
            }
            let mut tree = Tree::of(&all);
            let whole: f64 = all.values().map(|sides| sides[0].max(sides[1])).sum();
            prop_assert_eq!(tree.nodes[0].width, whole);
            let before = tree.nodes.len();
            let pruned = tree.prune(0.01, most);
            prop_assert_eq!(tree.nodes.len() + pruned.calls, before);
            prop_assert!(tree.nodes.len() <= most.max(1));
            let mut callers: Vec<&Node> = Vec::new();
            for node in &tree.nodes {
                callers.truncate(node.level);
                prop_assert_eq!(callers.len(), node.level);
                if let Some(caller) = callers.last() {
                    prop_assert!(node.left >= caller.left);
                    prop_assert!(node.left + node.width <= caller.left + caller.width);
                }
                callers.push(node);
            }
        }
    }
}
