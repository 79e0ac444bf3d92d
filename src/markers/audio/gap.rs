//! The silence between two people's speech.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor, context};
use crate::track::Unit;

/// ## What it sees
/// Silence of everybody between stretches of different people; about the one who speaks next.
///
/// ## What it does not see
/// Whether the floor changes hands: the gaps around a backchannel are gaps too (`aud.latency` counts turns only).
pub struct Gap;

const CARD: Card = Card {
    id: "aud.gap",
    section: "gap",
    what: "Nobody speaks, then somebody else does.",
    unit: Unit::Seconds,
    kinds: &["TC", "CT", "other"],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Heldner & Edlund 2010; Stivers et al. 2009 (typical 0 to 0.3 s); noticeable above 1 s: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Length in seconds as a strength.
    strength: Ramp,
}

impl Marker for Gap {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let intervals = Floor::read(input.earlier, input.session).intervals();
        let events = intervals.into_iter().filter_map(|interval| {
            let Class::Gap { from, to } = interval.class else { return None };
            let secs = interval.span.secs_f64() as f32;
            let event = Event::new(&CARD, to, interval.span, secs).kind(context(from, to));
            Some(event.rated(settings.strength.strength(secs), interval.confidence))
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, frames, frames_of};
    use super::super::vad::Vad;
    use super::*;
    use crate::track::Who;

    #[test]
    fn a_gap_is_about_who_speaks_next() {
        let found = events_ms(&find(&frames("CCC..TTT...CCC", 100), &[&Vad, &Gap], None));
        assert_eq!(found, [(300, 500, "therapist CT"), (800, 1100, "client TC")]);
    }

    #[test]
    fn without_roles_it_is_measured_all_the_same() {
        let tracks = frames_of("CCC..TTT", 100, Who::Speaker(1), Who::Speaker(2));
        assert_eq!(events_ms(&find(&tracks, &[&Vad, &Gap], None)), [(300, 500, "speaker2 other")]);
    }

    #[test]
    fn no_gap_where_one_was_not_measured() {
        assert_eq!(find(&frames("CCC.?.TTT", 100), &[&Vad, &Gap], None), []);
    }
}
