//! Markers that count words or phrases per hundred words of a turn.

use regex::Regex;
use serde::Deserialize;

use super::words::{Sentence, Words, hits};
use super::{Card, Event, Input, MarkerError, about, turns};
use crate::transcript::count_words;

/// Settings that all of them share.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Fewer hits in a turn are no event.
    min_hits: usize,
    /// Hits per 100 words at which the strength is 0.
    foot_per_100_words: f32,
    /// Hits per 100 words from which on it is 1.
    full_per_100_words: f32,
}

/// One event per turn of client or therapist and kind in which the kind's pattern is found often enough. `value` =
/// hits per 100 words.
pub(super) fn find(
    card: &Card,
    input: &Input<'_>,
    settings: &toml::Table,
    kinds: &[(Option<&str>, Regex)],
) -> Result<Vec<Event>, MarkerError> {
    count(card, input, settings, |sentences| kinds.iter().map(|(kind, p)| (*kind, hits(sentences, p))).collect())
}

/// The same with the hits of each kind as `counted` in a turn's sentences.
pub(super) fn count<'k>(
    card: &Card,
    input: &Input<'_>,
    settings: &toml::Table,
    counted: impl Fn(&[Sentence]) -> Vec<(Option<&'k str>, usize)>,
) -> Result<Vec<Event>, MarkerError> {
    let turns = turns(input, card)?;
    let Settings { min_hits, foot_per_100_words: foot, full_per_100_words: full } = super::settings(settings, card)?;
    if !(full > foot && foot >= 0.0) {
        let message = "full_per_100_words must be larger than foot_per_100_words, and that not negative".into();
        return Err(MarkerError::Settings { marker: card.id, message });
    }
    let words = Words::of(input, card)?;
    let mut events = Vec::new();
    for turn in turns {
        for (kind, hits) in counted(&words.sentences(&turn.text)) {
            if hits == 0 || hits < min_hits {
                continue;
            }
            let rate = 100.0 * hits as f32 / count_words(&turn.text).max(1) as f32;
            events.push(about(turn, card, rate, (rate - foot) / (full - foot), kind));
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, english, found, settings_of, turns as made, with_turns};
    use super::super::{ALL, critic::Critic, deflect::Deflect, hedge::Hedge, mental::Mental, minimise::Minimise};
    use super::super::{reassure::Reassure, vague::Vague};
    use super::*;
    use crate::track::{Tracks, Who};

    #[test]
    fn each_has_its_phrases() {
        check(
            &Deflect,
            &["C: I don't know.", "C: Let's not.", "C: I know him well.", "C: Can we talk about work?"],
            &["0:-", "1:-", "3:-"],
        );
        check(
            &Minimise,
            &["C: It's fine, no big deal.", "C: Everyone has that.", "C: It broke my heart."],
            &["0:-", "1:-"],
        );
        check(&Reassure, &["C: I'll be fine, I just have to move on.", "C: I went to work."], &["0:-"]);
        check(&Mental, &["C: I feel that he wanted to leave.", "C: The bus was late."], &["0:self", "0:other"]);
        check(
            &Critic,
            &["C: You never listen.", "C: This is pointless.", "C: He never listens.", "C: It rains."],
            &["0:therapy", "1:therapy", "2:other"],
        );
        check(&Vague, &["C: Things and stuff and whatever.", "C: The red car hit the tree."], &["0:-"]);
        check(&Hedge, &["C: Maybe, I guess.", "C: Definitely always.", "C: He came."], &["0:hedge", "1:certain"]);
    }

    #[test]
    fn a_short_turn_full_of_it_is_stronger_than_a_long_one() {
        let events = found(
            &Deflect,
            &[
                "C: I don't know.",
                "C: I don't know whether the man in the long coat who came out of the house that day with his two sons and the old grey dog was my father.",
            ],
        );
        assert!(events[0].strength > events[1].strength);
    }

    #[test]
    fn nobody_else_is_looked_at() {
        let mut turns = made(&["C: I don't know."]);
        turns[0].who = Who::Speaker(1);
        let language = english();
        for marker in ALL {
            let events = with_turns(&turns, &language, |input| marker.find(input, &settings_of(*marker)).unwrap());
            assert!(events.is_empty(), "{}", marker.card().id);
        }
    }

    #[test]
    fn every_marker_says_when_it_cannot_look() {
        let language = english();
        let (tracks, session) = (Tracks::new(), crate::time::Span::from_millis(0, 1).unwrap());
        let turns = made(&["T: How?", "C: [NAME], 𝄞 é (( -- ?!", "C: "]);
        for marker in ALL {
            let blind = Input {
                tracks: &tracks,
                session,
                turns: None,
                language: Some(&language),
                meanings: None,
                earlier: &[],
            };
            let error = marker.find(&blind, &settings_of(*marker)).unwrap_err();
            assert!(matches!(error, MarkerError::NoTranscript { .. }), "{error}");
            let mute = Input { turns: Some(&turns), language: None, ..blind };
            let error = marker.find(&mute, &settings_of(*marker)).unwrap_err();
            assert!(matches!(error, MarkerError::Language { .. }), "{error}");
            let mut wrong = settings_of(*marker);
            wrong.insert("misspelt".into(), 1.into());
            let odd = Input { turns: Some(&turns), ..blind };
            let error = marker.find(&odd, &wrong).unwrap_err();
            assert!(error.to_string().contains("misspelt"), "{error}");
            marker.find(&odd, &settings_of(*marker)).unwrap();
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(16))]
        #[test]
        fn no_text_panics(texts in proptest::collection::vec("\\PC{0,40}", 0..12)) {
            let lines: Vec<String> = texts.iter().enumerate().map(|(i, t)| format!("{}: {t}", if i % 2 == 0 { "T" } else { "C" })).collect();
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            for marker in ALL {
                let _ = found(*marker, &lines);
            }
        }
    }
}
