//! The listener speaks along, and the speaker goes on.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor, context};
use super::turnlen::backchannels;
use crate::time::Secs;
use crate::track::Unit;

/// ## What it sees
/// Two speak at once, the one who had the floor goes on, and the other's part is a backchannel or at most `max_secs`
/// long. About the one who comes in.
///
/// ## What it does not see
/// Agreement: a muttered protest is as short.
pub struct CooperativeOverlap;

const CARD: Card = Card {
    id: "aud.ovl_coop",
    section: "ovl_coop",
    what: "The listener speaks along shortly, and the speaker goes on.",
    unit: Unit::Seconds,
    kinds: &["TC", "CT", "other"],
    needs: &["speech"],
    after: &["aud.vad", "aud.backch"],
    reads_text: false,
    source: "Kurtic, Brown & Wells 2013; length: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Longest one that is no backchannel.
    max_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
}

impl Marker for CooperativeOverlap {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let backchannels = backchannels(input.earlier);
        let intervals = Floor::read(input.earlier, input.session).intervals();
        let events = intervals.into_iter().filter_map(|interval| {
            let Class::Within { holder, other } = interval.class else { return None };
            let short = interval.span.length() <= settings.max_secs.0;
            let backchannel =
                || backchannels.iter().any(|&(who, span)| who == other && span.overlap(interval.span).is_some());
            let secs = interval.span.secs_f64() as f32;
            let event = Event::new(&CARD, other, interval.span, secs).kind(context(holder, other));
            (short || backchannel()).then(|| event.rated(settings.strength.strength(secs), interval.confidence))
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{events_ms, find, frames};
    use super::super::vad::Vad;
    use super::*;

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        let found = find(&frames(picture, 100), &[&Vad, &Backchannel, &CooperativeOverlap], None);
        assert_eq!(events_ms(&found), expect, "{picture}");
    }

    #[test]
    fn the_floor_stays() {
        check("TTTTTTTTBBBTTTTTTTT", &[(800, 1100, "client TC")]);
        check("TTTTTTTTBBBCCCCCCCC", &[]);
    }

    #[test]
    fn a_long_one_is_no_help() {
        check(&format!("TTTT{}TTTT", "B".repeat(21)), &[]);
    }
}
