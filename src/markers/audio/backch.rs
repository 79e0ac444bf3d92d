//! Short sounds of the listener.

use serde::Deserialize;

use super::super::exchange::words;
use super::super::{Card, Event, Input, Marker, MarkerError, read, require};
use super::floor::{Floor, Person};
use crate::time::{Secs, Span};
use crate::track::{Unit, Who};

/// ## What it sees
/// A stretch of speech of at most `max_secs`, with nothing of the same person near, that begins while somebody else
/// speaks or shortly after, and after which that somebody goes on (`goes_on_secs`). With a transcript the written
/// turn, if there is one, has at most `max_words` words.
///
/// ## What it does not see
/// Whether it means "go on" or "stop". A minimal answer looks the same: where a question is pending it is none, and a
/// short sound followed by silence is never one.
pub struct Backchannel;

const CARD: Card = Card {
    id: "aud.backch",
    section: "backch",
    what: "A short sound of the listener while the other goes on speaking.",
    unit: Unit::Seconds,
    kinds: &[],
    needs: &["speech"],
    after: &["aud.vad"],
    reads_text: true,
    source: "At most 1.0 s, inside or within 1 s of the partner's turn: DOMAIN B (Yngve 1970); isolation: judgement.",
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Longest backchannel.
    max_secs: Secs,
    /// It begins while the partner speaks or at most this long after.
    near_secs: Secs,
    /// The partner's next words come within this.
    goes_on_secs: Secs,
    /// No other speech of the same person this near.
    isolated_secs: Secs,
    /// Most words of a written turn that can be one.
    max_words: u32,
    /// Kinds of `txt.prompt` that wait for an answer.
    question_kinds: Vec<String>,
    /// What follows the end of a question within this answers it.
    question_pending_secs: Secs,
}

impl Marker for Backchannel {
    fn card(&self) -> &'static Card {
        &CARD
    }

    fn find(&self, input: &Input<'_>, settings: &toml::Table) -> Result<Vec<Event>, MarkerError> {
        let settings: Settings = read(&CARD, settings)?;
        require(&CARD, input.tracks)?;
        let floor = Floor::read(input.earlier, input.session);
        let questions: Vec<&Event> = input
            .earlier
            .iter()
            .filter(|e| e.marker == "txt.prompt")
            .filter(|e| e.kind.as_ref().is_some_and(|kind| settings.question_kinds.contains(kind)))
            .collect();
        let mut events = Vec::new();
        for person in &floor.people {
            for (index, stretch) in person.speech.iter().enumerate() {
                let span = stretch.span;
                let pending = questions.iter().any(|q| {
                    q.who != person.who
                        && q.span.end() <= span.end()
                        && q.span.end() >= span.start().minus(settings.question_pending_secs.0)
                });
                let others = || floor.people.iter().filter(|other| other.who != person.who);
                let is_one = span.length() <= settings.max_secs.0
                    && !pending
                    && alone(person, index, &settings)
                    && others().any(|other| goes_on(other, span, &settings))
                    && few_words(input, person.who, span, &settings);
                if is_one {
                    let event = Event::new(&CARD, person.who, span, span.secs_f64() as f32);
                    events.push(event.rated(1.0, stretch.confidence));
                }
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        Ok(events)
    }
}

/// Nothing else of the same person is near.
fn alone(person: &Person, index: usize, settings: &Settings) -> bool {
    let span = person.speech[index].span.widened(settings.isolated_secs.0, settings.isolated_secs.0);
    let near =
        |at: Option<usize>| at.and_then(|at| person.speech.get(at)).is_some_and(|s| s.span.overlap(span).is_some());
    !near(index.checked_sub(1)) && !near(Some(index + 1))
}

/// The other was speaking when it began, or shortly before, and speaks when it ends, or shortly after.
fn goes_on(other: &Person, span: Span, settings: &Settings) -> bool {
    let until = other.speech.partition_point(|s| s.span.start() < span.start());
    let spoke = until
        .checked_sub(1)
        .and_then(|at| other.speech.get(at))
        .is_some_and(|s| s.span.end().plus(settings.near_secs.0) >= span.start());
    let after = other.speech.partition_point(|s| s.span.end() <= span.end());
    let speaks = other.speech.get(after).is_some_and(|s| s.span.start() <= span.end().plus(settings.goes_on_secs.0));
    spoke && speaks
}

/// The written turn that it is the voice of is short; many transcripts leave such sounds out, which counts as short.
fn few_words(input: &Input<'_>, who: Who, span: Span, settings: &Settings) -> bool {
    let written = input.turns.into_iter().flatten().filter(|t| t.who == who && t.span.overlap(span).is_some());
    let nearest = written.max_by_key(|t| t.span.overlap(span).map(Span::length));
    nearest.is_none_or(|turn| words(&turn.text) <= settings.max_words)
}

#[cfg(test)]
mod tests {
    use super::super::picture::{events_ms, find, find_with, frames, prompt, turn};
    use super::super::vad::Vad;
    use super::*;

    /// One character per 100 ms.
    fn check(picture: &str, expect: &[(i64, i64, &str)]) {
        assert_eq!(events_ms(&find(&frames(picture, 100), &[&Vad, &Backchannel], None)), expect, "{picture}");
    }

    #[test]
    fn a_short_sound_inside_the_partners_turn() {
        check("TTTTTTTTTTTBBBBTTTTTTTTTTT", &[(1100, 1500, "client")]);
    }

    #[test]
    fn a_short_sound_in_a_pause_of_the_partner() {
        check("TTTTTTTTTTT..CCC..TTTTTTTT", &[(1300, 1600, "client")]);
    }

    #[test]
    fn a_short_answer_and_then_silence_is_none() {
        check("TTTTTTTTTTT..CCC.................TTTTTTTT", &[]);
    }

    #[test]
    fn a_long_one_is_speech() {
        check("TTTTTTTTTTTBBBBBBBBBBBTTTTTTTTTTT", &[]);
        check("TTTTTTTTTTTBBBBBBBBBBTTTTTTTTTTTT", &[(1100, 2100, "client")]);
    }

    #[test]
    fn a_sound_near_own_speech_is_part_of_it() {
        check("CCCCCC...TTTTTTTTBBBTTTTTTTTTTTTTT", &[(1700, 2000, "client")]);
        check("CCCCCC..TTTTTBBBTTTTTTTTTTTTTT", &[]);
    }

    #[test]
    fn an_answer_to_a_question_is_none() {
        let tracks = frames("TTTTTTTTTTT..CCC..TTTTTTTT", 100);
        let found = |earlier| find_with(&tracks, &[&Vad, &Backchannel], None, earlier).len();
        assert_eq!(found(vec![prompt((0, 1100), "closed_question")]), 0);
        assert_eq!(found(vec![prompt((0, 1100), "information")]), 1);
    }

    #[test]
    fn many_words_are_none() {
        let tracks = frames("TTTTTTTTTTT..CCC..TTTTTTTT", 100);
        let found =
            |text: &str| find(&tracks, &[&Vad, &Backchannel], Some(&[turn(Who::Client, (1000, 2000), text)])).len();
        assert_eq!(found("yes, I see"), 1);
        assert_eq!(found("no, that is not it"), 0);
    }
}
