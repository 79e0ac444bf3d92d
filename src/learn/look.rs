//! One session as learning and evaluation see it: every exchange with its evidence, the ranking, and what is true.

use crate::codebook::{self, Codebook};
use crate::episodes::{self, CodeCard, EpisodeKind, Input, Ranking, ScoredUnit, Settings};
use crate::made::MadeSession;
use crate::markers::{Event, SpokenTurn, exchange};
use crate::rules::Hit;
use crate::time::Span;

/// With which rules and weights a session is looked at.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Codes.
    pub codebook: &'a Codebook,
    /// What an exchange is.
    pub exchange: &'a exchange::Settings,
    /// Weights.
    pub episodes: &'a Settings,
}

/// What was measured in a session.
#[derive(Clone, Copy)]
pub struct Material<'a> {
    /// Session.
    pub name: &'a str,
    /// Which two people; sessions of one dyad are never on both sides of a comparison.
    pub dyad: &'a str,
    /// The whole session.
    pub span: Span,
    /// In order of start.
    pub events: &'a [Event],
    /// Turns of the transcript; empty without one.
    pub turns: &'a [SpokenTurn],
    /// Codes' hits if they are known; otherwise the rules run.
    pub hits: Option<&'a [Hit]>,
}

/// One session, looked at.
#[derive(Clone, Debug)]
pub struct Case {
    /// Session.
    pub name: String,
    /// Which two people.
    pub dyad: String,
    /// The whole session.
    pub span: Span,
    /// Every exchange and window, in order of start.
    pub units: Vec<ScoredUnit>,
    /// As a coder would see it.
    pub ranking: Ranking,
    /// Silences of both, in order of start.
    pub silences: Vec<Span>,
    /// Ruptures that are known to be there, in order of start.
    pub truth: Vec<Span>,
}

impl Case {
    /// Looks at a session.
    pub fn of(material: &Material<'_>, truth: Vec<Span>, context: &Context<'_>) -> Self {
        let turns = Some(material.turns).filter(|turns| !turns.is_empty());
        let exchanges = exchange::exchanges(material.events, turns, context.exchange);
        let found;
        let hits = match material.hits {
            Some(hits) => hits,
            None => {
                found = codebook::run(context.codebook, material.events, &Default::default());
                &found
            }
        };
        let input = Input {
            session: material.span,
            events: material.events,
            hits,
            exchanges: &exchanges,
            turns: material.turns,
            blind: &[],
            codes: &CodeCard::all(context.codebook),
            // The `vid.quality` events say when faces could be assessed.
            coverage: &[],
            seed: 0,
        };
        let silences = material.events.iter().filter(|event| event.marker == "aud.silence3").map(|event| event.span);
        Self {
            name: material.name.to_owned(),
            dyad: material.dyad.to_owned(),
            span: material.span,
            units: episodes::scored_units(&input, context.episodes),
            ranking: episodes::find(&input, context.episodes),
            silences: silences.collect(),
            truth,
        }
    }

    /// The exchange or window with the highest sum of those that share time with `span`.
    pub fn strongest_unit(&self, span: Span) -> Option<&ScoredUnit> {
        let shared = self.units.iter().filter(|unit| unit.span.overlap(span).is_some());
        shared.fold(None, |best: Option<&ScoredUnit>, unit| match best {
            Some(best) if best.larger().1 >= unit.larger().1 => Some(best),
            _ => Some(unit),
        })
    }

    /// Whether enough of a clip shows a rupture: `share` of the shorter of the two.
    pub fn shows_truth(&self, span: Span, share: f64) -> bool {
        self.truth.iter().any(|truth| {
            let shorter = truth.secs_f64().min(span.secs_f64());
            truth.overlap(span).is_some_and(|both| both.secs_f64() >= share * shorter)
        })
    }

    /// Spans that a coder would decide on: rupture candidates, cycles and further stretches within the budget, and the
    /// control windows.
    pub fn to_decide(&self) -> Vec<Span> {
        let listed = self.ranking.episodes.iter().chain(&self.ranking.further);
        let flagged = listed.filter(|episode| episode.in_budget && is_rupture(episode.kind));
        flagged.map(|episode| episode.span).chain(self.ranking.controls.iter().copied()).collect()
    }
}

/// Rupture candidates and cycles, not attachment-pattern moments.
pub(super) fn is_rupture(kind: EpisodeKind) -> bool {
    !kind.is_moment()
}

/// A made session with its planted ruptures as the truth.
pub fn of_made(made: &MadeSession, context: &Context<'_>) -> Case {
    let dyad = made.dyad.to_string();
    let material = Material {
        name: &made.name,
        dyad: &dyad,
        span: made.span,
        events: &made.events,
        turns: &made.turns,
        hits: None,
    };
    Case::of(&material, made.ruptures.iter().map(|rupture| rupture.span).collect(), context)
}
