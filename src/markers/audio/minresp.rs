//! A very short answer to an invitation to explore.

use serde::Deserialize;

use super::super::exchange::{self, exchanges};
use super::super::{Card, Event, Input, Marker, MarkerError, Ramp, read, require};
use crate::time::Secs;
use crate::track::{Unit, Who};

/// ## What it sees
/// All that the client says until the therapist's next real turn is at most `strict_words` (or `loose_words`) words
/// and `max_speech_secs` of speech, and the prompt was one of `prompt_kinds`.
///
/// ## What it does not see
/// Short replies after reflections and closed questions are normal (48 to 63 % in good sessions, DOMAIN B.3) and never
/// counted. Without a transcript the words are guessed from the length of speech and every longer turn of the therapist
/// counts as a prompt: confidence is lower then. Where roles are not known it sees nothing.
pub struct MinimalResponse;

const CARD: Card = Card {
    id: "aud.minresp",
    section: "minresp",
    what: "The client answers an invitation to explore with very few words.",
    unit: Unit::Seconds,
    kinds: &["strict", "loose"],
    needs: &["speech"],
    after: &["aud.vad", "aud.turnlen"],
    reads_text: true,
    source: "3RS minimal response; 3 and 5 words, 2.0 s: base rates on AnnoMI (DOMAIN B.3).",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Kinds of `txt.prompt` after which a short reply is not normal.
    prompt_kinds: Vec<String>,
    /// Most words of a strict minimal response.
    strict_words: u32,
    /// Most words of a loose one.
    loose_words: u32,
    /// Most seconds of speech of either.
    max_speech_secs: Secs,
    /// Words per second of speech, to guess the words without a transcript.
    blind_words_per_sec: f64,
    /// Number of words as a strength.
    strength: Ramp,
    /// What an exchange is.
    exchange: exchange::Settings,
}

impl Marker for MinimalResponse {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn shared(&self) -> &'static [&'static str] {
        &[exchange::SECTION]
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let mut events = Vec::new();
        for exchange in exchanges(input.earlier, input.turns, &settings.exchange) {
            let asked = exchange.prompt_kind.as_ref().is_none_or(|kind| settings.prompt_kinds.contains(kind));
            let Some(reply) = exchange.reply.filter(|_| asked) else { continue };
            let secs = exchange.reply_speech_secs.unwrap_or(reply.secs_f64());
            // A voice without written words: the transcript left it out.
            let written = exchange.reply_words.filter(|&words| words > 0);
            let words = written.unwrap_or((secs * settings.blind_words_per_sec).ceil() as u32);
            if secs > settings.max_speech_secs.0.as_secs_f64() || words > settings.loose_words {
                continue;
            }
            let kind = if words <= settings.strict_words { "strict" } else { "loose" };
            let guessed = exchange.prompt_event.is_some() && written.is_none();
            let confidence = exchange.quality * if guessed { settings.exchange.blind_quality } else { 1.0 };
            let event = Event::new(&CARD, Who::Client, reply, secs as f32).kind(kind);
            let event = event.rated(settings.strength.strength(words as f32), confidence);
            events.push(Event { words: written, ..event });
        }
        events.sort_by_key(|e| e.span);
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backch::Backchannel;
    use super::super::picture::{events_ms, find, find_with, frames, frames_of, prompt, turn};
    use super::super::turnlen::TurnLength;
    use super::super::vad::Vad;
    use super::*;

    const MARKERS: [&dyn Marker; 4] = [&Vad, &Backchannel, &TurnLength, &MinimalResponse];

    /// A prompt of 2 s, a reply of 0.8 s after 0.5 s, 4 s silence, and the therapist goes on.
    const PICTURE: &str = "TTTTTTTTTTTTTTTTTTTT.....CCCCCCCC........................................TTTTTTTTTTTTTTT";

    fn with_text(kind: &str, reply: &str) -> Vec<(i64, i64, &'static str)> {
        let turns = [
            turn(Who::Therapist, (0, 2000), "What was that like for you?"),
            turn(Who::Client, (2000, 3500), reply),
            turn(Who::Therapist, (7000, 8800), "Let us look at something else."),
        ];
        let earlier = vec![prompt((0, 2000), kind), prompt((7000, 8800), "other")];
        events_ms(&find_with(&frames(PICTURE, 100), &MARKERS, Some(&turns), earlier))
    }

    #[test]
    fn few_words_after_an_open_question() {
        assert_eq!(with_text("open_question", "It was fine."), [(2500, 3300, "client strict")]);
        assert_eq!(with_text("open_question", "It was just quite fine."), [(2500, 3300, "client loose")]);
        assert_eq!(with_text("open_question", "It was fine I guess, really."), []);
    }

    #[test]
    fn a_short_yes_to_a_closed_question_is_normal() {
        assert_eq!(with_text("closed_question", "Yes."), []);
        assert_eq!(with_text("reflection", "Yes."), []);
    }

    #[test]
    fn without_a_transcript_the_length_decides_with_less_confidence() {
        let found = find(&frames(PICTURE, 100), &MARKERS, None);
        assert_eq!(events_ms(&found), [(2500, 3300, "client strict")]);
        assert_eq!(found[0].words, None);
        assert!(found[0].confidence <= 0.5);
    }

    #[test]
    fn a_client_who_goes_on_after_the_silence_gave_no_short_answer() {
        let picture =
            "TTTTTTTTTTTTTTTTTTTT.....CCCCCCCC....................................CCCCCCCCCCCCCCCCCC..TTTTTTTTTTTTTTT";
        assert_eq!(find(&frames(picture, 100), &MARKERS, None), []);
    }

    #[test]
    fn without_roles_it_is_off() {
        let tracks = frames_of(PICTURE, 100, Who::Speaker(1), Who::Speaker(2));
        assert_eq!(find(&tracks, &MARKERS, None), []);
    }
}
