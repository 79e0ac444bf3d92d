//! How what may fill a step lies to the steps that are filled.

use std::ops::Range;
use std::time::Duration;

use super::Pick;
use crate::rules::plan::{Edge, Plan, Relation, Window};
use crate::rules::pool::{Candidate, Pool};
use crate::time::{SessionTime, Span};

impl Plan {
    /// Positions among which everything lies that satisfies the relations.
    pub(super) fn near(&self, pool: &Pool, relations: &[Relation], chosen: &[Pick]) -> Range<usize> {
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
                Relation::Person { .. } => 0..pool.list.len(),
                Relation::Overlaps(window, _) => self.stretch(window, chosen).map_or(0..0, |stretch| {
                    let until = pool.starting(stretch.end(), stretch.end()).start;
                    pool.first_ending_after(stretch.start()).min(until)..until
                }),
            };
            range = range.start.max(part.start)..range.end.min(part.end);
        }
        range
    }

    pub(super) fn related(&self, found: &Candidate, relations: &[Relation], chosen: &[Pick]) -> bool {
        let span = found.span;
        relations.iter().all(|relation| match relation {
            // `near` is exact for these.
            Relation::Within { .. } | Relation::StartsIn(_) => true,
            Relation::During(window) => self.stretch(window, chosen).is_some_and(|s| span.end() <= s.end()),
            // Whom a hit of a code is about is not known: it is neither the same person nor another.
            Relation::Person { step, same } => {
                let other = chosen.get(*step).and_then(|pick| self.candidate(*step, *pick).who);
                found.who.zip(other).is_some_and(|(one, other)| (one == other) == *same)
            }
            Relation::Overlaps(window, least) => self
                .stretch(window, chosen)
                .and_then(|stretch| stretch.overlap(span))
                .is_some_and(|shared| shared.length() >= *least),
        })
    }

    /// How far `span` lies from what it is related to; zero if they touch or overlap.
    pub(super) fn apart(&self, span: Span, relations: &[Relation], chosen: &[Pick]) -> Duration {
        let gaps = relations.iter().map(|relation| {
            let (from, to) = match relation {
                Relation::Person { .. } => return Duration::ZERO,
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
}
