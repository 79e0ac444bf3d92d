//! Markers that read the transcript. What they look for stands in `config/language/<language>/*.toml`, as word lists
//! and regular expressions; no word of any language stands here.

mod ack;
mod cohere;
mod critic;
mod deflect;
mod distress;
mod future;
mod goal;
mod hedge;
mod help;
mod justify;
mod lastsess;
mod mental;
mod meta;
mod minimise;
mod phrase;
mod phrases;
#[cfg(test)]
mod phrases_tests;
mod place;
mod praise;
mod prompt;
mod quote;
mod rate;
mod reassure;
mod sense;
mod stems;
mod story;
mod tag;
mod task;
mod topic;
mod turn;
mod unusual;
mod vague;
mod words;

#[cfg(test)]
mod testing;

use serde::de::DeserializeOwned;

use super::{Card, Event, EventId, Input, Marker, MarkerError, SpokenTurn};
use crate::track::Who;

/// Every marker of this folder, in the order in which they run; none reads another's events.
pub const ALL: &[&dyn Marker] = &[
    &prompt::Prompt,
    &meta::Meta,
    &deflect::Deflect,
    &distress::Distress,
    &ack::Ack,
    &cohere::Cohere,
    &minimise::Minimise,
    &reassure::Reassure,
    &mental::Mental,
    &topic::Topic,
    &critic::Critic,
    &vague::Vague,
    &hedge::Hedge,
    &future::Future,
    &help::Help,
    &praise::Praise,
    &lastsess::LastSession,
    &task::Task,
    &quote::Quote,
    &tag::Tag,
    &justify::Justify,
    &turn::Turn,
    &story::Story,
    &unusual::Unusual,
    &goal::Goal,
    &phrase::PhraseMarker,
];

/// The turns of client and therapist, in order of start.
///
/// # Errors
/// [`MarkerError::NoTranscript`].
fn turns<'a>(input: &Input<'a>, card: &Card) -> Result<Vec<&'a SpokenTurn>, MarkerError> {
    let turns = input.turns.ok_or(MarkerError::NoTranscript { marker: card.id })?;
    Ok(turns.iter().filter(|turn| turn.who.partner().is_some()).collect())
}

/// One file of the language's patterns.
///
/// # Errors
/// [`MarkerError::Language`].
fn language<T: DeserializeOwned>(input: &Input<'_>, card: &Card, file: &str) -> Result<T, MarkerError> {
    let wrong = |message: String| MarkerError::Language { marker: card.id, file: file.to_owned(), message };
    let all = input.language.ok_or_else(|| wrong("there are no patterns for this transcript's language".into()))?;
    let table = all.get(file).ok_or_else(|| wrong("the file is missing".into()))?;
    table.clone().try_into().map_err(|error: toml::de::Error| wrong(error.message().to_owned()))
}

/// The marker's own settings.
///
/// # Errors
/// [`MarkerError::Settings`].
fn settings<T: DeserializeOwned>(settings: &toml::Table, card: &Card) -> Result<T, MarkerError> {
    let wrong = |error: toml::de::Error| MarkerError::Settings { marker: card.id, message: error.message().to_owned() };
    settings.clone().try_into().map_err(wrong)
}

/// An event about a whole turn, with the turn's person, time, words and confidence of time.
fn about(turn: &SpokenTurn, card: &Card, value: f32, strength: f32, kind: Option<&str>) -> Event {
    Event {
        id: EventId::default(),
        marker: card.id.to_owned(),
        who: turn.who,
        span: turn.span,
        apex: None,
        value,
        unit: card.unit,
        strength: strength.clamp(0.0, 1.0),
        confidence: turn.confidence.clamp(0.0, 1.0),
        kind: kind.map(str::to_owned),
        words: Some(crate::transcript::count_words(&turn.text)),
        seen_in: Vec::new(),
    }
}

/// Each turn that answers the partner, with the partner's turn before it and the same person's turn before that one:
/// `(own before, partner's, reply)` as positions in `turns`. A person's second turn in a row is no reply.
fn replies(turns: &[&SpokenTurn]) -> Vec<(Option<usize>, usize, usize)> {
    (1..turns.len())
        .filter(|&at| Some(turns[at - 1].who) == turns[at].who.partner())
        .map(|at| (turns[..at].iter().rposition(|turn| turn.who == turns[at].who), at - 1, at))
        .collect()
}

fn is_therapist(turn: &SpokenTurn) -> bool {
    turn.who == Who::Therapist
}
