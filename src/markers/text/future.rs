//! `txt.future`: what somebody will or would do.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Phrases of prediction per 100 words of the turn: of the speaker's own conduct (`self`), of another person's (`other`).
/// ## Why coders care
/// Foreseeing what one would do, and why, is one of the reflective-functioning codes.
/// ## What it does not see
/// Plans from predictions: "I'll call her tomorrow" says what is decided, and is left out where the words tell.
pub struct Future;

const CARD: Card = Card {
    id: "txt.future",
    section: "future",
    what: "A turn that foretells what oneself or another person will do.",
    unit: Unit::PerHundredWords,
    kinds: &["self", "other"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Future {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
