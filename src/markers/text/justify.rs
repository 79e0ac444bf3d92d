//! `txt.justify`: outside causes.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Phrases that give an outside person or circumstance as the cause, or say that there was no choice, per 100 words of the turn.
/// ## Why coders care
/// Explaining a problem by outside causes can turn away from one's own part in it.
/// ## What it does not see
/// Whether the cause is the true one.
pub struct Justify;

const CARD: Card = Card {
    id: "txt.justify",
    section: "justify",
    what: "A turn that explains something by an outside cause.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Justify {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
