//! `txt.reassure`: A turn in which the speaker reassures or advises themselves.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Phrases of self-comfort and self-advice, per 100 words of the turn.
/// ## Why coders care
/// Quick self-reassurance can close a painful topic.
/// ## What it does not see
/// Whether the comfort is earned.
pub struct Reassure;

const CARD: Card = Card {
    id: "txt.reassure",
    section: "reassure",
    what: "A turn in which the speaker reassures or advises themselves.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; weights judgement",
};

/// `reassure.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
}

impl Marker for Reassure {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { patterns } = language(input, &CARD, CARD.section)?;
        rate::find(&CARD, input, settings, &[(None, whole_words(&patterns, &CARD, CARD.section)?)])
    }
}
