//! The best way through the candidates of all rows (Boersma 1993, section 2.4), decided while they stream by.
//!
//! A row is decided as soon as all ways that may still win share it, which in speech is at the next silence or
//! consonant. Only a sound that leaves the choice open for ten seconds is decided by what is best so far.

use std::collections::VecDeque;

use super::frame::Candidate;
use super::settings::Pitch;

/// Rows that may wait for their decision.
const MOST_WAITING: usize = 1000;
/// Every so many rows it is looked whether older rows are decided.
const LOOK_EVERY: u64 = 32;

/// One row that waits.
struct Waiting {
    /// Candidates; "unvoiced" comes first, as `None`.
    nodes: Vec<Option<Candidate>>,
    /// For each, the node of the row before on the best way to it.
    from: Vec<u8>,
}

/// The streaming search.
pub(super) struct Path {
    waiting: VecDeque<Waiting>,
    /// Value of the best way to each node of the last row, and the base-2 logarithm of its frequency.
    ends: Vec<(f64, Option<f64>)>,
    rows: u64,
    settings: Pitch,
}

impl Path {
    pub(super) fn new(settings: &Pitch) -> Self {
        Self { waiting: VecDeque::new(), ends: Vec::new(), rows: 0, settings: settings.clone() }
    }

    /// Takes the next row in; `intensity` is its peak over the loudest one near. Gives the rows that are decided now
    /// to `decided`, in order: `None` = unvoiced.
    pub(super) fn add(
        &mut self,
        candidates: Vec<Candidate>,
        intensity: f64,
        decided: &mut impl FnMut(Option<Candidate>),
    ) {
        let Pitch { silence_threshold, voicing_threshold, octave_cost, .. } = self.settings;
        let quiet = 2.0 - intensity * (1.0 + voicing_threshold) / silence_threshold;
        let unvoiced = voicing_threshold + quiet.max(0.0);
        let nodes: Vec<Option<Candidate>> = std::iter::once(None).chain(candidates.into_iter().map(Some)).collect();
        let mut ends = Vec::with_capacity(nodes.len());
        let mut from = Vec::with_capacity(nodes.len());
        for node in &nodes {
            let log = node.map(|c| f64::from(c.hz).log2());
            let own = match (node, log) {
                (Some(c), Some(log)) => f64::from(c.strength) - octave_cost * (self.settings.ceiling_hz.log2() - log),
                _ => unvoiced,
            };
            let mut best = (0, f64::NEG_INFINITY);
            for (index, &(value, before)) in self.ends.iter().enumerate() {
                let cost = match (before, log) {
                    (Some(before), Some(log)) => self.settings.octave_jump_cost * (before - log).abs(),
                    (None, None) => 0.0,
                    _ => self.settings.voiced_unvoiced_cost,
                };
                if value - cost > best.1 {
                    best = (index, value - cost);
                }
            }
            let before = if self.ends.is_empty() { 0.0 } else { best.1 };
            ends.push((own + before, log));
            from.push(best.0 as u8);
        }
        // Only differences count; so the values stay small in a long recording.
        let most = ends.iter().map(|end| end.0).fold(f64::NEG_INFINITY, f64::max);
        ends.iter_mut().for_each(|end| end.0 -= most);
        let alone = nodes.len() == 1;
        self.ends = ends;
        self.waiting.push_back(Waiting { nodes, from });
        self.rows += 1;
        if alone {
            self.decide(self.waiting.len(), 0, decided);
        } else if self.waiting.len() > MOST_WAITING {
            let (back, node) = (self.waiting.len() / 2, self.best_end());
            let node = self.node_before(node, back);
            self.decide(self.waiting.len() - back, node, decided);
        } else if self.rows.is_multiple_of(LOOK_EVERY) {
            self.decide_what_is_shared(decided);
        }
    }

    /// Decides the rest.
    pub(super) fn finish(mut self, decided: &mut impl FnMut(Option<Candidate>)) {
        let node = self.best_end();
        self.decide(self.waiting.len(), node, decided);
    }

