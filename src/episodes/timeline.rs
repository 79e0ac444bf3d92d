//! Finds the events of a stretch without walking through the whole session.

use std::collections::BTreeMap;

use super::settings::{Pattern, Role};
use crate::markers::{Event, EventId};
use crate::time::{SessionTime, Span};
use crate::track::Who;

/// Spans sorted by start, searchable by overlap in logarithmic time plus what is found.
///
/// `latest[node]` is the latest end in the implicit balanced tree below `node`: a few hours-long spans do not make every
/// search start at the session's zero.
#[derive(Debug, Default)]
pub(super) struct SpanIndex {
    items: Vec<(Span, usize)>,
    latest: Vec<SessionTime>,
}

impl SpanIndex {
    pub(super) fn new(mut items: Vec<(Span, usize)>) -> Self {
        items.sort();
        let mut latest: Vec<SessionTime> = items.iter().map(|(span, _)| span.end()).collect();
        fill(&items, &mut latest, 0, items.len());
        Self { items, latest }
    }

    /// Places (as given to [`SpanIndex::new`]) of all spans that overlap `window`, in order of start.
    pub(super) fn overlapping(&self, window: Span) -> Vec<usize> {
        let mut found = Vec::new();
        self.search(window, 0, self.items.len(), &mut found);
        found.into_iter().map(|at| self.items[at].1).collect()
    }

    /// Seconds of `window` that the spans cover; spans that overlap each other count twice.
    pub(super) fn covered_secs(&self, window: Span) -> f64 {
        let mut found = Vec::new();
        self.search(window, 0, self.items.len(), &mut found);
        found.into_iter().filter_map(|at| self.items[at].0.overlap(window)).map(Span::secs_f64).fold(0.0, |a, b| a + b)
    }

    /// Positions in `items`, in order.
    fn search(&self, window: Span, from: usize, to: usize, found: &mut Vec<usize>) {
        let middle = from + (to - from) / 2;
        if from >= to || self.latest[middle] <= window.start() {
            return;
        }
        self.search(window, from, middle, found);
        let span = self.items[middle].0;
        if span.start() < window.end() {
            if span.end() > window.start() {
                found.push(middle);
            }
            self.search(window, middle + 1, to, found);
        }
    }
}

fn fill(items: &[(Span, usize)], latest: &mut [SessionTime], from: usize, to: usize) -> Option<SessionTime> {
    if from >= to {
        return None;
    }
    let middle = from + (to - from) / 2;
    let left = fill(items, latest, from, middle);
    let right = fill(items, latest, middle + 1, to);
    let end = [left, right].into_iter().flatten().fold(items[middle].0.end(), SessionTime::max);
    latest[middle] = end;
    Some(end)
}

/// Whether `inner` belongs to `window`: at least half of it lies inside, or it fills at least half of the window.
///
/// So a pout on the border of two exchanges belongs to one of them, and a long stretch of looking away to each exchange it
/// covers.
pub(super) fn belongs(inner: Span, window: Span) -> bool {
    inner.overlap(window).is_some_and(|both| {
        let both = both.secs_f64();
        both >= inner.secs_f64() / 2.0 || both >= window.secs_f64() / 2.0
    })
}

/// All events of a session by marker.
pub(super) struct Timeline<'a> {
    events: &'a [Event],
    by_marker: BTreeMap<&'a str, SpanIndex>,
    by_id: BTreeMap<EventId, usize>,
    /// Whether anybody has a role. While nobody has, everybody may be the client.
    pub(super) roles_known: bool,
}

impl<'a> Timeline<'a> {
    pub(super) fn new(events: &'a [Event], roles_known: bool) -> Self {
        let mut lists: BTreeMap<&str, Vec<(Span, usize)>> = BTreeMap::new();
        for (place, event) in events.iter().enumerate() {
            lists.entry(&event.marker).or_default().push((event.span, place));
        }
        let by_marker = lists.into_iter().map(|(marker, items)| (marker, SpanIndex::new(items))).collect();
        let by_id = events.iter().enumerate().map(|(place, event)| (event.id, place)).collect();
        Self { events, by_marker, by_id, roles_known }
    }

