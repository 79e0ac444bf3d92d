//! `txt.praise`: praise and thanks.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Phrases that value the partner (`partner`), the therapy (`therapy`), an exercise (`task`), a third person (`other`), or a
/// relationship (`relationship`), per 100 words of the turn. Negated praise and thanks for passing the time of day do not count.
/// ## Why coders care
/// Praise keeps contact; praise in place of disagreement can hide a strain.
/// ## What it does not see
/// Irony, and whether it is meant.
pub struct Praise;

const CARD: Card = Card {
    id: "txt.praise",
    section: "praise",
    what: "A turn with praise or thanks.",
    unit: Unit::PerHundredWords,
    kinds: &["partner", "therapy", "task", "other", "relationship"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Praise {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
