//! The next speaker starts as the other finishes.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Class, Floor};
use super::turnlen::turns;
use crate::time::{Secs, SessionTime};
use crate::track::{Unit, Who};

/// ## What it sees
/// Two speak at once, the one who had the floor ends first, and the overlap began in the last `last_secs` or the last
/// `last_share` of that turn (but never longer than `share_max_secs`). About the one who comes in.
///
/// ## What it does not see
/// It is normal: about 40 % of the changes between speakers overlap.
pub struct TerminalOverlap;

const CARD: Card = Card {
    id: "aud.ovl_term",
    section: "ovl_term",
    what: "The next speaker starts while the other is finishing.",
    unit: Unit::Seconds,
    kinds: &["TC", "CT", "other"],
    needs: &["speech"],
    after: &["aud.vad", "aud.turnlen"],
    reads_text: false,
    source: "Jefferson, Drew 2009; 0.5 s and 15 %: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Overlaps up to this length are terminal.
    last_secs: Secs,
    /// .. and those in this last part of the turn, 0 to 1.
    last_share: f64,
    /// .. if they are not longer than this.
    share_max_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
}

/// Length of the turn of `who` that is running at `time`; zero if there is none.
fn turn_secs(turns: &[super::floor::FloorTurn], who: Who, time: SessionTime) -> f64 {
    let until = turns.partition_point(|t| t.span.start() <= time);
    let running = turns[..until].iter().rev().take(8).find(|t| t.who == who && t.span.contains(time));
    running.map_or(0.0, |t| t.span.secs_f64())
}

impl Marker for TerminalOverlap {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let turns = turns(input.earlier);
        let intervals = Floor::read(input.earlier, input.session).intervals();
        let events = intervals.into_iter().filter_map(|interval| {
            let Class::Overlap { from, to } = interval.class else { return None };
            let secs = interval.span.secs_f64();
            let share = settings.last_share * turn_secs(&turns, from, interval.span.start());
            let terminal = interval.span.length() <= settings.last_secs.0
                || secs <= share.min(settings.share_max_secs.0.as_secs_f64());
            let event = Event::new(&CARD, to, interval.span, secs as f32).kind(super::floor::context(from, to));
            terminal.then(|| event.rated(settings.strength.strength(secs as f32), interval.confidence))
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{events_ms, find, frames};
    use super::super::turnlen::TurnLength;
    use super::super::vad::Vad;
    use super::*;

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        let found = find(&frames(picture, 100), &[&Vad, &Backchannel, &TurnLength, &TerminalOverlap], None);
        assert_eq!(events_ms(&found), expect, "{picture}");
    }

    #[test]
    fn the_last_half_second_is_terminal() {
        check("TTTTTTTTBBBBBCCCCCC", &[(800, 1300, "client TC")]);
        check("TTTTTTTTBBBBBBCCCCCC", &[]);
    }

    #[test]
    fn in_a_long_turn_the_last_part_is() {
        check(&format!("{}BBBBBBBBCCCCCC", "T".repeat(60)), &[(6000, 6800, "client TC")]);
    }

    #[test]
    fn an_overlap_after_which_the_same_goes_on_is_not() {
        check("TTTTTTTTBBBTTTTTTTT", &[]);
    }
}