    /// The event of this id; `None` if a rule names one that does not exist.
    pub(super) fn get(&self, id: EventId) -> Option<&'a Event> {
        self.events.get(*self.by_id.get(&id)?)
    }

    /// Events of a pattern that belong to a stretch, in order of start, then place in the list.
    pub(super) fn matching(&self, pattern: &Pattern, window: Span) -> Vec<&'a Event> {
        let mut places: Vec<usize> = pattern
            .markers
            .iter()
            .filter_map(|marker| self.by_marker.get(marker.as_str()))
            .flat_map(|index| index.overlapping(window))
            .collect();
        places.sort_by_key(|&place| (self.events[place].span, place));
        places
            .into_iter()
            .map(|place| &self.events[place])
            .filter(|event| belongs(event.span, window) && self.fits(pattern, event))
            .collect()
    }

    /// Events of any of these patterns that start in a stretch, in order of start.
    pub(super) fn starting_in(&self, patterns: &[Pattern], window: Span) -> Vec<&'a Event> {
        let mut places: Vec<usize> = patterns
            .iter()
            .flat_map(|pattern| pattern.markers.iter().map(move |marker| (pattern, marker)))
            .filter_map(|(pattern, marker)| Some((pattern, self.by_marker.get(marker.as_str())?)))
            .flat_map(|(pattern, index)| index.overlapping(window).into_iter().map(move |place| (pattern, place)))
            .filter(|&(pattern, place)| {
                window.contains(self.events[place].span.start()) && self.fits(pattern, &self.events[place])
            })
            .map(|(_, place)| place)
            .collect();
        places.sort_by_key(|&place| (self.events[place].span, place));
        places.dedup();
        places.into_iter().map(|place| &self.events[place]).collect()
    }

    /// Events of these markers about the client that belong to a stretch, in order of start.
    pub(super) fn of_client(&self, markers: &[String], window: Span) -> Vec<&'a Event> {
        let pattern = Pattern {
            markers: markers.to_vec(),
            kinds: vec![],
            who: Role::Client,
            below: None,
            above: None,
            times: None,
        };
        self.matching(&pattern, window)
    }

    /// Whether an event of this marker, about anybody, starts in a stretch.
    pub(super) fn anybody(&self, marker: &str, window: Span) -> bool {
        let places = self.by_marker.get(marker).map(|index| index.overlapping(window)).unwrap_or_default();
        places.into_iter().any(|place| window.contains(self.events[place].span.start()))
    }

    /// Whether the therapist begins another topic in a turn.
    pub(super) fn therapist_topic(&self, turn: Span) -> bool {
        let places = self.by_marker.get("txt.topic").map(|index| index.overlapping(turn)).unwrap_or_default();
        places.into_iter().any(|place| self.events[place].who == Who::Therapist)
    }

    fn fits(&self, pattern: &Pattern, event: &Event) -> bool {
        let who = match pattern.who {
            Role::Anyone => true,
            Role::Therapist => event.who == Who::Therapist,
            Role::Client => {
                event.who == Who::Client || (!self.roles_known && matches!(event.who, Who::Speaker(_) | Who::Face(_)))
            }
        };
        let kind = || pattern.kinds.is_empty() || event.kind.as_ref().is_some_and(|kind| pattern.kinds.contains(kind));
        who && kind()
            && pattern.below.is_none_or(|limit| event.value < limit)
            && pattern.above.is_none_or(|limit| event.value > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(from: i64, to: i64) -> Span {
        Span::from_millis(from, to).unwrap()
    }

    proptest! {
        #[test]
        fn the_index_finds_what_a_walk_finds(
            spans in proptest::collection::vec((0_i64..1000, 1_i64..400), 0..60), from in -50_i64..1100, long in 1_i64..300,
        ) {
            let items: Vec<_> =
                spans.iter().enumerate().map(|(place, (start, long))| (span(*start, start + long), place)).collect();
            let window = span(from, from + long);
            let mut sorted = items.clone();
            sorted.sort();
            let walked: Vec<_> = sorted.iter().filter(|(s, _)| s.overlap(window).is_some()).map(|(_, p)| *p).collect();
            prop_assert_eq!(SpanIndex::new(items).overlapping(window), walked);
        }
    }

    #[test]
    fn half_inside_or_half_filled_belongs() {
        assert!(belongs(span(0, 100), span(50, 1000)));
        assert!(!belongs(span(0, 100), span(51, 1000)));
        assert!(belongs(span(0, 10_000), span(100, 200)));
        assert!(belongs(span(0, 10_000), span(9_950, 10_050)));
        assert!(!belongs(span(0, 100), span(100, 200)));
    }
}
