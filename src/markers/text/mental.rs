//! `txt.mental`: A turn with words for states of mind: the speaker's own, or another person's.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Mental-state phrases per 100 words of the turn, own (self) and other people's (other).
/// ## Why coders care
/// Reflecting on own and other minds is what the reflective-functioning codes are about, and speaks against withdrawal.
/// ## What it does not see
/// Whether the state is looked at or only named.
pub struct Mental;

const CARD: Card = Card {
    id: "txt.mental",
    section: "mental",
    what: "A turn with words for states of mind: the speaker's own, or another person's.",
    unit: Unit::PerHundredWords,
    kinds: &["self", "other"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; rf01, rf02",
};

/// `mental.toml` of a language: patterns of each kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    #[serde(rename = "self")]
    first: Vec<String>,
    #[serde(rename = "other")]
    second: Vec<String>,
}

impl Marker for Mental {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { first, second } = language(input, &CARD, CARD.section)?;
        let kinds = [
            (Some("self"), whole_words(&first, &CARD, CARD.section)?),
            (Some("other"), whole_words(&second, &CARD, CARD.section)?),
        ];
        rate::find(&CARD, input, settings, &kinds)
    }
}
