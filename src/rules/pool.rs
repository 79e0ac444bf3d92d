//! What fits one pattern, looked at alone: the candidates for a step, in order of start.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Hit;
use super::language::{AtLeast, Pattern};
use crate::markers::{Event, EventId};
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// One thing that fits a pattern: an event, another code's hit, several events at once, or a run of repeats.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    /// Its time, as other steps see it.
    pub span: Span,
    /// Whom it is about; `None` for hits of codes and for events of several people.
    pub who: Option<Who>,
    /// From the first of its events' start to the last one's end.
    pub hull: Span,
    /// Its events, in order.
    pub because: Vec<EventId>,
    /// 0 to 1.
    pub strength: f32,
    /// 0 to 1.
    pub quality: f32,
}

impl Candidate {
    /// What makes one candidate better than another: strength that can be relied on (g·r of DOMAIN C.1).
    pub fn weight(&self) -> f64 {
        f64::from(self.strength) * f64::from(self.quality)
    }

    fn of_event(event: &Event) -> Self {
        Self {
            span: event.span,
            who: Some(event.who),
            hull: event.span,
            because: vec![event.id],
            strength: share(event.strength),
            quality: share(event.confidence),
        }
    }

    fn of_hit(hit: &Hit) -> Self {
        Self {
            span: hit.span,
            who: None,
            hull: hit.span,
            because: hit.because.clone(),
            strength: share(hit.strength),
            quality: share(hit.quality),
        }
    }

    /// Both at once, for as long as they share; `None` if they share no moment.
    fn together(&self, other: &Self, count_before: usize) -> Option<Self> {
        let span = self.span.overlap(other.span)?;
        let mut because = self.because.clone();
        because.extend(&other.because);
        let count = count_before as f32;
        Some(Self {
            span,
            who: self.who.filter(|who| other.who == Some(*who)),
            hull: self.hull.hull(other.hull),
            because,
            strength: (self.strength * count + other.strength) / (count + 1.0),
            quality: self.quality.min(other.quality),
        })
    }
}

/// A number that should be 0 to 1, made so; `NaN` becomes 0.
fn share(number: f32) -> f32 {
    if number.is_nan() { 0.0 } else { number.clamp(0.0, 1.0) }
}

/// Candidates in order of start, then end, then first event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Pool {
    pub list: Vec<Candidate>,
    /// `latest_end[i]` = the latest end among the first `i + 1` candidates: never falls, so that it can be searched.
    latest_end: Vec<SessionTime>,
}

impl Pool {
    fn new(mut list: Vec<Candidate>) -> Self {
        list.sort_by(|a, b| (a.span, &a.because).cmp(&(b.span, &b.because)));
        let mut latest_end: Vec<SessionTime> = Vec::with_capacity(list.len());
        for candidate in &list {
            let end = candidate.span.end();
            latest_end.push(latest_end.last().map_or(end, |&latest| latest.max(end)));
        }
        Self { list, latest_end }
    }

    /// Everything that fits `pattern`, its relations to other steps left aside. `any` is not looked into: each
    /// alternative has its own pool.
    ///
    /// `by_person`: somebody's person is asked for, so that a run of repeats is one person's.
    pub fn of(pattern: &Pattern, by_person: bool, material: &Material<'_>) -> Self {
        let single = Self::without_repeats(pattern, material);
        let Some(repeats) = &pattern.at_least else { return single };
        if !by_person {
            return runs(&single, repeats, material);
        }
        let mut of_each: BTreeMap<Option<Who>, Vec<Candidate>> = BTreeMap::new();
        for candidate in single.list {
            of_each.entry(candidate.who).or_default().push(candidate);
        }
        Self::new(of_each.into_values().flat_map(|own| runs(&Self::new(own), repeats, material).list).collect())
    }

    fn without_repeats(pattern: &Pattern, material: &Material<'_>) -> Self {
        if let Some(marker) = &pattern.marker {
            let events = material.events.get(marker.as_str()).map(Vec::as_slice).unwrap_or_default();
            let fitting = events.iter().filter(|event| event_fits(pattern, event));
            return Self::new(fitting.map(|event| Candidate::of_event(event)).collect());
        }
        let all = if let Some(code) = &pattern.code {
            let hits = material.hits.get(code).map(Vec::as_slice).unwrap_or_default();
            hits.iter().map(Candidate::of_hit).collect()
        } else if pattern.any.is_empty() {
            all_at_once(&pattern.all, material)
        } else {
            pattern.any.iter().flat_map(|way| Self::of(way, false, material).list).collect()
        };
        Self::new(all.into_iter().filter(|found| candidate_fits(pattern, found)).collect())
    }

    /// Positions of the candidates that start at `from` or later and before `until`.
    pub fn starting(&self, from: SessionTime, until: SessionTime) -> std::ops::Range<usize> {
        let first = self.list.partition_point(|candidate| candidate.span.start() < from);
        let last = self.list.partition_point(|candidate| candidate.span.start() < until);
        first..last.max(first)
    }

