//! `txt.meta`: the therapist speaks about the moment.

use regex::Regex;
use serde::Deserialize;

use super::words::{Words, anywhere, hits};
use super::{Card, Event, Input, Marker, MarkerError, about, is_therapist, language, turns};
use crate::track::Unit;

/// ## What it sees
/// A therapist turn with phrases about the client's face, voice or body (`face`), about this moment or the two of them
/// (`here_and_now`), or about the therapist's own share (`repair`). A turn can be of several kinds, one event each.
/// ## Why coders care
/// It is how ruptures get addressed: the paper's cycle ends when the therapist names the face.
/// ## What it does not see
/// Whether it was heard.
pub struct Meta;

const CARD: Card = Card {
    id: "txt.meta",
    section: "meta",
    what: "The therapist speaks about the client's face, about this moment, or about their own share in it.",
    unit: Unit::Count,
    kinds: &["face", "here_and_now", "repair"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table, xt03, C.6; patterns judgement",
};

/// `meta.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    face: Vec<String>,
    here_and_now: Vec<String>,
    repair: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Hits in one turn for strength 1.
    full_at_hits: f32,
}

impl Marker for Meta {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let Settings { full_at_hits } = super::settings(settings, &CARD)?;
        let Patterns { face, here_and_now, repair } = language(input, &CARD, CARD.section)?;
        let compile = |patterns: &[String]| anywhere(patterns, &CARD, CARD.section);
        let kinds: [(&str, Regex); 3] =
            [("face", compile(&face)?), ("here_and_now", compile(&here_and_now)?), ("repair", compile(&repair)?)];
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for turn in turns.into_iter().filter(|turn| is_therapist(turn)) {
            let sentences = words.sentences(&turn.text);
            for (kind, pattern) in &kinds {
                let hits = hits(&sentences, pattern) as f32;
                if hits > 0.0 {
                    events.push(about(turn, &CARD, hits, hits / full_at_hits.max(1.0), Some(kind)));
                }
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{check, check_in, german};
    use super::*;

    #[test]
    fn the_moment_is_told_from_ordinary_talk() {
        check(
            &Meta,
            &[
                "T: I notice that your mouth tightened just now.",
                "T: You looked sad when you said that.",
                "T: What is happening between us right now?",
                "T: I'm sorry, maybe I pushed you too quickly.",
                "T: I wonder what your boss thinks.",
                "T: I see. How are you?",
                "T: What do you see yourself doing in a year?",
                "C: I notice that your mouth tightened.",
            ],
            &["0:face", "1:face", "2:here_and_now", "3:repair"],
        );
    }

    #[test]
    fn to_stay_with_something_does_not_name_the_moment() {
        check(
            &Meta,
            &[
                "T: Let us stay with it for a moment.",
                "T: Can we sit with that a moment, with what he said to you then?",
                "T: Let us stay with what is happening between us right now.",
                "T: Could you stay with this, how it feels to say it here with me?",
            ],
            &["2:here_and_now", "3:here_and_now"],
        );
        check_in(
            &german(),
            &Meta,
            &[
                "T: Bleiben wir einen Moment dabei.",
                "T: Bleiben Sie mal bei diesem Streit.",
                "T: Bleiben wir bei dem, was gerade zwischen uns passiert.",
            ],
            &["2:here_and_now"],
        );
    }
}
