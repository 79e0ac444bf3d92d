//! `txt.distress`: words of distress, and passages that hold several.

use serde::Deserialize;

use super::words::{Words, time_of, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, language, turns};
use crate::time::Secs;
use crate::track::{Unit, Who};

/// ## What it sees
/// Each word of the distress lexicon (`word`), at the time at which it was said if the turn was spoken at an even pace,
/// unless a negation stands shortly before it; and each stretch with several such words of one person (`passage`,
/// DOMAIN section 1 DIST). `value` = 1, or the number of words in the passage.
/// ## Why coders care
/// What matters is what client and therapist do right after something painful was named.
/// ## What it does not see
/// Pain that is not named, and words used lightly.
pub struct Distress;

const CARD: Card = Card {
    id: "txt.distress",
    section: "distress",
    what: "A word of distress, or a passage with several.",
    unit: Unit::Count,
    kinds: &[WORD, PASSAGE],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN section 1 (DIST) and B text table; lexicon judgement",
};

const WORD: &str = "word";
const PASSAGE: &str = "passage";

/// `distress.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
    negators: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Fewer words are no passage.
    passage_min_hits: usize,
    /// They must lie within this time.
    passage_within_secs: Secs,
    /// Words in a passage for strength 1.
    passage_full_at_hits: f32,
    /// How far before a word a negation counts, in words.
    negation_words_before: usize,
}

impl Marker for Distress {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let Patterns { patterns, negators } = language(input, &CARD, CARD.section)?;
        let pattern = whole_words(&patterns, &CARD, CARD.section)?;
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for turn in turns {
            for sentence in words.sentences(&turn.text) {
                for found in pattern.find_iter(&sentence.text).filter(|found| !found.is_empty()) {
                    let place = sentence.words_at(found);
                    let near = place.start.saturating_sub(settings.negation_words_before)..place.start;
                    let is_negated = sentence.words[near].iter().any(|word| negators.contains(&word.word));
                    let (Some(first), Some(last)) =
                        (sentence.words.get(place.start), sentence.words.get(place.end - 1))
                    else {
                        continue;
                    };
                    if let (false, Some(span)) = (is_negated, time_of(turn, first.from, last.to)) {
                        events.push(Event { span, words: None, ..about(turn, &CARD, 1.0, 1.0, Some(WORD)) });
                    }
                }
            }
        }
        let mut passages = passages(&events, &settings);
        events.append(&mut passages);
        events.sort_by(|a, b| (a.span, a.who, &a.kind).cmp(&(b.span, b.who, &b.kind)));
        Ok(events)
    }
}

/// Words of one person of which each run of `passage_min_hits` lies within the given time, joined where runs share a
/// word.
fn passages(hits: &[Event], settings: &Settings) -> Vec<Event> {
    let mut passages: Vec<Event> = Vec::new();
    let least = settings.passage_min_hits.max(1);
    for who in [Who::Client, Who::Therapist] {
        let mut own: Vec<&Event> = hits.iter().filter(|event| event.who == who).collect();
        own.sort_by_key(|event| event.span);
        let mut last_end: Option<usize> = None;
        for (from, run) in own.windows(least).enumerate() {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            if last.span.start().secs_after(first.span.start()) > settings.passage_within_secs.0.as_secs_f64() {
                continue;
            }
            match (last_end, passages.last_mut()) {
                (Some(end), Some(open)) if from <= end => {
                    open.span = open.span.hull(last.span);
                    open.value += (from + least - 1 - end) as f32;
                    open.confidence = open.confidence.min(last.confidence);
                }
                _ => passages.push(Event {
                    span: first.span.hull(last.span),
                    value: least as f32,
                    kind: Some(PASSAGE.to_owned()),
                    confidence: run.iter().map(|event| event.confidence).fold(1.0, f32::min),
                    ..(*first).clone()
                }),
            }
            last_end = Some(from + least - 1);
        }
    }
    for passage in &mut passages {
        passage.strength = (passage.value / settings.passage_full_at_hits.max(1.0)).clamp(0.0, 1.0);
    }
    passages
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, found};
    use super::*;

    #[test]
    fn words_and_passages() {
        check(
            &Distress,
            &["C: I was so scared and I felt alone.", "T: You were scared.", "C: No.", "C: I am not really sad."],
            &["0:word", "0:passage", "0:word", "1:word"],
        );
    }

    #[test]
    fn words_far_apart_are_no_passage_and_near_ones_join() {
        check(&Distress, &["C: scared", "C: no", "C: alone"], &["0:word", "2:word"]);
        let events = found(&Distress, &["C: scared", "C: alone", "C: hopeless"]);
        let passages: Vec<_> = events.iter().filter(|event| event.kind.as_deref() == Some(PASSAGE)).collect();
        assert_eq!(passages.len(), 1);
        assert!((passages[0].value - 3.0).abs() < 1e-6);
        assert_eq!(passages[0].span.end().millis(), 30_000);
    }

    #[test]
    fn a_word_lies_inside_its_turn() {
        let events = found(&Distress, &["C: one two three four lonely"]);
        let (start, end) = (events[0].span.start().millis(), events[0].span.end().millis());
        assert!(start > 7_000 && end == 10_000, "{start} {end}");
    }
}
