//! Joining the steps of a rule: for each thing that fits the first step, the best way to fill the others.
//!
//! The search looks at every way, not at the first that comes: a reply that leads nowhere does not hide a later one
//! that does. What remains to be filled depends only on those earlier steps that are still spoken of, so each such
//! situation is worked out once; with steps that lie near each other the work grows with the number of events.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use super::Hit;
use super::language::Rule;
use super::plan::{Edge, Plan, Relation, Way, Window};
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
                if !self.related(candidate.span, relations, chosen) {
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

    /// How far `span` lies from what it is related to; zero if they touch or overlap.
    fn apart(&self, span: Span, relations: &[Relation], chosen: &[Pick]) -> Duration {
        let gaps = relations.iter().map(|relation| {
            let (from, to) = match relation {
                Relation::Within { .. } => {
                    let end = self.span(chosen.len().saturating_sub(1), chosen).end();
                    (end, end)
                }
                Relation::During(window) | Relation::Overlaps(window, _) | Relation::StartsIn(window) => {
                    (self.time(window.from, chosen), self.time(window.to, chosen))
                }
            };
            from.since(span.end()).or(span.start().since(to)).unwrap_or_default()
        });
        gaps.max().unwrap_or_default()
    }

    fn time(&self, edge: Edge, chosen: &[Pick]) -> SessionTime {
        let span = self.span(edge.step, chosen);
        if edge.end { span.end() } else { span.start() }
    }

    fn stretch(&self, window: &Window, chosen: &[Pick]) -> Option<Span> {
        Span::new(self.time(window.from, chosen).minus(window.before), self.time(window.to, chosen).plus(window.after))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Example;

    /// Three letters of markers, one line each, one character per second (`#` there, `.` not); hits as `[from, to)` in
    /// seconds.
    fn check(rule: &str, lines: &[(&str, &str)], expect: &[[i64; 2]]) {
        let rule: Rule = toml::from_str(&format!("id = 'r'\nversion = 1\n{rule}")).unwrap();
        let mut events = Vec::new();
        for (marker, picture) in lines {
            for (from, to) in crate::track::runs(picture.chars().map(|c| c == '#')) {
                events.push(format!("{{ marker = '{marker}', ms = [{}, {}] }}", from * 1000, to * 1000));
            }
        }
        let text = format!("name = 'picture'\nhits_ms = []\nevents = [{}]", events.join(", "));
        let mut example: Example = toml::from_str(&text).unwrap();
        example.hits_ms = expect.iter().map(|[from, to]| [from * 1000, to * 1000]).collect();
        let rule = Rule { examples: vec![example], ..rule };
        assert_eq!(rule.failing_examples(), [], "{lines:?}");
    }

    const CHAIN: &str =
        "sequence = [{ marker = 'a' }, { marker = 'b', within_secs = 3 }, { marker = 'c', within_secs = 1 }]";

    #[test]
    fn steps_follow_each_other() {
        check(CHAIN, &[("a", "##......."), ("b", "..#......"), ("c", "...##....")], &[[0, 5]]);
        check(CHAIN, &[("a", "##......."), ("b", "......#.."), ("c", ".......##")], &[]);
        check(CHAIN, &[("a", "##......."), ("b", ".#......."), ("c", "...##....")], &[[0, 5]]);
        check(CHAIN, &[("b", "##......."), ("a", "...#....."), ("c", "....##...")], &[]);
    }

    #[test]
    fn a_first_match_that_leads_nowhere_does_not_hide_a_later_one() {
        check(CHAIN, &[("a", "##......."), ("b", "..#.#...."), ("c", ".....##..")], &[[0, 7]]);
    }

    #[test]
    fn one_hit_for_each_thing_that_fits_the_first_step() {
        check(CHAIN, &[("a", "#.#......"), ("b", "...##...."), ("c", ".....##..")], &[[0, 7], [2, 7]]);
    }

    #[test]
    fn cutting_in_can_be_limited() {
        let rule = "sequence = [{ marker = 'a' }, { marker = 'b', within_secs = 3, cut_in_secs = 1 }]";
        check(rule, &[("a", "#####...."), ("b", ".#.......")], &[]);
        check(rule, &[("a", "#####...."), ("b", "....##...")], &[[0, 6]]);
    }

    /// `b` against the stretch from 1 s before to 2 s after `a`, which is `[3, 8)`.
    fn beside(word: &str, picture: &str, expect: &[[i64; 2]]) {
        let stretch = format!("{word} = {{ step = 'a', before_secs = 1, after_secs = 2 }}");
        let rule = format!("sequence = [{{ name = 'a', marker = 'a' }}, {{ marker = 'b', {stretch} }}]");
        check(&rule, &[("a", "....##......"), ("b", picture)], expect);
    }

    #[test]
    fn a_stretch_includes_its_start_and_not_its_end() {
        beside("during", "...#####....", &[[3, 8]]);
        beside("during", "..######....", &[]);
        beside("during", "...######...", &[]);
        beside("overlaps", "####........", &[[0, 6]]);
        beside("overlaps", "###.........", &[]);
        beside("overlaps", ".......#####", &[[4, 12]]);
        beside("overlaps", "........####", &[]);
        beside("starts_in", "...#########", &[[3, 12]]);
        beside("starts_in", "..##########", &[]);
        beside("starts_in", "........####", &[]);
    }

    #[test]
    fn a_long_event_that_began_early_is_still_seen_to_overlap() {
        let rule =
            "sequence = [{ name = 'a', marker = 'a' }, { marker = 'b', overlaps = { step = 'a', for_secs = 2 } }]";
        check(rule, &[("a", "........##.."), ("b", "############")], &[[0, 12]]);
        check(rule, &[("a", "........##.."), ("b", "#.#.#.#.####")], &[[8, 12]]);
        check(rule, &[("a", "........##.."), ("b", "#########...")], &[]);
    }

    #[test]
    fn a_refusal_forbids_only_in_its_stretch() {
        let rule = "sequence = [{ name = 'a', marker = 'a' }, { name = 'b', marker = 'b', within_secs = 9 }]
            without = [{ marker = 'x', starts_in = { from = 'a.end', to = 'b.start' } }]";
        check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", "...#.....")], &[]);
        check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", ".......##")], &[[0, 7]]);
        check(rule, &[("a", "##......."), ("b", ".....##.."), ("x", ".....#...")], &[[0, 7]]);
        // Cutting in leaves no stretch between them.
        check(rule, &[("a", "####....."), ("b", "...##...."), ("x", "...#.....")], &[[0, 5]]);
        // The first b is forbidden by nothing, the second by the x before it.
        check(rule, &[("a", "##......."), ("b", "..#...#.."), ("x", "...#.....")], &[[0, 3]]);
    }

    #[test]
    fn what_is_part_of_the_picture_cannot_forbid_it() {
        let rule = "sequence = [{ name = 'a', marker = 'a' }]\nwithout = [{ marker = 'a', overlaps = { step = 'a' } }]";
        check(rule, &[("a", ".###.....")], &[[1, 4]]);
    }

    #[test]
    fn all_means_at_the_same_moment() {
        let rule = "sequence = [{ all = [{ marker = 'a' }, { marker = 'b' }, { marker = 'c' }], min_secs = 2 }]";
        check(rule, &[("a", "######..."), ("b", "..#####.."), ("c", ".#######.")], &[[0, 8]]);
        check(rule, &[("a", "###......"), ("b", "..#####.."), ("c", ".#######.")], &[]);
        check(rule, &[("a", "####....."), ("b", "..####..."), ("c", "....####.")], &[]);
    }

    const REPEATS: &str =
        "sequence = [{ marker = 'a', at_least = { count = 3, in_secs = 6, broken_by = [{ marker = 'x' }] } }]";

    #[test]
    fn repeats_make_one_run() {
        check(REPEATS, &[("a", "#..#..#......")], &[[0, 7]]);
        check(REPEATS, &[("a", "#..#...#.....")], &[]);
        check(REPEATS, &[("a", "#.#.#.#.#.#.#")], &[[0, 13]]);
        check(REPEATS, &[("a", "#.#.#............#.#.#")], &[[0, 5], [17, 22]]);
        check(REPEATS, &[("a", "#..#..#......"), ("x", "....#........")], &[]);
        check(REPEATS, &[("a", "#.#.#.#......"), ("x", ".....#.......")], &[[0, 5]]);
        // What starts together with a repeat comes before it.
        check(REPEATS, &[("a", "#..#..#......"), ("x", "......#......")], &[]);
        check(REPEATS, &[("a", "#..#..#......"), ("x", "#............")], &[[0, 7]]);
    }

    #[test]
    fn the_stronger_filling_wins_and_among_equals_the_nearer() {
        let rule = "id = 'r'\nversion = 1\nsequence = [{ marker = 'a' }, { marker = 'b', within_secs = 9 }]
            example = [{ name = 'e', hits_ms = [[0, 7000]], events = [{ marker = 'a', ms = [0, 1000] },
            { marker = 'b', ms = [2000, 3000], strength = 0.5 }, { marker = 'b', ms = [6000, 7000] },
            { marker = 'b', ms = [7000, 8000] }, { marker = 'b', ms = [8000, 9000], confidence = 0.2 }] }]";
        let rule: Rule = toml::from_str(rule).unwrap();
        assert_eq!(rule.failing_examples(), []);
    }

    /// Every way tried one by one, as a check on the search.
    fn best_by_trying(a: &[i64], b: &[(i64, f32)], c: &[(i64, f32)]) -> Vec<(i64, i64)> {
        let mut best = Vec::new();
        for &a in a {
            let mut found: Option<(f64, i64)> = None;
            for &(b, b_strength) in b.iter().filter(|(b, _)| *b >= a && *b <= a + 10 + 50) {
                for &(c, c_strength) in c.iter().filter(|(c, _)| *c >= b && *c <= b + 10 + 30) {
                    let weight = f64::from(b_strength) + f64::from(c_strength);
                    if found.is_none_or(|(best, _)| weight > best) {
                        found = Some((weight, c));
                    }
                }
            }
            best.extend(found.map(|(weight, _)| (a, (weight * 1e4).round() as i64)));
        }
        best
    }

    proptest::proptest! {
        #[test]
        fn the_search_finds_what_trying_everything_finds(
            a in proptest::collection::btree_set(0..400i64, 0..8),
            b in proptest::collection::btree_map(0..400i64, 0.0..1.0f32, 0..20),
            c in proptest::collection::btree_map(0..400i64, 0.0..1.0f32, 0..20),
        ) {
            let rule: Rule = toml::from_str("id = 'r'\nversion = 1\nsequence = [{ marker = 'a', scene = true },
                { marker = 'b', within_secs = 5 }, { marker = 'c', within_secs = 3 }]").unwrap();
            let mut example = Example { name: String::new(), events: Vec::new(), blind: Vec::new(), hits_ms: Vec::new() };
            let strong = |strength: f32| format!(", strength = {strength:.7}");
            let mut add = |marker: &str, at: i64, more: String| {
                let text = format!("marker = '{marker}', ms = [{}, {}]{more}", at * 100, at * 100 + 1000);
                example.events.push(toml::from_str::<toml::Table>(&format!("e = {{ {text} }}")).unwrap()["e"].clone().try_into().unwrap());
            };
            a.iter().for_each(|&at| add("a", at, String::new()));
            b.iter().for_each(|(&at, &strength)| add("b", at, strong(strength)));
            c.iter().for_each(|(&at, &strength)| add("c", at, strong(strength)));
            let events = example.made_events();
            let found = rule.hits("x", &Seen::new(&events), &BTreeMap::new(), &[]);
            let found: Vec<_> = found.iter()
                .map(|hit| (hit.span.start().millis() / 100, (f64::from(hit.strength) * 2e4).round() as i64)).collect();
            let (a, b, c): (Vec<_>, Vec<_>, Vec<_>) = (a.into_iter().collect(), b.into_iter().collect(), c.into_iter().collect());
            let expect = best_by_trying(&a, &b, &c);
            proptest::prop_assert_eq!(found.len(), expect.len());
            for (found, expect) in found.iter().zip(&expect) {
                proptest::prop_assert!(found.0 == expect.0 && (found.1 - expect.1).abs() <= 2, "{:?} {:?}", found, expect);
            }
        }
    }
}
