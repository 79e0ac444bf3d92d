//! `txt.quote`: reported speech.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Verbs of saying before a clause (`marked`), and words to an absent person that nothing marks as a quote (`unmarked`), per 100
/// words of the turn.
/// ## Why coders care
/// Replaying talks line by line keeps the listener out; speaking to the absent is typical of preoccupied narratives.
/// ## What it does not see
/// Quotes without a verb of saying, except the few in `unmarked`.
pub struct Quote;

const CARD: Card = Card {
    id: "txt.quote",
    section: "quote",
    what: "A turn that repeats what somebody said.",
    unit: Unit::PerHundredWords,
    kinds: &["marked", "unmarked"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Quote {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
