//! `txt.lastsess`: the session before.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Phrases that point back to an earlier session, per 100 words of the turn. "Last week" alone does not count: it may be about
/// anything that happened then.
/// ## Why coders care
/// It ties sessions together.
/// ## What it does not see
/// References without these words.
pub struct LastSession;

const CARD: Card = Card {
    id: "txt.lastsess",
    section: "lastsess",
    what: "A turn that refers back to an earlier session.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for LastSession {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
