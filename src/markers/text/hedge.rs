//! `txt.hedge`: A turn with marks of doubt, or of certainty.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Words of doubt (hedge) and of certainty (certain), per 100 words of the turn.
/// ## Why coders care
/// Tentative talk about minds is reflective; certainty about other minds is not.
/// ## What it does not see
/// Politeness.
pub struct Hedge;

const CARD: Card = Card {
    id: "txt.hedge",
    section: "hedge",
    what: "A turn with marks of doubt, or of certainty.",
    unit: Unit::PerHundredWords,
    kinds: &["hedge", "certain"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; weights judgement",
};

/// `hedge.toml` of a language: patterns of each kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    #[serde(rename = "hedge")]
    first: Vec<String>,
    #[serde(rename = "certain")]
    second: Vec<String>,
}

impl Marker for Hedge {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { first, second } = language(input, &CARD, CARD.section)?;
        let kinds = [
            (Some("hedge"), whole_words(&first, &CARD, CARD.section)?),
            (Some("certain"), whole_words(&second, &CARD, CARD.section)?),
        ];
        rate::find(&CARD, input, settings, &kinds)
    }
}
