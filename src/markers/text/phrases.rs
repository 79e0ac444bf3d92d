//! Markers that look for phrases, each kind with its own place in the turn and with what looks like it and is not.

use std::collections::BTreeMap;
use std::ops::Range;

use regex::Regex;
use serde::Deserialize;

use super::place::Place;
use super::words::{Sentence, Words, anywhere, time_of, whole_words};
use super::{Card, Event, Input, MarkerError, about, rate, turns};

/// One kind's table in a language's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhraseAsWritten {
    /// Regular expressions for whole words.
    patterns: Vec<String>,
    /// What overlaps a match of one of these does not count: "not helpful" is no praise.
    #[serde(default)]
    except: Vec<String>,
    /// In which sentences.
    #[serde(default, rename = "where")]
    place: Place,
}

/// One kind of phrase, ready to look for.
pub(super) struct Phrase {
    pattern: Regex,
    except: Option<Regex>,
    place: Place,
}

impl Phrase {
    fn new(written: &PhraseAsWritten, card: &Card) -> Result<Self, MarkerError> {
        let except = match written.except.is_empty() {
            true => None,
            false => Some(anywhere(&written.except, card, card.section)?),
        };
        Ok(Self { pattern: whole_words(&written.patterns, card, card.section)?, except, place: written.place })
    }

    /// Every hit, without overlap: position of its sentence, and of its words in that.
    pub fn find(&self, sentences: &[Sentence]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        for (at, sentence) in sentences.iter().enumerate().filter(|(at, _)| self.place.holds(sentences, *at)) {
            let excepted: Vec<Range<usize>> =
                self.except.iter().flat_map(|except| except.find_iter(&sentence.text)).map(|no| no.range()).collect();
            let is_excepted =
                |hit: &regex::Match<'_>| excepted.iter().any(|no| no.start < hit.end() && hit.start() < no.end);
            let hits = self.pattern.find_iter(&sentence.text).filter(|hit| !hit.is_empty() && !is_excepted(hit));
            found.extend(hits.map(|hit| (at, sentence.words_at(hit))));
        }
        found
    }
}

/// The phrases of the marker's own file: one table per kind, or the whole file where the marker has no kinds.
fn read(card: &Card, input: &Input<'_>) -> Result<Vec<(Option<&'static str>, Phrase)>, MarkerError> {
    if card.kinds.is_empty() {
        return Ok(vec![(None, Phrase::new(&super::language(input, card, card.section)?, card)?)]);
    }
    let written: BTreeMap<String, PhraseAsWritten> = super::language(input, card, card.section)?;
    let wrong = |message| MarkerError::Language { marker: card.id, file: card.section.into(), message };
    if let Some(kind) = written.keys().find(|kind| !card.kinds.contains(&kind.as_str())) {
        return Err(wrong(format!("it has the kind {kind:?}, which the marker does not know")));
    }
    let of_kind = |kind: &&'static str| {
        let table = written.get(*kind).ok_or_else(|| wrong(format!("it lacks the table [{kind}]")))?;
        Ok((Some(*kind), Phrase::new(table, card)?))
    };
    card.kinds.iter().map(of_kind).collect()
}

/// One event per turn and kind, as [`rate::find`] gives.
pub(super) fn per_turn(card: &Card, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
    turns(input, card)?;
    let phrases = read(card, input)?;
    rate::count(card, input, settings, |sentences| {
        phrases.iter().map(|(kind, phrase)| (*kind, phrase.find(sentences).len())).collect()
    })
}

/// All kinds that a language's file holds, by name.
pub(super) fn all(card: &Card, input: &Input<'_>) -> Result<BTreeMap<String, Phrase>, MarkerError> {
    let written: BTreeMap<String, PhraseAsWritten> = super::language(input, card, card.section)?;
    written.into_iter().map(|(kind, table)| Ok((kind, Phrase::new(&table, card)?))).collect()
}

/// One event per hit, at the time at which it was said if the turn was spoken at an even pace. `words` are those of the
/// whole turn.
pub(super) fn each(
    card: &Card,
    input: &Input<'_>,
    phrases: &BTreeMap<String, Phrase>,
    strength: f32,
) -> Result<Vec<Event>, MarkerError> {
    let words = Words::of(input, card)?;
    let mut events = Vec::new();
    for turn in turns(input, card)? {
        let sentences = words.sentences(&turn.text);
        for (kind, phrase) in phrases {
            for (at, place) in phrase.find(&sentences) {
                let said = &sentences[at].words;
                let (Some(first), Some(last)) = (said.get(place.start), said.get(place.end.saturating_sub(1))) else {
                    continue;
                };
                if let Some(span) = time_of(turn, first.from, last.to) {
                    events.push(Event { span, ..about(turn, card, 1.0, strength, Some(kind)) });
                }
            }
        }
    }
    events.sort_by(|a, b| (a.span, a.who, &a.kind).cmp(&(b.span, b.who, &b.kind)));
    Ok(events)
}
