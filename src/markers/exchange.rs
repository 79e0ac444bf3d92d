//! A prompt of the therapist with what the client made of it: the unit in which episodes are counted (DOMAIN 1, C.1).

use serde::Deserialize;

use super::{Event, EventId, SpokenTurn};
use crate::time::{Secs, SessionTime, Span};
use crate::track::Who;

/// Name of the section that holds [`Settings`] in `config/markers/audio.toml`.
pub const SECTION: &str = "exchange";

/// What counts as a prompt and where the reply to it ends; section `[exchange]` of `config/markers/audio.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Kinds of `txt.prompt` that invite the client to explore.
    pub exploring_kinds: Vec<String>,
    /// The therapist's turns from this length on end a reply (together with `turn_min_words`).
    pub turn_min_secs: Secs,
    /// The therapist's turns from this many words on end a reply (together with `turn_min_secs`).
    pub turn_min_words: u32,
    /// Two of the therapist's turns closer than this, with nothing of the client between, are one prompt.
    pub merge_below_secs: Secs,
    /// Without a transcript, turns of the therapist from this length on are prompts.
    pub blind_prompt_min_secs: Secs,
    /// Quality of an exchange whose prompt's kind is not known, times that of the measurement; 0 to 1.
    pub blind_quality: f32,
    /// Nothing later than this after the prompt's end belongs to the reply.
    pub reply_max_secs: Secs,
    /// What the client says inside the prompt and ends earlier than this before the prompt's end is no reply.
    pub early_end_secs: Secs,
}

/// One prompt and the reply to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The therapist's turn.
    pub prompt: Span,
    /// The `txt.prompt` event it was taken from (the last exploring one if several were joined); `None` if the
    /// prompt was found by voice alone.
    pub prompt_event: Option<EventId>,
    /// Its kind, as `txt.prompt` has it; `None` if the prompt was found by voice alone.
    pub prompt_kind: Option<String>,
    /// Whether it invites the client to explore. Where the kind is not known every prompt counts, with lower quality.
    pub exploring: bool,
    /// From the client's first to last word after the prompt; `None` if the client said nothing.
    pub reply: Option<Span>,
    /// RESP of DOMAIN 1: from the prompt's end to the therapist's next real turn, at most 30 s.
    pub resp: Span,
    /// Words of the client's turns that begin in this exchange (0 = none); `None` without a transcript.
    pub reply_words: Option<u32>,
    /// Seconds the client spoke in the reply, holes left out; `None` if the client's voice was not measured.
    pub reply_speech_secs: Option<f64>,
    /// Seconds from the prompt's end to the reply's start; negative if the client began earlier. `None` without reply.
    pub latency_secs: Option<f64>,
    /// How sure all this is, 0 to 1: the prompt's confidence times the share of RESP in which the client's voice was
    /// measured.
    pub quality: f32,
}

/// A prompt before its reply is known.
struct Prompt {
    span: Span,
    event: Option<EventId>,
    kind: Option<String>,
    exploring: bool,
    quality: f32,
}

/// All exchanges in order of start. Reads `txt.prompt`, `aud.vad` and `aud.turnlen` from `events` (in order of start);
/// words come from `turns`. Where nobody is known to be the therapist there are none.
///
/// Kept simple on purpose: a reply is everything the client says until the therapist's next real turn, so that a
/// thoughtful silence after which the client goes on does not turn the first words into a short reply.
pub fn exchanges(events: &[Event], turns: Option<&[SpokenTurn]>, settings: &Settings) -> Vec<Exchange> {
    let client_speech = of(events, "aud.vad", Who::Client, Some("speech"));
    let mut prompts = prompts_by_text(events, turns, settings);
    if prompts.is_empty() {
        prompts = prompts_by_voice(events, turns, settings);
    }
    let prompts = merged(prompts, &client_speech, turns, settings);
    let known_end =
        events.iter().map(|e| e.span).chain(turns.into_iter().flatten().map(|t| t.span)).map(Span::end).max();
    let real_turns = real_turns_by_voice(events, settings);

    let mut found = Vec::with_capacity(prompts.len());
    for (index, prompt) in prompts.iter().enumerate() {
        let next = prompts.get(index + 1).map(|p| p.span.start());
        let next_voice = real_turns.iter().copied().find(|&start| start >= prompt.span.end());
        let limit = prompt.span.end().plus(settings.reply_max_secs.0);
        // By text, the therapist's next turn is the next prompt: every real turn is one.
        let end = if prompt.event.is_some() { next } else { [next, next_voice].into_iter().flatten().min() };
        let end = [end, known_end].into_iter().flatten().fold(limit, SessionTime::min);
        let one_ms = prompt.span.end().shifted(SessionTime::from_millis(1));
        let Some(resp) = Span::new(prompt.span.end(), end.max(one_ms)) else { continue };
        found.push(exchange(prompt, resp, next, events, &client_speech, turns, settings));
    }
    found
}

