//! `txt.goal`: whether a turn is about what was agreed to work on.

use serde::Deserialize;

use super::words::{Words, hits, whole_words};
use super::{Card, Event, Input, Marker, MarkerError, about, language, turns};
use crate::track::Unit;

/// ## What it sees
/// Turns with enough content words: `on` where one of the goal words is in them, else `off`. The goal words are entered by
/// the coder in the language's `goal.toml`; while there are none, it cannot look and says so.
/// ## Why coders care
/// Exploring something else than the agreed problem can be a way round it.
/// ## What it does not see
/// The problem under other words, and goals that changed.
pub struct Goal;

const CARD: Card = Card {
    id: "txt.goal",
    section: "goal",
    what: "A turn on the agreed matter, or on another.",
    unit: Unit::Count,
    kinds: &["on", "off"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN rs18 (goal words set by the coder); judgement",
};

/// `goal.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Turns with fewer content words are about nothing.
    min_content_words: usize,
}

impl Marker for Goal {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let turns = turns(input, &CARD)?;
        let Settings { min_content_words } = super::settings(settings, &CARD)?;
        let Patterns { patterns } = language(input, &CARD, CARD.section)?;
        if patterns.is_empty() {
            return Err(MarkerError::NoGoals { marker: CARD.id });
        }
        let pattern = whole_words(&patterns, &CARD, CARD.section)?;
        let words = Words::of(input, &CARD)?;
        let mut events = Vec::new();
        for turn in turns {
            let sentences = words.sentences(&turn.text);
            if words.stems(&sentences).len() >= min_content_words {
                let hits = hits(&sentences, &pattern);
                let kind = if hits > 0 { "on" } else { "off" };
                events.push(about(turn, &CARD, hits as f32, 1.0, Some(kind)));
            }
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{english, settings_of, turns as made, with_turns};
    use super::*;

    #[test]
    fn without_goal_words_nobody_knows_and_with_them_it_is_told() {
        let turns =
            made(&["C: My panic on the bus came back on Monday.", "C: My neighbour bought a green car.", "C: Yes."]);
        let find = |language: &toml::Table| with_turns(&turns, language, |input| Goal.find(input, &settings_of(&Goal)));
        let mut language = english();
        let events = find(&language).unwrap();
        let kinds: Vec<_> = events.iter().filter_map(|event| event.kind.as_deref()).collect();
        assert_eq!(kinds, ["on", "off"]);
        language["goal"]["patterns"] = toml::Value::Array(Vec::new());
        assert!(find(&language).unwrap_err().to_string().contains("goal.toml"));
    }
}
