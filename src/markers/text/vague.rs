//! `txt.vague`: A turn with many words that stand for something unsaid.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Words that name nothing, per 100 words of the turn.
/// ## Why coders care
/// Vague speech can keep distress away, and is typical of preoccupied narratives.
/// ## What it does not see
/// Style of speech and dialect.
pub struct Vague;

const CARD: Card = Card {
    id: "txt.vague",
    section: "vague",
    what: "A turn with many words that stand for something unsaid.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; weights judgement",
};

/// `vague.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
}

impl Marker for Vague {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { patterns } = language(input, &CARD, CARD.section)?;
        rate::find(&CARD, input, settings, &[(None, whole_words(&patterns, &CARD, CARD.section)?)])
    }
}
