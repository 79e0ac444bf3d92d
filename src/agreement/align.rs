//! Two coders' free units laid beside each other: which belong together, and how far their labels agree.

use std::collections::BTreeSet;

use super::continuum::Unit;
use super::nominal::corrected;

/// Two coders' units, linked.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// Linked pairs of places, first coder's and second coder's.
    pub links: Vec<(usize, usize)>,
    /// Kappa of the labels with a row and a column for units that have no partner.
    pub kappa_with_unmatched: Option<f64>,
    /// Kappa of the labels of linked units only: says nothing about what one of them missed.
    pub kappa_linked_only: Option<f64>,
}

/// How well one coder's units are found again in the other's, 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// F1 of the units, whatever their labels.
    pub units: f64,
    /// F1 of units with the same label.
    pub labelled: f64,
}

/// Intersection over union, 0 to 1.
pub fn iou(a: &Unit, b: &Unit) -> f64 {
    let both = (a.end.min(b.end) - a.start.max(b.start)).max(0.0);
    let either = (a.end - a.start) + (b.end - b.start) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

/// Links each unit with the one it overlaps best, at least `least` of intersection over union (0 to 1), best pairs first,
/// each unit once. Kappa as in Holle & Rein (2013): unlinked units go to a category of their own.
pub fn align(first: &[Unit], second: &[Unit], least: f64) -> Aligned {
    let links = links(first, second, least);
    let label = |units: &[Unit], at: usize| units.get(at).map(|unit| unit.label.clone());
    let mut pairs: Vec<(Option<String>, Option<String>)> =
        links.iter().map(|(i, j)| (label(first, *i), label(second, *j))).collect();
    let kappa_linked_only = kappa(&pairs);
    let alone = |units: &[Unit], linked: BTreeSet<usize>| -> Vec<Option<String>> {
        (0..units.len()).filter(|at| !linked.contains(at)).map(|at| label(units, at)).collect()
    };
    pairs.extend(alone(first, links.iter().map(|l| l.0).collect()).into_iter().map(|label| (label, None)));
    pairs.extend(alone(second, links.iter().map(|l| l.1).collect()).into_iter().map(|label| (None, label)));
    Aligned { kappa_with_unmatched: kappa(&pairs), kappa_linked_only, links }
}

/// F1 of units and of units with their labels; `None` if neither coder marked anything.
pub fn f1(first: &[Unit], second: &[Unit], least: f64) -> Option<Found> {
    let all = first.len() + second.len();
    let links = links(first, second, least);
    let same = |(i, j): &&(usize, usize)| first.get(*i).map(|u| &u.label) == second.get(*j).map(|u| &u.label);
    let score = |hits: usize| 2.0 * hits as f64 / all as f64;
    (all > 0).then(|| Found { units: score(links.len()), labelled: score(links.iter().filter(same).count()) })
}

fn links(first: &[Unit], second: &[Unit], least: f64) -> Vec<(usize, usize)> {
    let mut possible: Vec<(f64, usize, usize)> = Vec::new();
    for (i, a) in first.iter().enumerate() {
        for (j, b) in second.iter().enumerate() {
            let overlap = iou(a, b);
            if overlap > 0.0 && overlap >= least {
                possible.push((overlap, i, j));
            }
        }
    }
    possible.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut left, mut right) = (BTreeSet::new(), BTreeSet::new());
    let mut linked = Vec::new();
    for (_, i, j) in possible {
        if !left.contains(&i) && !right.contains(&j) {
            left.insert(i);
            right.insert(j);
            linked.push((i, j));
        }
    }
    linked.sort_unstable();
    linked
}

/// Cohen's kappa; `None` as a label is the category "no partner".
fn kappa(pairs: &[(Option<String>, Option<String>)]) -> Option<f64> {
    let labels: BTreeSet<&Option<String>> = pairs.iter().flat_map(|(a, b)| [a, b]).collect();
    let n = pairs.len() as f64;
    let agreed = pairs.iter().filter(|(a, b)| a == b).count() as f64 / n;
    let share = |label: &Option<String>, first: bool| {
        pairs.iter().filter(|(a, b)| if first { a == label } else { b == label }).count() as f64 / n
    };
    let by_chance = labels.iter().map(|label| share(label, true) * share(label, false)).sum();
    if pairs.is_empty() { None } else { corrected(agreed, by_chance) }
}
