//! Somebody pauses and goes on.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor};
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Silence of everybody between two stretches of the same person, below `therapeutic_secs` (from there on it is a
/// silence, `aud.silence3`).
///
/// ## What it does not see
/// Planning and feeling look the same by length.
pub struct Pause;

const CARD: Card = Card {
    id: "aud.pause",
    section: "pause",
    what: "Nobody speaks, then the same person goes on.",
    unit: Unit::Seconds,
    kinds: &["ordinary", "long"],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Heldner & Edlund 2010; ordinary below 1 s, long 1 to 3 s: DOMAIN B.4.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// From this length on a pause is long.
    long_secs: Secs,
    /// From this length on it is no pause any more but a silence.
    therapeutic_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
}

impl Marker for Pause {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let intervals = Floor::read(input.earlier, input.session).intervals();
        let events = intervals.into_iter().filter_map(|interval| {
            let Class::Pause(who) = interval.class else { return None };
            let length = interval.span.length();
            let kind = if length < settings.long_secs.0 { "ordinary" } else { "long" };
            let secs = interval.span.secs_f64() as f32;
            let event = Event::new(&CARD, who, interval.span, secs).kind(kind);
            (length < settings.therapeutic_secs.0)
                .then(|| event.rated(settings.strength.strength(secs), interval.confidence))
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames};
    use super::super::vad::Vad;
    use super::*;

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        assert_eq!(events_ms(&find(&frames(picture, 100), &[&Vad, &Pause], None)), expect, "{picture}");
    }

    #[test]
    fn a_pause_lies_between_stretches_of_one_person() {
        check("CCC.....CCC..TTT", &[(300, 800, "client ordinary")]);
        check("CCC..........CCC", &[(300, 1300, "client long")]);
    }

    #[test]
    fn the_others_sound_inside_makes_it_two_gaps() {
        check("CCC...TT...CCC", &[]);
    }

    #[test]
    fn three_seconds_are_a_silence() {
        check(&format!("CCC{}CCC", ".".repeat(30)), &[]);
        check(&format!("CCC{}CCC", ".".repeat(29)), &[(300, 3200, "client long")]);
    }

    #[test]
    fn what_was_not_measured_is_no_pause() {
        check("CCC..??..CCC", &[]);
    }
}
