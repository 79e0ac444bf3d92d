//! Head shake.

use super::super::{Card, Event, Input, Marker, MarkerError};
use super::oscillation;
use crate::track::Unit;

/// ## What it sees
/// The head's yaw goes to and fro by enough, at least 1.2 times, at 0.8 to 3 times a second, and the pitch moves less.
///
/// ## What it does not see
/// Refusal: people shake their heads in sympathy and for emphasis.
pub struct Shake;

const CARD: Card = Card {
    id: "vid.shake",
    section: "shake",
    what: "The head goes from side to side.",
    unit: Unit::Degrees,
    kinds: &["listening", "speaking"],
    needs: &["head_pose"],
    after: &["aud.vad"],
    reads_text: false,
    source: "1.2 cycles, 0.8 to 3 Hz, 3 degrees: DOMAIN B (judgement).",
};

impl Marker for Shake {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        oscillation::SHARED
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        oscillation::find(&CARD, ("yaw", "pitch"), input, settings)
    }
}
