//! A rule made ready for one session: names resolved, candidates collected, relations worked out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::language::{Pattern, Rule, Stretch};
use super::pool::{Material, Pool};
use crate::time::Secs;

/// A rule made ready for one session.
pub(super) struct Plan {
    pub steps: Vec<Step>,
    pub refusals: Vec<Refusal>,
}

pub(super) struct Step {
    pub ways: Vec<Way>,
    pub scene: bool,
    /// Earlier steps that this or a later step, or a refusal decided there, speaks of. In order.
    pub spoken_of: Vec<usize>,
}

pub(super) struct Way {
    pub pool: Pool,
    pub relations: Vec<Relation>,
}

pub(super) struct Refusal {
    pub ways: Vec<Way>,
    /// The step with which everything it speaks of is filled.
    pub decided_at: usize,
}

pub(super) enum Relation {
    /// To the step before.
    Within {
        gap: Duration,
        cut_in: Option<Duration>,
    },
    During(Window),
    Overlaps(Window, Duration),
    StartsIn(Window),
    /// About the same person as a step, or about another.
    Person {
        step: usize,
        same: bool,
    },
}

pub(super) struct Window {
    pub from: Edge,
    pub to: Edge,
    pub before: Duration,
    pub after: Duration,
}

#[derive(Clone, Copy)]
pub(super) struct Edge {
    pub step: usize,
    pub end: bool,
}

impl Plan {
    /// `None` if the rule names steps that are not there.
    pub fn new(rule: &Rule, material: &Material<'_>) -> Option<Self> {
        let names: BTreeMap<&str, usize> =
            rule.sequence.iter().enumerate().filter_map(|(at, step)| Some((step.name.as_deref()?, at))).collect();
        // Steps whose person another pattern is compared with.
        let compared: BTreeSet<&str> =
            rule.patterns().into_iter().flat_map(Pattern::persons).map(|(step, _)| step).collect();
        let mut steps = Vec::new();
        for (at, pattern) in rule.sequence.iter().enumerate() {
            let is_compared = pattern.name.as_deref().is_some_and(|name| compared.contains(name));
            let by_person = is_compared || pattern.persons().next().is_some();
            let ways = ways(pattern, at, by_person, &names, material)?;
            steps.push(Step { ways, scene: pattern.scene, spoken_of: Vec::new() });
        }
        let mut refusals = Vec::new();
        for pattern in &rule.without {
            let ways = ways(pattern, steps.len(), false, &names, material)?;
            let decided_at = ways.iter().flat_map(Way::speaks_of).max()?;
            refusals.push(Refusal { ways, decided_at });
        }
        let mut spoken_of = BTreeSet::new();
        for at in (0..steps.len()).rev() {
            spoken_of.extend(steps[at].ways.iter().flat_map(Way::speaks_of));
            if steps[at].ways.iter().any(Way::follows) {
                spoken_of.insert(at.checked_sub(1)?);
            }
            let decided_here = refusals.iter().filter(|refusal| refusal.decided_at == at);
            spoken_of.extend(decided_here.flat_map(|refusal| refusal.ways.iter().flat_map(Way::speaks_of)));
            spoken_of.retain(|&step| step < at);
            steps[at].spoken_of = spoken_of.iter().copied().collect();
        }
        (!steps.is_empty()).then_some(Self { steps, refusals })
    }
}

impl Way {
    /// Steps that the stretches begin or end with.
    pub fn speaks_of(&self) -> impl Iterator<Item = usize> {
        let steps = self.relations.iter().map(|relation| match relation {
            Relation::Within { .. } => None,
            Relation::Person { step, .. } => Some([*step, *step]),
            Relation::During(window) | Relation::Overlaps(window, _) | Relation::StartsIn(window) => {
                Some([window.from.step, window.to.step])
            }
        });
        steps.flatten().flatten()
    }

    fn follows(&self) -> bool {
        self.relations.iter().any(|relation| matches!(relation, Relation::Within { .. }))
    }
}

/// The alternatives of a pattern, each with what fits it and how it must lie. `at` = number of steps before it.
fn ways(
    pattern: &Pattern,
    at: usize,
    by_person: bool,
    names: &BTreeMap<&str, usize>,
    material: &Material<'_>,
) -> Option<Vec<Way>> {
    // Repeats of `any` are runs over all alternatives together.
    let apart = !pattern.any.is_empty() && pattern.at_least.is_none();
    let alternatives = if apart { pattern.any.iter().collect() } else { vec![pattern] };
    let way = |alternative: &Pattern| {
        let mut relations = relations(pattern, at, names)?;
        if apart {
            relations.extend(self::relations(alternative, at, names)?);
        }
        Some(Way { pool: Pool::of(alternative, by_person, material), relations })
    };
    alternatives.into_iter().map(way).collect()
}

fn relations(pattern: &Pattern, at: usize, names: &BTreeMap<&str, usize>) -> Option<Vec<Relation>> {
    let mut relations = Vec::new();
    let window = |stretch: &Stretch| Window::new(stretch, at, names);
    if let Some(gap) = pattern.within_secs {
        relations.push(Relation::Within { gap: gap.0, cut_in: pattern.cut_in_secs.map(|secs| secs.0) });
    }
    if let Some(stretch) = &pattern.during {
        relations.push(Relation::During(window(stretch)?));
    }
    if let Some(stretch) = &pattern.overlaps {
        let least = stretch.for_secs.map(|secs| secs.0).unwrap_or_default();
        relations.push(Relation::Overlaps(window(stretch)?, least));
    }
    if let Some(stretch) = &pattern.starts_in {
        relations.push(Relation::StartsIn(window(stretch)?));
    }
    for (name, same) in pattern.persons() {
        let step = names.get(name).copied().filter(|&step| step < at)?;
        relations.push(Relation::Person { step, same });
    }
    Some(relations)
}

impl Window {
    fn new(stretch: &Stretch, at: usize, names: &BTreeMap<&str, usize>) -> Option<Self> {
        let known = |name: &str| names.get(name).copied().filter(|&step| step < at);
        let edge = |text: &str| {
            let (step, side) = edge_as_written(text)?;
            Some(Edge { step: known(step)?, end: side == "end" })
        };
        let (from, to) = match &stretch.step {
            Some(name) => {
                let step = known(name)?;
                (Edge { step, end: false }, Edge { step, end: true })
            }
            None => (edge(stretch.from.as_deref()?)?, edge(stretch.to.as_deref()?)?),
        };
        let secs = |secs: Option<Secs>| secs.map(|secs| secs.0).unwrap_or_default();
        Some(Self { from, to, before: secs(stretch.before_secs), after: secs(stretch.after_secs) })
    }
}

/// `prompt.end` as step name and side; `None` unless the side is `start` or `end`.
pub(super) fn edge_as_written(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once('.').filter(|(_, side)| matches!(*side, "start" | "end"))
}
