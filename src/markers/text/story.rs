//! `txt.story`: a turn that tells something that happened.

use serde::Deserialize;

use super::words::{Words, hits, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, language, turns};
use crate::track::Unit;
use crate::transcript::count_words;

/// ## What it sees
/// Turns of some length in which verbs of the past prevail: `value` is their share among the verbs that the language's
/// `story.toml` tells apart, 0 to 1.
/// ## Why coders care
/// A narrative can open a painful event up, or lead away from what is at hand.
/// ## What it does not see
/// Verbs whose past looks like their present ("put"), and stories told in the present.
pub struct Story;

const CARD: Card = Card {
    id: "txt.story",
    section: "story",
    what: "A longer turn, mostly in the past.",
    unit: Unit::Share,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN cx06 (past tense share >= .6), cx17 (>= 25 words); patterns judgement",
};

/// `story.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    past: Vec<String>,
    present: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shorter turns are no story.
    min_words: u32,
    /// Least share of past among the verbs.
    min_past_share: f32,
    /// Fewer verbs tell nothing.
    min_verbs: usize,
    /// Words for strength 1.
    full_at_words: f32,
}

impl Marker for Story {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let settings: Settings = super::settings(settings, &CARD)?;
        let Patterns { past, present } = language(input, &CARD, CARD.section)?;
        let (past, present) = (whole_words(&past, &CARD, CARD.section)?, whole_words(&present, &CARD, CARD.section)?);
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for turn in turns {
            let count = count_words(&turn.text);
            if count < settings.min_words {
                continue;
            }
            let sentences = words.sentences(&turn.text);
            let (past, present) = (hits(&sentences, &past), hits(&sentences, &present));
            let share = past as f32 / (past + present).max(1) as f32;
            if past + present >= settings.min_verbs && share >= settings.min_past_share {
                events.push(about(turn, &CARD, share, count as f32 / settings.full_at_words.max(1.0), None));
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;
    use super::*;

    #[test]
    fn what_happened_is_told_from_what_is() {
        check(
            &Story,
            &[
                "C: So I went to the kitchen and my mother was there and she looked at me and said that she had packed her \
                 things, and then she left and I just stood there.",
                "C: I am somebody who is always late and my boss is angry about it and I don't know what to do about it \
                 because he is really strict and I am tired.",
                "C: I went home.",
            ],
            &["0:-"],
        );
    }
}