fn exchange(
    prompt: &Prompt,
    resp: Span,
    next: Option<SessionTime>,
    events: &[Event],
    client_speech: &[Span],
    turns: Option<&[SpokenTurn]>,
    settings: &Settings,
) -> Exchange {
    let too_early = prompt.span.end().minus(settings.early_end_secs.0);
    // By voice: what reaches past the prompt. By text, whose times may be whole seconds: what starts after it started.
    let said: Vec<Span> = client_speech
        .iter()
        .copied()
        .filter(|s| s.start() >= prompt.span.start() && s.start() < resp.end() && s.end() > prompt.span.end())
        .collect();
    let written: Vec<&SpokenTurn> = turns
        .into_iter()
        .flatten()
        .filter(|t| t.who == Who::Client && t.span.start() >= prompt.span.start() && t.span.start() < resp.end())
        .filter(|t| next.is_none_or(|next| t.span.start() < next) && t.span.end() > too_early)
        .collect();
    let measured = events.iter().any(|e| e.marker == "aud.vad" && e.who == Who::Client);
    let spans: Vec<Span> = if measured { said.clone() } else { written.iter().map(|t| t.span).collect() };
    let reply = spans.iter().copied().reduce(Span::hull);
    let unknown: f64 = of(events, "aud.vad", Who::Client, Some("unknown"))
        .into_iter()
        .filter_map(|s| s.overlap(resp))
        .map(Span::secs_f64)
        .sum();
    let known_share = (1.0 - unknown / resp.secs_f64()).clamp(0.0, 1.0) as f32;
    Exchange {
        prompt: prompt.span,
        prompt_event: prompt.event,
        prompt_kind: prompt.kind.clone(),
        exploring: prompt.exploring,
        reply,
        resp,
        reply_words: turns.map(|_| written.iter().map(|t| words(&t.text)).sum()),
        reply_speech_secs: measured.then(|| said.iter().map(|s| s.secs_f64()).sum()),
        latency_secs: reply.map(|r| r.start().secs_after(prompt.span.end())),
        quality: prompt.quality * known_share,
    }
}

