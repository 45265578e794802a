//! Circles in a graph.

use std::collections::BTreeSet;

/// The sets of nodes of which each reaches each other.
pub(super) fn circles(arrows: &[BTreeSet<usize>]) -> Vec<BTreeSet<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..arrows.len()).map(|from| reached(arrows, from)).collect();
    let circle = |node: usize| -> BTreeSet<usize> {
        let both = reached[node].iter().filter(|other| reached[**other].contains(&node));
        both.copied().collect()
    };
    let found: BTreeSet<BTreeSet<usize>> = (0..arrows.len()).map(circle).collect();
    found.into_iter().filter(|circle| circle.len() > 1).collect()
}

fn reached(arrows: &[BTreeSet<usize>], from: usize) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<usize> = arrows[from].iter().copied().collect();
    while let Some(node) = open.pop() {
        if reached.insert(node) {
            open.extend(&arrows[node]);
        }
    }
    reached
}
