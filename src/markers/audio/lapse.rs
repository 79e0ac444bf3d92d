//! Nobody speaks for so long that anybody may start.

use serde::Deserialize;

use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use super::silence3::{Quiet, silences};
use super::vad;
use crate::time::Secs;
use crate::track::{Unit, Who};

/// ## What it sees
/// Silence of everybody of at least `min_secs` where no question is pending (as far as the transcript tells).
///
/// ## What it does not see
/// Paper work, exercises, note taking.
pub struct Lapse;

const CARD: Card = Card {
    id: "aud.lapse",
    section: "lapse",
    what: "Nobody speaks for 10 s or more, and no question is open.",
    unit: Unit::Seconds,
    kinds: &["TT", "TC", "CT", "CC", "same", "other", "edge", "unclear"],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: false,
    source: "Sacks, Schegloff & Jefferson 1974 (the notion); 10 s: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Shortest lapse.
    min_secs: Secs,
    /// As for `aud.silence3`.
    room_tolerance_secs: Secs,
    /// Kinds of `txt.prompt` that wait for an answer.
    question_kinds: Vec<String>,
    /// The silence begins at most this long after the question's end: transcripts are not exact.
    question_slack_secs: Secs,
    /// Confidence where no transcript tells whether a question is pending, 0 to 1.
    blind_confidence: f32,
    /// Length in seconds as a strength.
    strength: Ramp,
    /// What speech is.
    vad: vad::Settings,
}

impl Marker for Lapse {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &["vad"]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let prompts: Vec<&Event> = input.earlier.iter().filter(|e| e.marker == "txt.prompt").collect();
        let sure = if prompts.is_empty() { settings.blind_confidence } else { 1.0 };
        let pending = |quiet: &Quiet| {
            let asked = prompts.iter().rfind(|p| p.span.start() < quiet.span.start());
            asked.is_some_and(|p| {
                let question = p.kind.as_ref().is_some_and(|kind| settings.question_kinds.contains(kind));
                let just = p.span.end().plus(settings.question_slack_secs.0) >= quiet.span.start();
                question && just && quiet.before.is_none_or(|who| who == p.who)
            })
        };
        let quiet = silences(input, settings.min_secs, settings.room_tolerance_secs, &settings.vad);
        let events = quiet.into_iter().filter(|quiet| !pending(quiet)).map(|quiet| {
            let secs = quiet.span.secs_f64() as f32;
            let event = Event::new(&CARD, Who::Room, quiet.span, secs).kind(quiet.kind);
            event.rated(settings.strength.strength(secs), quiet.confidence * sure)
        });
        Ok(events.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, find_with, frames, prompt};
    use super::super::vad::Vad;
    use super::*;

    #[test]
    fn ten_seconds_are_a_lapse() {
        let found = |secs: usize| find(&frames(&format!("CC{}TT", ".".repeat(secs)), 1000), &[&Vad, &Lapse], None);
        assert_eq!(events_ms(&found(10)), [(2000, 12_000, "room CT")]);
        assert_eq!(found(9), []);
    }

    #[test]
    fn an_open_question_makes_it_none() {
        let tracks = frames("TT...........TT", 1000);
        let found = |kind: &str| find_with(&tracks, &[&Vad, &Lapse], None, vec![prompt((0, 2000), kind)]);
        assert_eq!(found("open_question"), []);
        assert_eq!(events_ms(&found("information")), [(2000, 13_000, "room TT")]);
    }
}