/// Number of words: runs without white space that hold a letter or digit, as in `transcript::Turn::words`.
pub(crate) fn words(text: &str) -> u32 {
    let count = text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Spans of one marker's events about one person (and of one kind).
fn of(events: &[Event], marker: &str, who: Who, kind: Option<&str>) -> Vec<Span> {
    events
        .iter()
        .filter(|e| e.marker == marker && e.who == who && (kind.is_none() || e.kind.as_deref() == kind))
        .map(|e| e.span)
        .collect()
}

fn prompts_by_text(events: &[Event], turns: Option<&[SpokenTurn]>, settings: &Settings) -> Vec<Prompt> {
    let speech = of(events, "aud.vad", Who::Therapist, Some("speech"));
    events
        .iter()
        .filter(|e| e.marker == "txt.prompt" && e.who == Who::Therapist)
        .filter_map(|event| {
            let exploring = event.kind.as_ref().is_some_and(|kind| settings.exploring_kinds.contains(kind));
            let written = turns.into_iter().flatten().find(|t| t.who == event.who && t.span == event.span);
            let words = event.words.or(written.map(|t| words(&t.text)));
            let real =
                words.is_none_or(|w| w >= settings.turn_min_words) && event.span.length() >= settings.turn_min_secs.0;
            (exploring || real).then(|| Prompt {
                span: by_voice(event.span, &speech),
                event: Some(event.id),
                kind: event.kind.clone(),
                exploring,
                quality: event.confidence,
            })
        })
        .collect()
}

/// The written turn moved to the speech it stands for: all stretches that lie inside it by more than half. Transcript
/// times can be a second off; those of the voice are not.
fn by_voice(written: Span, speech: &[Span]) -> Span {
    speech
        .iter()
        .copied()
        .filter(|s| s.overlap(written).is_some_and(|both| 2.0 * both.secs_f64() > s.secs_f64()))
        .reduce(Span::hull)
        .unwrap_or(written)
}

fn prompts_by_voice(events: &[Event], turns: Option<&[SpokenTurn]>, settings: &Settings) -> Vec<Prompt> {
    events
        .iter()
        .filter(|e| e.marker == "aud.turnlen" && e.who == Who::Therapist)
        .filter(|e| e.span.length() >= settings.blind_prompt_min_secs.0)
        .filter(|e| turns.is_none() || e.words.is_none_or(|w| w >= settings.turn_min_words))
        .map(|event| Prompt {
            span: event.span,
            event: None,
            kind: None,
            exploring: true,
            quality: event.confidence * settings.blind_quality,
        })
        .collect()
}

/// Starts of the therapist's turns that are long enough to end a reply.
fn real_turns_by_voice(events: &[Event], settings: &Settings) -> Vec<SessionTime> {
    events
        .iter()
        .filter(|e| e.marker == "aud.turnlen" && e.who == Who::Therapist)
        .filter(|e| e.span.length() >= settings.turn_min_secs.0)
        .filter(|e| e.words.is_none_or(|w| w >= settings.turn_min_words))
        .map(|e| e.span.start())
        .collect()
}

/// Joins prompts that follow each other closely with nothing of the client between: subtitles cut one turn into many.
fn merged(
    prompts: Vec<Prompt>,
    client_speech: &[Span],
    turns: Option<&[SpokenTurn]>,
    settings: &Settings,
) -> Vec<Prompt> {
    let client_turns = turns.into_iter().flatten().filter(|t| t.who == Who::Client).map(|t| t.span);
    let client: Vec<Span> = if client_speech.is_empty() { client_turns.collect() } else { client_speech.to_vec() };
    let mut joined: Vec<Prompt> = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        let Some(last) = joined.last_mut() else {
            joined.push(prompt);
            continue;
        };
        let close = prompt.span.start().secs_after(last.span.end()) < settings.merge_below_secs.0.as_secs_f64();
        let spoke = client.iter().any(|c| c.end() > last.span.end() && c.start() < prompt.span.start());
        if !close || spoke {
            joined.push(prompt);
            continue;
        }
        last.span = last.span.hull(prompt.span);
        last.quality = last.quality.min(prompt.quality);
        if prompt.exploring || !last.exploring {
            (last.event, last.kind, last.exploring) = (prompt.event, prompt.kind, prompt.exploring);
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::super::Marker;
    use super::super::audio::backch::Backchannel;
    use super::super::audio::picture::{find_with, frames, frames_of, prompt, settings, turn};
    use super::super::audio::turnlen::TurnLength;
    use super::super::audio::vad::Vad;
    use super::*;
    use crate::track::Tracks;

    /// Exchanges of a session, with what `txt.prompt` saw.
    fn found(tracks: Option<&Tracks>, turns: Option<&[SpokenTurn]>, prompts: &[Event]) -> Vec<Exchange> {
        let mut events = prompts.to_vec();
        if let Some(tracks) = tracks {
            let markers: [&dyn Marker; 3] = [&Vad, &Backchannel, &TurnLength];
            for count in 1..=markers.len() {
                events.extend(find_with(tracks, &markers[..count], turns, prompts.to_vec()));
            }
        }
        events.sort_by_key(|e| (e.span, e.who));
        let settings: Settings = settings()[SECTION].clone().try_into().unwrap();
        exchanges(&events, turns, &settings)
    }

    fn ms(span: Span) -> (i64, i64) {
        (span.start().millis(), span.end().millis())
    }

    #[test]
    fn a_reply_lasts_to_the_next_real_turn() {
        // Prompt 0-2, reply 3-4 and 7-8, "mhm" of the therapist at 5, next turn at 9.
        let picture =
            [("T", 20), (".", 10), ("C", 10), (".", 10), ("T", 4), (".", 16), ("C", 10), (".", 10), ("T", 20)];
        let picture: String = picture.iter().map(|(who, tenths)| who.repeat(*tenths)).collect();
        let tracks = frames(&picture, 100);
        let turns = [
            turn(Who::Therapist, (0, 2000), "How was that for you?"),
            turn(Who::Client, (3000, 4000), "Well, hard."),
            turn(Who::Therapist, (5000, 5400), "Mhm."),
            turn(Who::Client, (7000, 8000), "And then I left."),
            turn(Who::Therapist, (9000, 11_000), "You left the room."),
        ];
        let prompts =
            [prompt((0, 2000), "open_question"), prompt((5000, 5400), "other"), prompt((9000, 11_000), "reflection")];
        let found = found(Some(&tracks), Some(&turns), &prompts);
        assert_eq!(found.len(), 2);
        let first = &found[0];
        assert_eq!(
            (ms(first.prompt), ms(first.resp), ms(first.reply.unwrap())),
            ((0, 2000), (2000, 9000), (3000, 8000))
        );
        assert_eq!(
            (first.reply_words, first.exploring, first.prompt_kind.as_deref()),
            (Some(6), true, Some("open_question"))
        );
        assert!(
            (first.latency_secs.unwrap() - 1.0).abs() < 1e-9 && (first.reply_speech_secs.unwrap() - 2.0).abs() < 1e-6
        );
        assert!(!found[1].exploring && found[1].reply.is_none() && found[1].reply_words == Some(0));
    }

    #[test]
    fn nothing_later_than_half_a_minute_belongs_to_the_reply() {
        let picture = format!("{}{}{}", "T".repeat(30), ".".repeat(400), "C".repeat(20));
        let found = found(Some(&frames(&picture, 100)), None, &[]);
        assert_eq!(ms(found[0].resp), (3000, 33_000));
        assert_eq!(found[0].reply, None);
    }

    #[test]
    fn an_answer_that_starts_early_counts() {
        let found = found(Some(&frames("TTTTTTTTTTTTTTTTTTTBBCCCCCCCCCCCCCCCC", 100)), None, &[]);
        assert!((found[0].latency_secs.unwrap() + 0.2).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn with_a_transcript_alone_words_and_times_are_those_written() {
        let turns = [
            turn(Who::Therapist, (0, 2000), "How was that for you?"),
            turn(Who::Client, (2000, 4000), "I do not know."),
            turn(Who::Therapist, (9000, 11_000), "Say a little more."),
        ];
        let found = found(
            None,
            Some(&turns),
            &[prompt((0, 2000), "open_question"), prompt((9000, 11_000), "request_to_explore")],
        );
        assert_eq!(found.len(), 2);
        assert_eq!((ms(found[0].reply.unwrap()), found[0].reply_words), ((2000, 4000), Some(4)));
        assert_eq!(found[0].reply_speech_secs, None);
    }

    #[test]
    fn subtitles_of_one_turn_are_one_prompt() {
        let prompts =
            [prompt((0, 2000), "open_question"), prompt((2100, 4000), "other"), prompt((9000, 11_000), "other")];
        let turns = [
            turn(Who::Therapist, (0, 2000), "How was that for you?"),
            turn(Who::Therapist, (2100, 4000), "I mean on that day."),
            turn(Who::Client, (5000, 6000), "Fine."),
            turn(Who::Therapist, (9000, 11_000), "Let us look at it."),
        ];
        let found = found(None, Some(&turns), &prompts);
        assert_eq!((found.len(), ms(found[0].prompt), found[0].exploring), (2, (0, 4000), true));
        assert_eq!(found[0].prompt_kind.as_deref(), Some("open_question"));
    }

    #[test]
    fn without_a_therapist_there_is_none() {
        let tracks = frames_of("CCCCCCCCCCCCCCCCCCCC...TTTTTTTTTTTT", 100, Who::Speaker(1), Who::Speaker(2));
        assert_eq!(found(Some(&tracks), None, &[]), []);
        assert_eq!(found(None, None, &[]), []);
    }
}
