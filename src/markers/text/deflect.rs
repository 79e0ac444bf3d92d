//! `txt.deflect`: A turn in which the speaker turns away from the question.

use serde::Deserialize;

use super::words::whole_words;
use super::{Card, Event, Input, Marker, MarkerError, language, rate};
use crate::track::Unit;

/// ## What it sees
/// Phrases that put off, break off or change what was asked, per 100 words of the turn.
///
/// An event spans the whole turn: `value` is a rate of the turn, and transcripts give times of turns, not of words.
/// ## Why coders care
/// Deflecting after an invitation to explore is one sign of withdrawal.
/// ## What it does not see
/// Whether the speaker honestly does not know: words are weak evidence (AUC .53 for sustain talk in AnnoMI).
pub struct Deflect;

const CARD: Card = Card {
    id: "txt.deflect",
    section: "deflect",
    what: "A turn in which the speaker turns away from the question.",
    unit: Unit::PerHundredWords,
    kinds: &[],
    needs: &[],
    after: &[],
    reads_text: true,
    source: "DOMAIN B text table; weights judgement",
};

/// `deflect.toml` of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patterns {
    patterns: Vec<String>,
}

impl Marker for Deflect {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let Patterns { patterns } = language(input, &CARD, CARD.section)?;
        rate::find(&CARD, input, settings, &[(None, whole_words(&patterns, &CARD, CARD.section)?)])
    }
}
