//! Joining the steps of a rule: for each thing that fits the first step, the best way to fill the others.
//!
//! The search looks at every way, not at the first that comes: a reply that leads nowhere does not hide a later one
//! that does. What remains to be filled depends only on those earlier steps that are still spoken of, so each such
//! situation is worked out once; with steps that lie near each other the work grows with the number of events.

mod relations;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Hit;
use super::language::Rule;
use super::plan::{Plan, Way};
use super::pool::{Candidate, Material};
use crate::markers::Event;
use crate::time::Span;

/// A session's events, sorted by marker once for all rules.
#[derive(Default)]
pub struct Seen<'e> {
    events: BTreeMap<&'e str, Vec<&'e Event>>,
}

impl<'e> Seen<'e> {
    /// Events in any order.
    pub fn new(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut by_marker: BTreeMap<&str, Vec<&Event>> = BTreeMap::new();
        for event in events {
            by_marker.entry(event.marker.as_str()).or_default().push(event);
        }
        Self { events: by_marker }
    }
}

impl Rule {
    /// Every place where the rule holds, in order of the first step's start: one for each thing that fits that step,
    /// with the strongest filling of the others (among equals the nearest, then the earliest). `others` = hits of other
    /// codes by code; `code` and `blind` go into the hits.
    ///
    /// A rule that [`Rule::check`] refuses may find nothing.
    pub fn hits(&self, code: &str, seen: &Seen<'_>, others: &BTreeMap<String, Vec<Hit>>, blind: &[String]) -> Vec<Hit> {
        let material = Material { events: &seen.events, hits: others };
        let Some(plan) = Plan::new(self, &material) else { return Vec::new() };
        let mut hits = Vec::new();
        let mut lasting = Memo::new();
        for first in plan.firsts() {
            let mut memos = Memos { lasting: &mut lasting, passing: Memo::new() };
            let mut chosen = vec![first];
            if !plan.allowed(0, &chosen) {
                continue;
            }
            let Some(rest) = plan.best(&mut chosen, &mut memos) else { continue };
            chosen.extend(rest.picks);
            hits.extend(plan.hit(self, code, &chosen, blind));
        }
        hits
    }
}

/// One filled step: which of its alternatives, and which candidate of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pick {
    way: usize,
    index: usize,
}

/// The best filling of the steps from some step on.
#[derive(Clone)]
struct Best {
    weight: f64,
    picks: Vec<Pick>,
}

type Memo = BTreeMap<(usize, Vec<Pick>), Option<Best>>;

struct Memos<'m> {
    /// Situations that do not speak of the first step: they stay true for the next one.
    lasting: &'m mut Memo,
    passing: Memo,
}

impl Plan {
    /// Everything that fits the first step, in order of start.
    fn firsts(&self) -> Vec<Pick> {
        let Some(step) = self.steps.first() else { return Vec::new() };
        let mut firsts: Vec<(Span, Pick)> = Vec::new();
        for (way, Way { pool, .. }) in step.ways.iter().enumerate() {
            firsts.extend((0..pool.list.len()).map(|index| (pool.list[index].span, Pick { way, index })));
        }
        firsts.sort();
        firsts.into_iter().map(|(_, pick)| pick).collect()
    }

    fn candidate(&self, step: usize, pick: Pick) -> &Candidate {
        &self.steps[step].ways[pick.way].pool.list[pick.index]
    }

    fn span(&self, step: usize, chosen: &[Pick]) -> Span {
        self.candidate(step, chosen[step]).span
    }

    /// The best filling of the steps that `chosen` leaves open.
    fn best(&self, chosen: &mut Vec<Pick>, memos: &mut Memos<'_>) -> Option<Best> {
        let at = chosen.len();
        let Some(step) = self.steps.get(at) else { return Some(Best { weight: 0.0, picks: Vec::new() }) };
        let situation = (at, step.spoken_of.iter().map(|&earlier| chosen[earlier]).collect::<Vec<_>>());
        let lasts = !step.spoken_of.contains(&0);
        let known = if lasts { memos.lasting.get(&situation) } else { memos.passing.get(&situation) };
        if let Some(known) = known {
            return known.clone();
        }
        let mut best: Option<(Best, Duration)> = None;
        for (way, Way { pool, relations }) in step.ways.iter().enumerate() {
            for index in self.near(pool, relations, chosen) {
                let candidate = &pool.list[index];
                if !self.related(candidate, relations, chosen) {
                    continue;
                }
                chosen.push(Pick { way, index });
                let rest = if self.allowed(at, chosen) { self.best(chosen, memos) } else { None };
                chosen.pop();
                let Some(rest) = rest else { continue };
                let weight = rest.weight + if step.scene { 0.0 } else { candidate.weight() };
                let apart = self.apart(candidate.span, relations, chosen);
                let better = |(best, best_apart): &(Best, Duration)| {
                    weight.total_cmp(&best.weight).then(best_apart.cmp(&apart)).is_gt()
                };
                if best.as_ref().is_none_or(better) {
                    let picks = std::iter::once(Pick { way, index }).chain(rest.picks).collect();
                    best = Some((Best { weight, picks }, apart));
                }
            }
        }
        let best = best.map(|(best, _)| best);
        if lasts { &mut *memos.lasting } else { &mut memos.passing }.insert(situation, best.clone());
        best
    }

    /// No refusal that can be decided with step `at` forbids what is chosen.
    fn allowed(&self, at: usize, chosen: &[Pick]) -> bool {
        let decided = self.refusals.iter().filter(|refusal| refusal.decided_at == at);
        !decided.flat_map(|refusal| &refusal.ways).any(|way| {
            let own = way.speaks_of().flat_map(|step| &self.candidate(step, chosen[step]).because);
            let own: BTreeSet<_> = own.collect();
            self.near(&way.pool, &way.relations, chosen).any(|index| {
                let found = &way.pool.list[index];
                // What is part of the picture cannot forbid it.
                self.related(found, &way.relations, chosen) && !found.because.iter().all(|id| own.contains(id))
            })
        })
    }

    fn hit(&self, rule: &Rule, code: &str, chosen: &[Pick], blind: &[String]) -> Option<Hit> {
        let filled = || chosen.iter().enumerate().map(|(step, &pick)| (&self.steps[step], self.candidate(step, pick)));
        let span = filled().map(|(_, candidate)| candidate.hull).reduce(Span::hull)?;
        let counted: Vec<f64> =
            filled().filter(|(step, _)| !step.scene).map(|(_, found)| f64::from(found.strength)).collect();
        let mut because = Vec::new();
        for id in filled().flat_map(|(_, candidate)| &candidate.because) {
            if !because.contains(id) {
                because.push(*id);
            }
        }
        Some(Hit {
            code: code.to_owned(),
            rule: rule.id.clone(),
            rule_version: rule.version,
            span,
            because,
            strength: (counted.iter().sum::<f64>() / counted.len().max(1) as f64) as f32,
            quality: filled().map(|(_, candidate)| candidate.quality).fold(1.0, f32::min),
            blind: blind.to_vec(),
        })
    }
}
