//! `txt.minimise`: A turn that makes something small, normal or common.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Phrases that make a matter small or say that everybody has it, per 100 words of the turn.
/// ## Why coders care
/// Avoidant narratives make distress small.
/// ## What it does not see
/// Whether it is small: "just" is also a plain word (AUC .60 for sustain talk in AnnoMI).
pub struct Minimise;

const CARD: Card = Card {
    id: "txt.minimise",
    section: "minimise",
    what: "A turn that makes something small, normal or common.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; AUC from AnnoMI",
};

/// `minimise.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
}

impl Marker for Minimise {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { patterns } = language(input, &CARD, CARD.section)?;
        rate::find(&CARD, input, settings, &[(None, whole_words(&patterns, &CARD, CARD.section)?)])
    }
}
