//! `txt.help`: asking for help, advice, or an opinion.

use super::{Card, Event, Input, Marker, MarkerError, phrases};
use crate::track::Unit;

/// ## What it sees
/// Questions for what to do (`advice`) and for what the other thinks (`opinion`), only in sentences that end as questions;
/// statements of what is needed (`need`) and of what is difficult (`problem`). Per 100 words of the turn.
/// ## Why coders care
/// Bringing a problem and asking for help seek the other's nearness.
/// ## What it does not see
/// Who is asked: the rule says whose turn it is. Questions that a transcript does not end with a question mark.
pub struct Help;

const CARD: Card = Card {
    id: "txt.help",
    section: "help",
    what: "A turn that asks for advice or an opinion, or names a need or a problem.",
    unit: Unit::PerHundredWords,
    kinds: &["advice", "opinion", "need", "problem"],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; patterns judgement",
};

impl Marker for Help {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        phrases::per_turn(&CARD, input, settings)
    }
}