    fn best_end(&self) -> usize {
        let better = |best: usize, next: usize| if self.ends[next].0 > self.ends[best].0 { next } else { best };
        (1..self.ends.len()).fold(0, better)
    }

    /// The node `rows` rows before node `node` of the last row on the best way to it.
    fn node_before(&self, mut node: usize, rows: usize) -> usize {
        for waiting in self.waiting.iter().rev().take(rows) {
            node = waiting.from.get(node).map_or(0, |&from| usize::from(from));
        }
        node
    }

    /// Walks back from all nodes of the last row until they meet.
    fn decide_what_is_shared(&mut self, decided: &mut impl FnMut(Option<Candidate>)) {
        let mut nodes: Vec<usize> = (0..self.ends.len()).collect();
        for back in 0..self.waiting.len() {
            if let [only] = nodes[..] {
                self.decide(self.waiting.len() - back, only, decided);
                return;
            }
            let Some(waiting) = self.waiting.get(self.waiting.len() - 1 - back) else { return };
            nodes.iter_mut().for_each(|node| *node = waiting.from.get(*node).map_or(0, |&from| usize::from(from)));
            nodes.sort_unstable();
            nodes.dedup();
        }
    }

    /// Decides the oldest `rows` rows, of which the last takes `node`.
    fn decide(&mut self, rows: usize, mut node: usize, decided: &mut impl FnMut(Option<Candidate>)) {
        let mut chosen = Vec::with_capacity(rows);
        for waiting in self.waiting.iter().take(rows).rev() {
            chosen.push(waiting.nodes.get(node).copied().flatten());
            node = waiting.from.get(node).map_or(0, |&from| usize::from(from));
        }
        self.waiting.drain(..rows.min(self.waiting.len()));
        chosen.into_iter().rev().for_each(decided);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    fn candidate(hz: f32, strength: f32) -> Candidate {
        Candidate { hz, strength }
    }

    /// The way through rows of candidates, all loud.
    fn way(rows: &[Vec<Candidate>]) -> Vec<Option<f32>> {
        let mut path = Path::new(&settings().pitch);
        let mut found = Vec::new();
        let mut note = |c: Option<Candidate>| found.push(c.map(|c| c.hz));
        rows.iter().for_each(|row| path.add(row.clone(), 1.0, &mut note));
        path.finish(&mut note);
        found
    }

    #[test]
    fn one_strong_octave_error_is_repaired() {
        let mut rows = vec![vec![candidate(200.0, 0.9), candidate(100.0, 0.85)]; 20];
        rows[10] = vec![candidate(200.0, 0.8), candidate(100.0, 0.9)];
        assert_eq!(way(&rows), [Some(200.0); 20]);
    }

    #[test]
    fn weak_rows_and_rows_without_candidates_are_unvoiced() {
        let mut rows = vec![vec![candidate(200.0, 0.9)]; 30];
        rows[10..20].fill(vec![candidate(200.0, 0.3)]);
        rows[25..].fill(Vec::new());
        let found = way(&rows);
        assert_eq!(found[..10], [Some(200.0); 10]);
        assert_eq!(found[10..20], [None; 10]);
        assert_eq!(found[20..25], [Some(200.0); 5]);
        assert_eq!(found[25..], [None; 5]);
    }

    #[test]
    fn an_endless_tone_and_an_endless_tie_are_decided_in_bounded_memory() {
        let mut path = Path::new(&settings().pitch);
        let mut rows = 0;
        for _ in 0..5000 {
            path.add(vec![candidate(200.0, 0.9), candidate(400.0, 0.889)], 1.0, &mut |c| {
                rows += 1;
                assert_eq!(c.map(|c| c.hz), Some(200.0));
            });
            assert!(path.waiting.len() <= MOST_WAITING);
        }
        path.finish(&mut |_| rows += 1);
        assert_eq!(rows, 5000);
    }

    #[test]
    fn silence_is_unvoiced_however_strong_a_candidate_is() {
        let mut path = Path::new(&settings().pitch);
        for _ in 0..50 {
            path.add(vec![candidate(200.0, 1.0)], 0.001, &mut |c| assert_eq!(c, None));
        }
        path.finish(&mut |c| assert_eq!(c, None));
    }
}
