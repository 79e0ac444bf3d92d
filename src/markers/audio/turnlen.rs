//! How long somebody keeps the floor.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::floor::{Floor, FloorTurn, words_in};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// Turns: a person's speech until the other takes the floor. Backchannels and speech wholly inside the other's stretch
/// take no floor. Stretches of one person join while the pause between them is below `merge_below_secs`.
///
/// ## What it does not see
/// Who was meant to speak. The words come from the transcript's turns that lie at the same time.
pub struct TurnLength;

const CARD: Card = Card {
    id: "aud.turnlen",
    section: "turnlen",
    what: "One person has the floor.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["speech"],
    after: &["aud.vad", "aud.backch"],
    reads_text: true,
    source: "DOMAIN 1; joining across 2 s and more joins too much (Cooney & Reece 2025).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Pauses of the same person below this do not end a turn.
    merge_below_secs: Secs,
    /// Length in seconds as a strength.
    strength: Ramp,
}

/// The turns of the session, as `aud.turnlen` reported them, with their words. `speech_secs` is the whole length here.
pub(crate) fn turns(earlier: &[Event]) -> Vec<FloorTurn> {
    let turn =
        |e: &Event| FloorTurn { who: e.who, span: e.span, speech_secs: e.span.secs_f64(), confidence: e.confidence };
    earlier.iter().filter(|e| e.marker == CARD.id).map(turn).collect()
}

/// The backchannels of the session.
pub(crate) fn backchannels(earlier: &[Event]) -> Vec<(Who, Span)> {
    earlier.iter().filter(|e| e.marker == "aud.backch").map(|e| (e.who, e.span)).collect()
}

impl Marker for TurnLength {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let floor = Floor::read(input.earlier, input.session);
        let turns = floor.turns(&backchannels(input.earlier), settings.merge_below_secs.0.as_secs_f64());
        let events = turns.iter().map(|turn| {
            let secs = turn.span.secs_f64() as f32;
            let event =
                Event::new(&CARD, turn.who, turn.span, secs).rated(settings.strength.strength(secs), turn.confidence);
            Event { words: words_in(turn, &turns, input.turns), ..event }
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{events_ms, find, frames, turn};
    use super::super::vad::Vad;
    use super::*;

    const MARKERS: [&dyn Marker; 3] = [&Vad, &Backchannel, &TurnLength];

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        assert_eq!(events_ms(&find(&frames(picture, 100), &MARKERS, None)), expect, "{picture}");
    }

    #[test]
    fn a_backchannel_does_not_end_a_turn() {
        check("TTTTTTTT..CCC..TTTTTT....CCCCCCCCCCCCCC", &[(0, 2100, "therapist"), (2500, 3900, "client")]);
    }

    #[test]
    fn two_seconds_of_pause_end_a_turn() {
        let pause = |frames: usize| format!("TTTTT{}TTTTT", ".".repeat(frames));
        check(&pause(19), &[(0, 2900, "therapist")]);
        check(&pause(20), &[(0, 500, "therapist"), (2500, 3000, "therapist")]);
    }

    #[test]
    fn speech_inside_the_others_stretch_takes_no_floor() {
        check("TTTTBBBBBBBBBBBBTTTT", &[(0, 2000, "therapist")]);
    }

    #[test]
    fn an_answer_that_starts_early_is_a_turn() {
        check("TTTTTTBBCCCCCCCCCCC", &[(0, 800, "therapist"), (600, 1900, "client")]);
    }

    #[test]
    fn words_are_shared_out_by_time() {
        let text = [turn(Who::Client, (0, 6000), "one two three four five six")];
        let found = find(&frames("CCCCCCCCCCCCCCCCCCCC....................CCCCCCCCCC", 100), &MARKERS, Some(&text));
        assert_eq!(found.iter().map(|e| e.words).collect::<Vec<_>>(), [Some(4), Some(2)]);
    }

    #[test]
    fn without_a_transcript_words_are_not_known() {
        assert_eq!(find(&frames("CCCCC", 100), &MARKERS, None)[0].words, None);
    }
}
