//! `txt.task`: proposing something to do.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Phrases that propose something to do (`proposal`), or say that a task was not clear (`misunderstanding`), per 100 words of
/// the turn.
/// ## Why coders care
/// Tasks are one of the three parts of a working alliance.
/// ## What it does not see
/// Whose task it is, and whether anything comes of it.
pub struct Task;

const CARD: Card = Card {
    id: "txt.task",
    section: "task",
    what: "A turn that proposes something to do, or has not understood a task.",
    unit: Unit::PerHundredWords,
    kinds: &["proposal", "misunderstanding"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Task {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
