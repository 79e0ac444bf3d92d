//! Joining the steps of a rule: for each thing that fits the first step, the best way to fill the others.
//!
//! The search looks at every way, not at the first that comes: a reply that leads nowhere does not hide a later one
//! that does. What remains to be filled depends only on those earlier steps that are still spoken of, so each such
//! situation is worked out once; with steps that lie near each other the work grows with the number of events.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use super::Hit;
use super::language::{Pattern, Rule, Stretch};
use super::pool::{Candidate, Material, Pool};
use crate::markers::Event;
use crate::time::{SessionTime, Span};

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
    /// with the strongest filling of the others (the earliest among equals). `others` = hits of other codes by code;
    /// `code` and `blind` go into the hits.
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

/// A rule made ready for one session.
struct Plan {
    steps: Vec<Step>,
    refusals: Vec<Refusal>,
}

struct Step {
    ways: Vec<Way>,
    scene: bool,
    /// Earlier steps that this or a later step, or a refusal decided there, speaks of. In order.
    spoken_of: Vec<usize>,
}

struct Way {
    pool: Pool,
    relations: Vec<Relation>,
}

struct Refusal {
    ways: Vec<Way>,
    /// The step with which everything it speaks of is filled.
    decided_at: usize,
}

enum Relation {
    /// To the step before.
    Within {
        gap: Duration,
        cut_in: Option<Duration>,
    },
    During(Window),
    Overlaps(Window, Duration),
    StartsIn(Window),
}

struct Window {
    from: Edge,
    to: Edge,
    before: Duration,
    after: Duration,
}

#[derive(Clone, Copy)]
struct Edge {
    step: usize,
    end: bool,
}

impl Plan {
    /// `None` if the rule names steps that are not there.
    fn new(rule: &Rule, material: &Material<'_>) -> Option<Self> {
        let names: BTreeMap<&str, usize> =
            rule.sequence.iter().enumerate().filter_map(|(at, step)| Some((step.name.as_deref()?, at))).collect();
        let mut steps = Vec::new();
        for (at, pattern) in rule.sequence.iter().enumerate() {
            let ways = ways(pattern, at, &names, material)?;
            steps.push(Step { ways, scene: pattern.scene, spoken_of: Vec::new() });
        }
        let mut refusals = Vec::new();
        for pattern in &rule.without {
            let ways = ways(pattern, steps.len(), &names, material)?;
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
        let mut best: Option<Best> = None;
        for (way, Way { pool, relations }) in step.ways.iter().enumerate() {
            for index in self.near(pool, relations, chosen) {
                let candidate = &pool.list[index];
                if !self.related(candidate.span, relations, chosen) {
                    continue;
                }
                chosen.push(Pick { way, index });
                let rest = if self.allowed(at, chosen) { self.best(chosen, memos) } else { None };
                chosen.pop();
                let Some(rest) = rest else { continue };
                let weight = rest.weight + if step.scene { 0.0 } else { candidate.weight() };
                if best.as_ref().is_none_or(|best| weight > best.weight) {
                    let picks = std::iter::once(Pick { way, index }).chain(rest.picks).collect();
                    best = Some(Best { weight, picks });
                }
            }
        }
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
                self.related(found.span, &way.relations, chosen) && !found.because.iter().all(|id| own.contains(id))
            })
        })
    }

    /// Positions among which everything lies that satisfies the relations.
    fn near(&self, pool: &Pool, relations: &[Relation], chosen: &[Pick]) -> Range<usize> {
        let mut range = 0..pool.list.len();
        for relation in relations {
            let part = match relation {
                Relation::Within { gap, cut_in } => {
                    let before = self.span(chosen.len().saturating_sub(1), chosen);
                    let earliest = cut_in.map_or(before.start(), |most| before.end().minus(most).max(before.start()));
                    pool.starting(earliest, before.end().plus(*gap).plus(Duration::from_nanos(1)))
                }
                Relation::During(window) | Relation::StartsIn(window) => {
                    self.stretch(window, chosen).map_or(0..0, |stretch| pool.starting(stretch.start(), stretch.end()))
                }
                Relation::Overlaps(window, _) => self.stretch(window, chosen).map_or(0..0, |stretch| {
                    let until = pool.starting(stretch.end(), stretch.end()).start;
                    pool.first_ending_after(stretch.start()).min(until)..until
                }),
            };
            range = range.start.max(part.start)..range.end.min(part.end);
        }
        range
    }

    fn related(&self, span: Span, relations: &[Relation], chosen: &[Pick]) -> bool {
        relations.iter().all(|relation| match relation {
            // `near` is exact for these.
            Relation::Within { .. } | Relation::StartsIn(_) => true,
            Relation::During(window) => self.stretch(window, chosen).is_some_and(|s| span.end() <= s.end()),
            Relation::Overlaps(window, least) => self
                .stretch(window, chosen)
                .and_then(|stretch| stretch.overlap(span))
                .is_some_and(|shared| shared.length() >= *least),
        })
    }

    fn stretch(&self, window: &Window, chosen: &[Pick]) -> Option<Span> {
        let time = |edge: Edge| -> SessionTime {
            let span = self.span(edge.step, chosen);
            if edge.end { span.end() } else { span.start() }
        };
        Span::new(time(window.from).minus(window.before), time(window.to).plus(window.after))
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

impl Way {
    /// Steps that the stretches begin or end with.
    fn speaks_of(&self) -> impl Iterator<Item = usize> {
        let steps = self.relations.iter().map(|relation| match relation {
            Relation::Within { .. } => None,
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
fn ways(pattern: &Pattern, at: usize, names: &BTreeMap<&str, usize>, material: &Material<'_>) -> Option<Vec<Way>> {
    // Repeats of `any` are runs over all alternatives together.
    let apart = !pattern.any.is_empty() && pattern.at_least.is_none();
    let alternatives = if apart { pattern.any.iter().collect() } else { vec![pattern] };
    let way = |alternative: &Pattern| {
        let mut relations = relations(pattern, at, names)?;
        if apart {
            relations.extend(self::relations(alternative, at, names)?);
        }
        Some(Way { pool: Pool::of(alternative, material), relations })
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
        let secs = |secs: Option<crate::time::Secs>| secs.map(|secs| secs.0).unwrap_or_default();
        Some(Self { from, to, before: secs(stretch.before_secs), after: secs(stretch.after_secs) })
    }
}

/// `prompt.end` as step name and side; `None` unless the side is `start` or `end`.
pub(super) fn edge_as_written(text: &str) -> Option<(&str, &str)> {
    text.rsplit_once('.').filter(|(_, side)| matches!(*side, "start" | "end"))
}
