//! Head shake.

use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::face::{self, Face};
use super::oscillation::{Settings, find};
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
        &[face::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let faces = Face::all(input, "head_pose", &settings.face);
        let mut events: Vec<Event> =
            faces.iter().flat_map(|face| find(&CARD, face, input, ("yaw", "pitch"), &settings)).collect();
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::Made;
    use super::*;

    /// Head movement as (start, end, cycles per second, degrees from the middle to each side) in the own angle.
    fn check(moves: &[(f64, f64, f64, f32)], expect: usize) {
        let mut made = Made::speechless();
        made.head("yaw", moves);
        assert_eq!(made.find(&Shake).len(), expect, "{moves:?}");
    }

    #[test]
    fn up_and_down_twice_in_a_second() {
        check(&[(10.0, 11.0, 2.0, 5.0)], 1);
    }

    #[test]
    fn once_is_too_little_and_a_slow_sway_too_slow() {
        check(&[(10.0, 10.5, 1.0, 5.0)], 0);
        check(&[(10.0, 20.0, 0.3, 8.0)], 0);
    }

    #[test]
    fn a_tremble_is_too_small() {
        check(&[(10.0, 12.0, 2.0, 0.8)], 0);
    }

    #[test]
    fn the_other_axis_moving_more_is_another_gesture() {
        let mut made = Made::speechless();
        made.head("yaw", &[(10.0, 11.0, 2.0, 5.0)]).head("pitch", &[(10.0, 11.0, 2.0, 9.0)]);
        assert_eq!(made.find(&Shake), []);
    }
}