    /// The first position from which on candidates can end after `time`.
    pub fn first_ending_after(&self, time: SessionTime) -> usize {
        self.latest_end.partition_point(|end| *end <= time)
    }
}

/// What rules read: events by marker and hits by code.
pub(super) struct Material<'m> {
    pub events: &'m BTreeMap<&'m str, Vec<&'m Event>>,
    pub hits: &'m BTreeMap<String, Vec<Hit>>,
}

fn event_fits(pattern: &Pattern, event: &Event) -> bool {
    let kind_fits = pattern.kind.is_empty() || event.kind.as_ref().is_some_and(|kind| pattern.kind.0.contains(kind));
    kind_fits
        && pattern.who.is_none_or(|who| who == event.who)
        && pattern.min_words.is_none_or(|min| event.words.is_some_and(|words| words >= min))
        && pattern.max_words.is_none_or(|max| event.words.is_some_and(|words| words <= max))
        && pattern.min_value.is_none_or(|min| event.value >= min)
        && pattern.max_value.is_none_or(|max| event.value <= max)
        && candidate_fits(pattern, &Candidate::of_event(event))
}

fn candidate_fits(pattern: &Pattern, candidate: &Candidate) -> bool {
    let length = candidate.span.length();
    pattern.min_secs.is_none_or(|min| length >= min.0)
        && pattern.max_secs.is_none_or(|max| length <= max.0)
        && pattern.in_first_secs.is_none_or(|first| candidate.span.start() < SessionTime::ZERO.plus(first.0))
        && pattern.min_strength.is_none_or(|min| candidate.strength >= min)
        && pattern.min_confidence.is_none_or(|min| candidate.quality >= min)
}

/// Every way in which one candidate of each part shares a moment with the others.
fn all_at_once(parts: &[Pattern], material: &Material<'_>) -> Vec<Candidate> {
    let mut pools = parts.iter().map(|part| Pool::of(part, false, material));
    let Some(first) = pools.next() else { return Vec::new() };
    let mut joined = first.list;
    for (count_before, pool) in (1..).zip(pools) {
        let mut next = Vec::new();
        for candidate in &joined {
            let until = pool.list.partition_point(|other| other.span.start() < candidate.span.end());
            let from = pool.first_ending_after(candidate.span.start());
            let others = pool.list.get(from..until).unwrap_or_default();
            next.extend(others.iter().filter_map(|other| candidate.together(other, count_before)));
        }
        joined = next;
    }
    joined
}

/// Runs of repeats: every repeat that lies in some window of `in_secs` with `count` of them; windows that share a
/// repeat are one run.
fn runs(single: &Pool, repeats: &AtLeast, material: &Material<'_>) -> Pool {
    let breakers: Vec<Pool> = repeats.broken_by.iter().map(|pattern| Pool::of(pattern, false, material)).collect();
    let instant = Duration::from_nanos(1);
    // After `earlier` started, up to and including the moment in which `later` starts.
    let broken = |earlier: SessionTime, later: SessionTime| {
        breakers.iter().any(|pool| !pool.starting(earlier.plus(instant), later.plus(instant)).is_empty())
    };
    let mut once: Vec<&Candidate> = Vec::new();
    for candidate in &single.list {
        match once.last_mut() {
            Some(last) if last.span.start() == candidate.span.start() => {
                if candidate.weight() > last.weight() {
                    *last = candidate;
                }
            }
            _ => once.push(candidate),
        }
    }
    let count = repeats.count.max(1) as usize;
    let mut found = Vec::new();
    for unbroken in once.chunk_by(|one, next| !broken(one.span.start(), next.span.start())) {
        let mut run: Option<(usize, usize)> = None;
        for from in 0..(unbroken.len() + 1).saturating_sub(count) {
            let until = from + count;
            let (first, last) = (unbroken[from].span.start(), unbroken[until - 1].span.start());
            if last > first.plus(repeats.in_secs.0) {
                continue;
            }
            run = match run {
                Some((start, end)) if from < end => Some((start, until)),
                done => {
                    found.extend(done.and_then(|(start, end)| one_run(&unbroken[start..end])));
                    Some((from, until))
                }
            };
        }
        found.extend(run.and_then(|(start, end)| one_run(&unbroken[start..end])));
    }
    Pool::new(found)
}

fn one_run(repeats: &[&Candidate]) -> Option<Candidate> {
    let hull = repeats.iter().map(|repeat| repeat.hull).reduce(Span::hull)?;
    let sum: f64 = repeats.iter().map(|repeat| f64::from(repeat.strength)).sum();
    Some(Candidate {
        span: hull,
        who: repeats.first().and_then(|first| first.who).filter(|who| repeats.iter().all(|r| r.who == Some(*who))),
        hull,
        because: repeats.iter().flat_map(|repeat| repeat.because.iter().copied()).collect(),
        strength: (sum / repeats.len() as f64) as f32,
        quality: repeats.iter().map(|repeat| repeat.quality).fold(1.0, f32::min),
    })
}
