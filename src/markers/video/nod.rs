//! Nod.

use super::super::{Card, Event, Input, Marker, MarkerError};
use super::oscillation;
use crate::track::Unit;

/// ## What it sees
/// The head's pitch goes up and down by enough, at least 1.2 times, at 0.8 to 4 times a second, and the yaw moves less.
///
/// ## What it does not see
/// Agreement: speakers nod in the rhythm of their own words (kind `speaking`).
pub struct Nod;

const CARD: Card = Card {
    id: "vid.nod",
    section: "nod",
    what: "The head goes up and down.",
    unit: Unit::Degrees,
    kinds: &["listening", "speaking"],
    needs: &["head_pose"],
    after: &["aud.vad"],
    reads_text: false,
    source: "1.2 cycles, 0.8 to 4 Hz, 2 degrees: DOMAIN B (judgement); Vail 2021.",
};

impl Marker for Nod {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        oscillation::SHARED
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        oscillation::find(&CARD, ("pitch", "yaw"), input, settings)
    }
}
