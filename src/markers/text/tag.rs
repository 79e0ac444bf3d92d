//! `txt.tag`: little questions that ask for consent.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// A little question that asks for consent, at the end of the turn (`final`) or of an earlier sentence in it (`inside`), per 100
/// words of the turn. Only where the transcript ends the sentence with a question mark.
/// ## Why coders care
/// Tags draw the other in to agree.
/// ## What it does not see
/// The tune of the voice, which makes a tag of any word.
pub struct Tag;

const CARD: Card = Card {
    id: "txt.tag",
    section: "tag",
    what: "A turn that asks for consent with a little question at its end.",
    unit: Unit::PerHundredWords,
    kinds: &["final", "inside"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Tag {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
