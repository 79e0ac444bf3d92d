//! `txt.critic`: A turn that criticises the therapy or the therapist, or other people.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Phrases of complaint and blame, per 100 words of the turn: about the therapist or therapy (therapy), about others (other).
/// ## Why coders care
/// Complaints about therapist or therapy are the core of confrontation.
/// ## What it does not see
/// Irony, quotes, and criticism without these words.
pub struct Critic;

const CARD: Card = Card {
    id: "txt.critic",
    section: "critic",
    what: "A turn that criticises the therapy or the therapist, or other people.",
    unit: Unit::PerHundredWords,
    kinds: &["therapy", "other"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; 3RS confrontation markers",
};

/// `critic.toml` of a language: patterns of each kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    #[serde(rename = "therapy")]
    first: Vec<String>,
    #[serde(rename = "other")]
    second: Vec<String>,
}

impl Marker for Critic {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { first, second } = language(input, &CARD, CARD.section)?;
        let kinds = [
            (Some("therapy"), whole_words(&first, &CARD, CARD.section)?),
            (Some("other"), whole_words(&second, &CARD, CARD.section)?),
        ];
        rate::find(&CARD, input, settings, &kinds)
    }
}
